package ilink

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// streamServer takes uploads and gives downloads of any size and buffers
// nothing: what is allocated is the client's.
type streamServer struct {
	size     int64 // of a download's ciphertext
	received int64
}

func (s *streamServer) RoundTrip(r *http.Request) (*http.Response, error) {
	resp := &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: -1, Body: http.NoBody}
	switch {
	case strings.HasSuffix(r.URL.Path, "/getuploadurl"):
		r.Body.Close()
		resp.Body = io.NopCloser(strings.NewReader(`{"upload_param":"p"}`))
	case r.Method == http.MethodPost:
		buf := make([]byte, 32<<10)
		for {
			n, err := r.Body.Read(buf)
			s.received += int64(n)
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, err
			}
		}
		r.Body.Close()
		resp.Header.Set("X-Encrypted-Param", "e")
	default:
		cipher, err := newEncrypter(io.NewSectionReader(zeros{}, 0, s.size), testKey[:])
		if err != nil {
			return nil, err
		}
		resp.Body = io.NopCloser(cipher)
	}
	return resp, nil
}

// allocated is how many bytes f allocates, all in all.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestLargeMediaNeedsLittleMemory(t *testing.T) {
	// The largest file takes a second; any size shows that memory doesn't grow
	// with it.
	size := int64(MaxMediaSize)
	if testing.Short() {
		size = 8 << 20
	}
	const most = 400 << 10
	s := &streamServer{size: size}
	c := NewClient(Token{}, WithHTTPClient(&http.Client{Transport: s}), WithLogger(newQuiet()))
	used := allocated(func() {
		if _, err := c.Upload(context.Background(), io.NewSectionReader(zeros{}, 0, size), nil); err != nil {
			t.Error(err)
		}
	})
	if s.received != encryptedSize(size) || used > most {
		t.Errorf("upload of %d bytes: %d sent, %d KiB allocated", size, s.received, used>>10)
	}
	var n int64
	used = allocated(func() {
		r, err := c.Download(context.Background(), &CDNMedia{EncryptQueryParam: "p", AESKey: base64OfHex(testKey[:])})
		if err != nil {
			t.Error(err)
			return
		}
		defer r.Close()
		n, err = io.Copy(io.Discard, r)
		if err != nil {
			t.Error(err)
		}
	})
	if n != size || used > most {
		t.Errorf("download of %d bytes: %d, %d KiB allocated", size, n, used>>10)
	}
}
