package ilink

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"
	"sync"
)

// UploadOptions says what is uploaded and for whom.
type UploadOptions struct {
	// FileName is the name that a file attachment shows. It ends up in
	// [CDNMedia].FileName, from where sending takes it.
	FileName string
	// MediaType is one of the UploadMediaType constants; 0 means an image.
	MediaType int
	// ToUserID is the receiver.
	ToUserID string
	// ThumbData is the thumbnail of an image or a video; it is uploaded beside it.
	// If the server gives no place for it, the upload fails with [ErrMedia]: try
	// again without it.
	ThumbData []byte
	// NoThumb says that there shall be no thumbnail, whatever ThumbData has.
	NoThumb bool
}

// UploadMedia encrypts data with a fresh key and uploads it; see [Client.Upload].
func (c *Client) UploadMedia(ctx context.Context, data []byte, opts *UploadOptions) (*CDNMedia, error) {
	return c.Upload(ctx, bytes.NewReader(data), opts)
}

// Upload reads src twice: once for its size and MD5, and once to encrypt it on
// its way to the CDN. Memory use doesn't depend on the size. The result goes
// into an item, such as
//
//	ilink.Item{Type: ilink.ItemTypeImage, Image: &ilink.ImageItem{Media: media}}
//
// Files over [MaxMediaSize] are an [ErrMedia], and so is one that changes between
// the two reads. src is not read any more once Upload has returned. Protocol §5.
func (c *Client) Upload(ctx context.Context, src io.ReadSeeker, opts *UploadOptions) (*CDNMedia, error) {
	if opts == nil {
		opts = &UploadOptions{}
	}
	kind := opts.MediaType
	if kind == 0 {
		kind = UploadMediaTypeImage
	}
	main, err := measure(src)
	if err != nil {
		return nil, err
	}
	var key [16]byte
	rand.Read(key[:])
	var name [16]byte
	rand.Read(name[:])

	req := uploadURLRequest{
		FileKey: hex.EncodeToString(name[:]), MediaType: kind, ToUserID: opts.ToUserID,
		RawSize: main.size, RawFileMD5: main.md5, FileSize: encryptedSize(main.size),
		AESKey: hex.EncodeToString(key[:]), BaseInfo: c.baseInfo(),
	}
	var thumb part
	withThumb := len(opts.ThumbData) > 0 && !opts.NoThumb && (kind == UploadMediaTypeImage || kind == UploadMediaTypeVideo)
	if withThumb {
		if thumb, err = measure(bytes.NewReader(opts.ThumbData)); err != nil {
			return nil, err
		}
		req.ThumbRawSize, req.ThumbRawFileMD5, req.ThumbFileSize = thumb.size, thumb.md5, encryptedSize(thumb.size)
	} else {
		req.NoNeedThumb = true
	}
	var resp struct {
		status
		UploadParam      string `json:"upload_param"`
		ThumbUploadParam string `json:"thumb_upload_param"`
		UploadFullURL    string `json:"upload_full_url"`
	}
	secrets := append(keyForms(key[:]), req.FileKey)
	if err := c.call(ctx, "getuploadurl", "/ilink/bot/getuploadurl", req, &resp, apiTimeout, false, secrets...); err != nil {
		return nil, err
	}

	target := strings.TrimSpace(resp.UploadFullURL)
	if target == "" && resp.UploadParam != "" {
		target = c.uploadURL(resp.UploadParam, req.FileKey)
	}
	if target == "" {
		return nil, errors.New("ilink: getuploadurl: the answer names no place to upload to")
	}
	if withThumb && resp.ThumbUploadParam == "" {
		return nil, fmt.Errorf("%w: getuploadurl: the server gave no place for the thumbnail, upload without one", ErrMedia)
	}
	secrets = append(append(secrets, resp.UploadParam, resp.ThumbUploadParam), urlSecrets(target)...)
	red := c.red.and(secrets...)
	media, err := c.put(ctx, target, main, key[:], red)
	if err != nil {
		return nil, err
	}
	media.FileName = opts.FileName
	if withThumb {
		if media.Thumb, err = c.put(ctx, c.uploadURL(resp.ThumbUploadParam, req.FileKey), thumb, key[:], red); err != nil {
			return nil, err
		}
	}
	return media, nil
}

type uploadURLRequest struct {
	FileKey         string   `json:"filekey"`
	MediaType       int      `json:"media_type"`
	ToUserID        string   `json:"to_user_id"`
	RawSize         int64    `json:"rawsize"`
	RawFileMD5      string   `json:"rawfilemd5"`
	FileSize        int64    `json:"filesize"`
	ThumbRawSize    int64    `json:"thumb_rawsize,omitempty"`
	ThumbRawFileMD5 string   `json:"thumb_rawfilemd5,omitempty"`
	ThumbFileSize   int64    `json:"thumb_filesize,omitempty"`
	NoNeedThumb     bool     `json:"no_need_thumb,omitempty"`
	AESKey          string   `json:"aeskey"`
	BaseInfo        baseInfo `json:"base_info"`
}

// part is a file that was read once.
type part struct {
	src  io.ReadSeeker
	size int64
	md5  string
}

func measure(src io.ReadSeeker) (part, error) {
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return part{}, fmt.Errorf("ilink: upload: rewind the file: %w", err)
	}
	sum := md5.New()
	n, err := io.Copy(sum, io.LimitReader(src, MaxMediaSize+1))
	if err != nil {
		return part{}, fmt.Errorf("ilink: upload: read the file: %w", err)
	}
	if n > MaxMediaSize {
		return part{}, errTooLarge()
	}
	return part{src: src, size: n, md5: hex.EncodeToString(sum.Sum(nil))}, nil
}

func (c *Client) uploadURL(param, fileKey string) string {
	return queryURL(c.cdn, "/upload", "encrypted_query_param", param, "filekey", fileKey)
}

// put sends a file to the CDN, with retries.
func (c *Client) put(ctx context.Context, target string, p part, key []byte, red *redactor) (*CDNMedia, error) {
	var param string
	err := c.retryCDN(ctx, "cdn upload", func(ctx context.Context) (err error) {
		param, err = c.putOnce(ctx, target, p, key, red)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &CDNMedia{
		EncryptQueryParam: param, AESKey: base64OfHex(key), EncryptType: 1,
		RawSize: p.size, EncryptedSize: encryptedSize(p.size), MD5: p.md5,
	}, nil
}

func (c *Client) putOnce(ctx context.Context, target string, p part, key []byte, red *redactor) (string, error) {
	const op = "cdn upload"
	if _, err := p.src.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("ilink: upload: rewind the file: %w", err)
	}
	ctx, guard := newStallGuard(ctx, cdnStall)
	defer guard.stop()
	body, err := newUploadBody(p, key, guard)
	if err != nil {
		return "", err
	}
	defer body.end()
	// POST: the real CDN answers PUT with 404.
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, body)
	if err != nil {
		return "", errors.New("ilink: cdn upload: the address to upload to is not a URL")
	}
	req.ContentLength = encryptedSize(p.size)
	req.Header.Set("Content-Type", "application/octet-stream")
	resp, err := c.http.Do(req)
	if err != nil {
		if fileErr := body.end(); fileErr != nil {
			return "", fileErr
		}
		return "", guard.explain(newRequestError(op, c.http, req, err, red))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", cdnStatusError(op, resp, red)
	}
	param := resp.Header.Get("x-encrypted-param")
	if param == "" {
		detail := "the answer has no x-encrypted-param"
		if why := resp.Header.Get("x-error-message"); why != "" {
			detail += ": " + red.text(why)
		}
		return "", &TransportError{Op: op, Kind: FailureNotJSON, Status: 200, Detail: detail}
	}
	return param, nil
}

// uploadBody is the ciphertext of a file, for one request. net/http may go on
// reading it, on a goroutine of its own, when the request has failed already;
// end makes sure that the file isn't touched any more, so that it can be read
// again or closed.
type uploadBody struct {
	mu     sync.Mutex
	cipher io.Reader
	file   *measuredFile
	ended  bool
}

func newUploadBody(p part, key []byte, guard *stallGuard) (*uploadBody, error) {
	file := &measuredFile{part: p, left: p.size, sum: md5.New()}
	cipher, err := newEncrypter(file, key)
	if err != nil {
		return nil, err
	}
	return &uploadBody{cipher: guard.outgoing(cipher), file: file}, nil
}

func (b *uploadBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return 0, errors.New("the upload is over")
	}
	return b.cipher.Read(p)
}

// end returns what was wrong with the file, as opposed to the network.
func (b *uploadBody) end() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	return b.file.err
}

// measuredFile reads a file a second time and fails, before its end is reached,
// if it isn't what it was the first time: size and MD5 were announced.
type measuredFile struct {
	part
	left int64
	sum  hash.Hash
	err  error
}

func (f *measuredFile) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	if f.left == 0 {
		if hex.EncodeToString(f.sum.Sum(nil)) != f.md5 {
			return 0, f.fail(fmt.Errorf("%w: the file changed while it was sent", ErrMedia))
		}
		return 0, io.EOF
	}
	n, err := f.src.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	f.sum.Write(p[:n])
	switch {
	case errors.Is(err, io.EOF) && f.left > 0:
		return 0, f.fail(fmt.Errorf("%w: the file got shorter while it was sent", ErrMedia))
	case err != nil && !errors.Is(err, io.EOF):
		return 0, f.fail(fmt.Errorf("ilink: upload: read the file: %w", err))
	}
	return n, nil
}

func (f *measuredFile) fail(err error) error {
	f.err = err
	return err
}
