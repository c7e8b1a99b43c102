package ilink

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestUploadStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := cdnFake(`{"upload_param":"p"}`, (*call).hang)
		start := time.Now()
		_, err := c.UploadMedia(context.Background(), []byte("x"), nil)
		var te *TransportError
		if !errors.As(err, &te) || te.Kind != FailureTimeout || f.count("upload") != 3 || !strings.Contains(err.Error(), "1m0s") {
			t.Errorf("%v, %d tries", err, f.count("upload"))
		}
		if took := time.Since(start); took < 3*time.Minute || took > 3*time.Minute+5*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// slowTransport reads an upload at its own pace.
type slowTransport struct {
	pause time.Duration
	fake  *fakeServer
}

func (s slowTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/upload") {
		buf := make([]byte, 4096)
		var body []byte
		for {
			select {
			case <-time.After(s.pause):
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
			n, err := r.Body.Read(buf)
			body = append(body, buf[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, err
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return s.fake.RoundTrip(r)
}

// What is slow but moves is not a stall.
func TestSlowUploadIsNoStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := cdnFake(`{"upload_param":"p"}`, func(*call) (*http.Response, error) { return accepted("e") })
		c.http = &http.Client{Transport: slowTransport{pause: 50 * time.Second, fake: f}}
		data := someBytes(100_000)
		media, err := c.UploadMedia(context.Background(), data, nil)
		if err != nil {
			t.Fatal(err)
		}
		key, _ := parseKey(media.AESKey)
		if plain, good := plainDecrypt(key, f.last("upload").body); !good || !bytes.Equal(plain, data) {
			t.Error("wrong bytes")
		}
	})
}

func TestStallGuardThatWasStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, g := newStallGuard(context.Background(), time.Minute)
		r := g.outgoing(strings.NewReader("abc"))
		g.stop()
		if ctx.Err() == nil {
			t.Error("the context is still alive")
		}
		// A read that comes late must not start it again.
		if _, err := r.Read(make([]byte, 1)); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Minute)
		before := &TransportError{Op: "x", Kind: FailureTCP}
		if g.explain(before) != before {
			t.Error("stalled after its end")
		}
	})
}
