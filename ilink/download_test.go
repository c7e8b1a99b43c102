package ilink

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestDownloadRequests(t *testing.T) {
	cipher := plainEncrypt(testKey[:], []byte("content"))
	for name, tc := range map[string]struct {
		media CDNMedia
		want  string
	}{
		"by param":        {CDNMedia{EncryptQueryParam: "enc+/= &"}, "https://cdn.test/c2c/download?encrypted_query_param=enc%2B%2F%3D+%26"},
		"full URL first":  {CDNMedia{EncryptQueryParam: "p", FullURL: "https://x.test/y?z=1"}, "https://x.test/y?z=1"},
		"full URL, alone": {CDNMedia{FullURL: "https://x.test/y?z=1"}, "https://x.test/y?z=1"},
	} {
		c, f := newFake(func(*call) (*http.Response, error) { return ok(string(cipher)) }, WithCDNURL("https://cdn.test/c2c"))
		tc.media.AESKey = base64OfHex(testKey[:])
		got, err := readDownload(c, &tc.media)
		if err != nil || string(got) != "content" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if c := f.calls[0]; c.Method != http.MethodGet || c.URL.String() != tc.want || c.Header.Get("Authorization") != "" {
			t.Errorf("%s: %s %s %v", name, c.Method, c.URL, c.Header)
		}
	}
}

func TestDownloadKeys(t *testing.T) {
	plain := []byte("你好, plain bytes")
	for name, tc := range map[string]struct {
		key  string
		body []byte
	}{
		"raw":           {base64.StdEncoding.EncodeToString(testKey[:]), plainEncrypt(testKey[:], plain)},
		"hex":           {base64OfHex(testKey[:]), plainEncrypt(testKey[:], plain)},
		"plain hex":     {hex.EncodeToString(testKey[:]), plainEncrypt(testKey[:], plain)},
		"not encrypted": {"", plain},
	} {
		c, _ := newFake(func(*call) (*http.Response, error) { return ok(string(tc.body)) })
		if got, err := readDownload(c, &CDNMedia{EncryptQueryParam: "p", AESKey: tc.key, image: true}); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestDownloadSizes(t *testing.T) {
	for _, n := range mediaSizes() {
		data := someBytes(n)
		cipher := string(plainEncrypt(testKey[:], data))
		c, _ := newFake(func(*call) (*http.Response, error) { return ok(cipher) })
		got, err := readDownload(c, &CDNMedia{EncryptQueryParam: "p", AESKey: base64OfHex(testKey[:])})
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: %d, %v", n, len(got), err)
		}
	}
}

func TestDownloadBadMedia(t *testing.T) {
	good := plainEncrypt(testKey[:], someBytes(1000))
	other := testKey
	other[3]++
	key := base64OfHex(testKey[:])
	for name, tc := range map[string]struct {
		media *CDNMedia
		body  []byte
	}{
		"nil":            {nil, good},
		"no place":       {&CDNMedia{AESKey: key}, good},
		"bad URL":        {&CDNMedia{FullURL: "http://[bad", AESKey: key}, good},
		"no key":         {&CDNMedia{EncryptQueryParam: "p"}, good},
		"bad key":        {&CDNMedia{EncryptQueryParam: "p", AESKey: "???"}, good},
		"wrong key":      {&CDNMedia{EncryptQueryParam: "p", AESKey: base64OfHex(other[:])}, good},
		"truncated":      {&CDNMedia{EncryptQueryParam: "p", AESKey: key}, good[:len(good)-16]},
		"not in blocks":  {&CDNMedia{EncryptQueryParam: "p", AESKey: key}, good[:len(good)-3]},
		"empty":          {&CDNMedia{EncryptQueryParam: "p", AESKey: key}, nil},
		"garbage":        {&CDNMedia{EncryptQueryParam: "p", AESKey: key}, someBytes(999)},
		"garbage blocks": {&CDNMedia{EncryptQueryParam: "p", AESKey: key}, someBytes(4096)},
	} {
		c, _ := newFake(func(*call) (*http.Response, error) { return ok(string(tc.body)) })
		if _, err := readDownload(c, tc.media); !errors.Is(err, ErrMedia) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDownloadTooLarge(t *testing.T) {
	key := base64OfHex(testKey[:])
	body := func(n, announced int64) func(*call) (*http.Response, error) {
		return func(*call) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: announced,
				Body: io.NopCloser(io.NewSectionReader(zeros{}, 0, n))}, nil
		}
	}
	for name, tc := range map[string]struct {
		key  string
		n    int64
		big  bool
		says int64
	}{
		"announced":         {key, 10, true, MaxMediaSize + 17},
		"announced, plain":  {"", 10, true, MaxMediaSize + 1},
		"plain, too long":   {"", MaxMediaSize + 1, true, -1},
		"plain, just right": {"", MaxMediaSize, false, -1},
		"encrypted":         {key, MaxMediaSize + 32, true, -1},
	} {
		c, _ := newFake(body(tc.n, tc.says))
		r, err := c.Download(t.Context(), &CDNMedia{EncryptQueryParam: "p", AESKey: tc.key, image: true})
		var n int64
		if err == nil {
			n, err = io.Copy(io.Discard, r)
			r.Close()
		}
		if errors.Is(err, ErrMedia) != tc.big || (err == nil && n != tc.n) || n > MaxMediaSize {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
		if tc.big && !strings.Contains(err.Error(), "100 MiB") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDownloadRetries(t *testing.T) {
	for name, tc := range map[string]struct {
		answers []int
		works   bool
	}{
		"fine": {[]int{200}, true}, "5xx twice": {[]int{500, 524, 200}, true}, "5xx thrice": {[]int{500, 500, 500}, false},
		"4xx": {[]int{404}, false}, "reset": {[]int{0, 200}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			bodies := 0
			c, f := newFake(func(c *call) (*http.Response, error) {
				status := tc.answers[c.n]
				if status == 0 {
					return nil, io.EOF
				}
				resp, err := respond(status, "plain")
				resp.Header.Set("X-Error-Message", "no such file")
				bodies++
				resp.Body = &closeCounter{resp.Body, &bodies}
				return resp, err
			})
			got, err := readDownload(c, &CDNMedia{EncryptQueryParam: "p", image: true})
			if (err == nil) != tc.works || (tc.works && string(got) != "plain") || f.count("download") != len(tc.answers) {
				t.Errorf("%s: %q, %v, %d tries", name, got, err, f.count("download"))
			}
			if !tc.works && !strings.Contains(err.Error(), "no such file") {
				t.Errorf("%s: %v", name, err)
			}
			if bodies != 0 {
				t.Errorf("%s: %d bodies left open", name, bodies)
			}
		})
	}
}

type closeCounter struct {
	io.Reader
	open *int
}

func (c *closeCounter) Close() error { *c.open--; return nil }

// A connection that breaks in the middle is the network's fault, not the file's.
func TestDownloadBreaksOff(t *testing.T) {
	t.Parallel()
	cipher := plainEncrypt(testKey[:], someBytes(100_000))
	for _, cut := range []int{0, 16, 5000, chunkSize, chunkSize + 16, len(cipher) - 16} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(cipher)))
			w.Write(cipher[:cut])
			panic(http.ErrAbortHandler)
		}))
		server.Config.ErrorLog = discardLog()
		tr := &http.Transport{}
		c := NewClient(Token{}, WithCDNURL(server.URL), WithHTTPClient(&http.Client{Transport: tr}), WithLogger(newQuiet()))
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond) // doesn't wait for the retries of cut 0
		r, err := c.Download(ctx, &CDNMedia{EncryptQueryParam: "p", AESKey: base64OfHex(testKey[:])})
		if err == nil {
			_, err = io.ReadAll(r)
			r.Close()
		}
		var te *TransportError
		if !errors.As(err, &te) || errors.Is(err, ErrMedia) {
			t.Errorf("cut at %d: %v", cut, err)
		}
		cancel()
		tr.CloseIdleConnections()
		server.Close()
	}
}

// pacedBody gives a few bytes after each pause.
type pacedBody struct {
	ctx    context.Context
	pauses []time.Duration
}

func (p *pacedBody) Read(b []byte) (int, error) {
	if len(p.pauses) == 0 {
		return 0, io.EOF
	}
	if err := sleep(p.ctx, p.pauses[0]); err != nil {
		return 0, err
	}
	p.pauses = p.pauses[1:]
	return copy(b, "abcd"), nil
}

func (p *pacedBody) Close() error { return nil }

func TestDownloadStall(t *testing.T) {
	paced := func(pauses ...time.Duration) *Client {
		c, _ := newFake(func(c *call) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: -1, Body: &pacedBody{c.Context(), pauses}}, nil
		})
		return c
	}
	plain := &CDNMedia{EncryptQueryParam: "p", image: true}
	synctest.Test(t, func(t *testing.T) {
		got, err := readDownload(paced(50*time.Second, 50*time.Second, 50*time.Second), plain)
		if err != nil || string(got) != "abcdabcdabcd" {
			t.Errorf("slow: %q, %v", got, err)
		}
		start := time.Now()
		_, err = readDownload(paced(time.Second, time.Hour), plain)
		var te *TransportError
		if !errors.As(err, &te) || te.Kind != FailureTimeout || time.Since(start) != 61*time.Second {
			t.Errorf("stalled: %v after %v", err, time.Since(start))
		}
		// A reader who takes a rest stalls nothing.
		r, err := paced(time.Second, time.Second).Download(context.Background(), plain)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		var all []byte
		buf := make([]byte, 4)
		for {
			time.Sleep(10 * time.Minute)
			n, err := r.Read(buf)
			all = append(all, buf[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if string(all) != "abcdabcd" {
			t.Errorf("rested: %q", all)
		}
		// Headers that don't come.
		c, f := newFake((*call).hang)
		if _, err := c.Download(context.Background(), plain); !errors.As(err, &te) || te.Kind != FailureTimeout || f.count("download") != 3 {
			t.Errorf("no headers: %v", err)
		}
		// Cancelled while it is read.
		ctx, cancel := context.WithCancel(context.Background())
		r2, err := paced(time.Second, time.Hour).Download(ctx, plain)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(5*time.Second, cancel)
		if _, err := io.ReadAll(r2); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		r2.Close()
	})
}

func TestDownloadAndDecrypt(t *testing.T) {
	cipher := plainEncrypt(testKey[:], []byte("the file"))
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path+"?"+r.URL.RawQuery)
		w.Write(cipher)
	}))
	defer server.Close()
	param := "enc+/==" // as it is in older documents: not escaped
	media := &CDNMedia{EncryptQueryParam: param, AESKey: base64OfHex(testKey[:])}
	for cdnURL, want := range map[string]string{
		server.URL + "/c2c?" + param:               "/c2c/download?encrypted_query_param=enc%2B%2F%3D%3D",
		server.URL + "/c2c?enc%2B%2F%3D%3D":        "/c2c/download?encrypted_query_param=enc%2B%2F%3D%3D",
		server.URL + "/c2c/?" + param:              "/c2c/download?encrypted_query_param=enc%2B%2F%3D%3D",
		server.URL + "/full?a=b&c=d":               "/full?a=b&c=d",
		server.URL + "/c2c/download?x=" + "enc%2B": "/c2c/download?x=enc%2B",
	} {
		asked = nil
		got, err := DownloadAndDecrypt(t.Context(), cdnURL, media)
		if err != nil || string(got) != "the file" || len(asked) != 1 || asked[0] != want {
			t.Errorf("%s: %q, %v, asked %q", cdnURL, got, err, asked)
		}
	}
	// The media's own full URL, where none is given.
	asked = nil
	own := *media
	own.FullURL = server.URL + "/own?q=1"
	if got, err := DownloadAndDecrypt(t.Context(), "", &own); err != nil || string(got) != "the file" || asked[0] != "/own?q=1" {
		t.Errorf("%q, %v, asked %q", got, err, asked)
	}
	if _, err := DownloadAndDecrypt(t.Context(), server.URL, nil); !errors.Is(err, ErrMedia) {
		t.Errorf("nil: %v", err)
	}
	if _, err := DownloadAndDecrypt(t.Context(), "", &CDNMedia{}); !errors.Is(err, ErrMedia) {
		t.Errorf("empty: %v", err)
	}
	if _, err := DownloadAndDecrypt(t.Context(), server.URL+"/x", &CDNMedia{AESKey: base64OfHex([]byte("another key 1234"))}); !errors.Is(err, ErrMedia) {
		t.Errorf("wrong key: %v", err)
	}
}
