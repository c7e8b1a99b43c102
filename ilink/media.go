package ilink

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Kinds of an upload (protocol §5).
const (
	UploadMediaTypeImage = 1
	UploadMediaTypeVideo = 2
	UploadMediaTypeFile  = 3
	UploadMediaTypeVoice = 4
)

const (
	// MaxMediaSize is the largest file that is sent or fetched, in bytes of
	// plaintext.
	MaxMediaSize = 100 << 20

	// cdnTries is how often a transfer is tried; a 4xx answer is final.
	cdnTries = 3
	// cdnStall ends a transfer in which nothing moved for so long.
	cdnStall = 60 * time.Second
	// cdnPause is what lies between two tries, times how many there were.
	cdnPause = time.Second
)

// secrets are what of a reference must not be seen in an error: whoever has them
// can read the file.
func (m *CDNMedia) secrets() []string {
	secrets := []string{m.AESKey, m.EncryptQueryParam}
	if key, err := parseKey(m.AESKey); err == nil {
		secrets = append(secrets, keyForms(key)...)
	}
	return append(secrets, urlSecrets(m.FullURL)...)
}

// urlSecrets are a URL's user, query and fragment, and the values in the query.
func urlSecrets(text string) []string {
	u, err := url.Parse(text)
	if err != nil {
		return []string{text}
	}
	secrets := []string{u.RawQuery, u.Fragment}
	if password, has := u.User.Password(); has {
		secrets = append(secrets, u.User.String(), password)
	}
	for _, values := range u.Query() {
		secrets = append(secrets, values...)
	}
	return secrets
}

// retryCDN calls try up to three times. A 4xx answer, what isn't the network's
// fault and the end of ctx are final.
func (c *Client) retryCDN(ctx context.Context, op string, try func(context.Context) error) error {
	for attempt := 1; ; attempt++ {
		err := try(ctx)
		var te *TransportError
		if err == nil || ctx.Err() != nil || !errors.As(err, &te) || te.isFinal() || attempt == cdnTries {
			return err
		}
		c.logger.WarnContext(ctx, op+" failed, trying again", "err", err, "attempt", attempt)
		if sleep(ctx, spread(time.Duration(attempt)*cdnPause)) != nil {
			return err
		}
	}
}

// isFinal reports whether the CDN would only say the same again (protocol §5).
func (e *TransportError) isFinal() bool {
	return e.Kind == FailureHTTP && e.Status >= 400 && e.Status < 500
}

func cdnStatusError(op string, resp *http.Response, red *redactor) *TransportError {
	detail := resp.Header.Get("x-error-message")
	if detail == "" {
		b, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		detail = string(b)
	}
	return &TransportError{Op: op, Kind: FailureHTTP, Status: resp.StatusCode, Detail: red.text(detail)}
}

// ImageMessage returns an item that shows an uploaded picture.
func ImageMessage(media *CDNMedia) Item {
	return Item{Type: ItemTypeImage, Image: &ImageItem{Media: media}}
}

// FileMessage returns an item that attaches an uploaded file.
func FileMessage(media *CDNMedia) Item {
	return Item{Type: ItemTypeFile, File: &FileItem{Media: media}}
}

// VideoMessage returns an item that shows an uploaded video.
func VideoMessage(media *CDNMedia) Item {
	return Item{Type: ItemTypeVideo, Video: &VideoItem{Media: media}}
}
