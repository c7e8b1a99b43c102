package ilink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Download opens a media file and decrypts it while it is read. The caller
// closes it. A wrong key or damaged ciphertext shows as an [ErrMedia] from Read,
// at the end at the latest; so does a file over [MaxMediaSize]. An image without
// any key is plain on the CDN (protocol §5) and read as it is; other media without
// one are an [ErrMedia]. That it is an image is known of what [Item.Media] returns
// and of what a received image refers to.
func (c *Client) Download(ctx context.Context, media *CDNMedia) (io.ReadCloser, error) {
	if media == nil {
		return nil, fmt.Errorf("%w: the item has no media", ErrMedia)
	}
	from := media.FullURL
	if from == "" {
		if media.EncryptQueryParam == "" {
			return nil, fmt.Errorf("%w: it names no place to download from", ErrMedia)
		}
		from = downloadURL(c.cdn, media.EncryptQueryParam)
	}
	var body io.ReadCloser
	err := c.retryCDN(ctx, "cdn download", func(ctx context.Context) (err error) {
		body, err = openDownload(ctx, c.http, from, media, c.red.and(append(media.secrets(), urlSecrets(from)...)...))
		return err
	})
	return body, err
}

func downloadURL(cdn, param string) string {
	return queryURL(cdn, "/download", "encrypted_query_param", param)
}

// openDownload makes one request and returns a reader of the plaintext.
func openDownload(ctx context.Context, hc *http.Client, from string, media *CDNMedia, red *redactor) (io.ReadCloser, error) {
	const op = "cdn download"
	key, err := media.key()
	if err != nil {
		return nil, err
	}
	ctx, guard := newStallGuard(ctx, cdnStall)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		guard.stop()
		return nil, fmt.Errorf("%w: the address to download from is not a URL", ErrMedia)
	}
	resp, err := hc.Do(req)
	if err != nil {
		guard.stop()
		return nil, guard.explain(newRequestError(op, hc, req, err, red))
	}
	if resp.StatusCode != http.StatusOK {
		defer guard.stop()
		defer resp.Body.Close()
		return nil, cdnStatusError(op, resp, red)
	}
	// Headers are here; from now on the guard counts while somebody reads.
	guard.disarm()
	d := &download{body: resp.Body, guard: guard, red: red, left: MaxMediaSize}
	if key != nil {
		d.left = encryptedSize(MaxMediaSize)
	}
	if resp.ContentLength > d.left {
		d.Close()
		return nil, errTooLarge()
	}
	d.plain = d.limited()
	if key != nil {
		if d.plain, err = newDecrypter(d.limited(), key); err != nil {
			d.Close()
			return nil, err
		}
	}
	return d, nil
}

// download is an open download: HTTP body → guard → limit → decrypter.
type download struct {
	body  io.ReadCloser
	guard *stallGuard
	red   *redactor
	left  int64
	plain io.Reader
}

func (d *download) Read(p []byte) (int, error) { return d.plain.Read(p) }

func (d *download) Close() error {
	d.guard.stop()
	return d.body.Close()
}

// limited reads the body up to the limit and puts its errors into ours.
func (d *download) limited() io.Reader {
	body := d.guard.incoming(d.body)
	return readerFunc(func(p []byte) (int, error) {
		n, err := body.Read(p)
		if d.left -= int64(n); d.left < 0 {
			return 0, errTooLarge()
		}
		if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return n, d.guard.explain(newNetError("cdn download", err, d.red))
		}
		return n, err
	})
}

func errTooLarge() error {
	return fmt.Errorf("%w: the file is over %d MiB", ErrMedia, MaxMediaSize>>20)
}

// DecryptMedia decrypts what was downloaded, with the key of item. A received image
// without a key is plain, and its bytes are returned as they are; for other media
// that is an [ErrMedia], and so are a key of the wrong form, ciphertext that isn't
// whole blocks and wrong padding.
func DecryptMedia(item *CDNMedia, ciphertext []byte) ([]byte, error) {
	if item == nil {
		return nil, fmt.Errorf("%w: the item has no media", ErrMedia)
	}
	key, err := item.key()
	if err != nil {
		return nil, err
	}
	if key == nil {
		return bytes.Clone(ciphertext), nil
	}
	r, err := newDecrypter(bytes.NewReader(ciphertext), key)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// DownloadAndDecrypt fetches a media file and decrypts it with the key of item.
// cdnURL is item.FullURL, or a URL made of the CDN's base and
// item.EncryptQueryParam; if it is empty the default CDN is asked. The short
// form <base>?<EncryptQueryParam>, which older documents name, is put right. For
// files that may be large see [Client.Download].
func DownloadAndDecrypt(ctx context.Context, cdnURL string, item *CDNMedia) ([]byte, error) {
	if item == nil {
		return nil, fmt.Errorf("%w: the item has no media", ErrMedia)
	}
	if base, query, found := strings.Cut(cdnURL, "?"); found && item.EncryptQueryParam != "" &&
		(query == item.EncryptQueryParam || query == url.QueryEscape(item.EncryptQueryParam)) {
		cdnURL = downloadURL(base, item.EncryptQueryParam)
	}
	m := *item
	if cdnURL != "" {
		m.FullURL = cdnURL
	}
	body, err := NewClient(Token{}).Download(ctx, &m)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}
