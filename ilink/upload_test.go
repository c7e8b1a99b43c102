package ilink

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// cdnFake answers getuploadurl with place and uploads with what up returns.
func cdnFake(place string, up func(c *call) (*http.Response, error), opts ...Option) (*Client, *fakeServer) {
	return newFake(func(c *call) (*http.Response, error) {
		if c.endpoint == "getuploadurl" {
			return ok(place)
		}
		return up(c)
	}, append([]Option{WithCDNURL("https://cdn.test/c2c/")}, opts...)...)
}

func accepted(param string) (*http.Response, error) {
	resp, err := ok("")
	resp.Header.Set("X-Encrypted-Param", param)
	return resp, err
}

func TestUploadRequests(t *testing.T) {
	data := someBytes(1000)
	c, f := cdnFake(`{"upload_param":"up+/= &"}`, func(*call) (*http.Response, error) { return accepted("enc+/=") })
	media, err := c.UploadMedia(t.Context(), data, &UploadOptions{FileName: "报告.pdf", MediaType: UploadMediaTypeFile, ToUserID: "u@im.wechat"})
	if err != nil {
		t.Fatal(err)
	}
	ask := f.last("getuploadurl").json(t)
	key, _ := hex.DecodeString(ask["aeskey"].(string))
	want := fmt.Sprintf(`{"filekey":%q,"media_type":3,"to_user_id":"u@im.wechat","rawsize":1000,"rawfilemd5":%q,"filesize":1008,
		"no_need_thumb":true,"aeskey":%q,"base_info":{"channel_version":"2.4.9","bot_agent":"ilinkd/1"}}`,
		ask["filekey"], md5Of(string(data)), ask["aeskey"])
	equalJSON(t, "getuploadurl", f.last("getuploadurl").body, want)
	for _, name := range []string{"filekey", "aeskey"} {
		if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(ask[name].(string)) {
			t.Errorf("%s is %v", name, ask[name])
		}
	}
	up := f.last("upload")
	if up.Method != http.MethodPost || up.ContentLength != 1008 || up.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("%s, %d bytes, %v", up.Method, up.ContentLength, up.Header)
	}
	if got := up.URL.String(); got != "https://cdn.test/c2c/upload?encrypted_query_param=up%2B%2F%3D+%26&filekey="+ask["filekey"].(string) {
		t.Errorf("url %s", got)
	}
	if plain, good := plainDecrypt(key, up.body); !good || !bytes.Equal(plain, data) {
		t.Error("the ciphertext isn't the file")
	}
	if *media != (CDNMedia{
		EncryptQueryParam: "enc+/=", AESKey: base64OfHex(key), EncryptType: 1, RawSize: 1000, EncryptedSize: 1008,
		MD5: md5Of(string(data)), FileName: "报告.pdf",
	}) {
		t.Errorf("%+v", media)
	}
	// The next has keys of its own.
	if _, err := c.UploadMedia(t.Context(), data, nil); err != nil {
		t.Fatal(err)
	}
	again := f.last("getuploadurl").json(t)
	if again["aeskey"] == ask["aeskey"] || again["filekey"] == ask["filekey"] || fmt.Sprint(again["media_type"]) != "1" {
		t.Errorf("second upload: %v", again)
	}
}

func TestUploadFullURLGoesFirst(t *testing.T) {
	c, f := cdnFake(`{"upload_param":"p","upload_full_url":" https://elsewhere.test/x/upload?a=b "}`,
		func(*call) (*http.Response, error) { return accepted("e") })
	if _, err := c.UploadMedia(t.Context(), []byte("x"), nil); err != nil {
		t.Fatal(err)
	}
	if got := f.last("upload").URL.String(); got != "https://elsewhere.test/x/upload?a=b" {
		t.Errorf("url %s", got)
	}
}

func TestUploadThumbnail(t *testing.T) {
	data, small := someBytes(100), someBytes(33)
	for name, tc := range map[string]struct {
		opts  UploadOptions
		place string
		thumb bool
		asked bool
	}{
		"image":      {UploadOptions{ThumbData: small}, `{"upload_param":"p","thumb_upload_param":"tp"}`, true, true},
		"video":      {UploadOptions{ThumbData: small, MediaType: UploadMediaTypeVideo}, `{"upload_full_url":"https://cdn.test/c2c/upload?x","thumb_upload_param":"tp"}`, true, true},
		"suppressed": {UploadOptions{ThumbData: small, NoThumb: true}, `{"upload_param":"p","thumb_upload_param":"tp"}`, false, false},
		"none":       {UploadOptions{}, `{"upload_param":"p"}`, false, false},
		"of a file":  {UploadOptions{ThumbData: small, MediaType: UploadMediaTypeFile}, `{"upload_param":"p"}`, false, false},
	} {
		c, f := cdnFake(tc.place, func(c *call) (*http.Response, error) {
			return accepted("enc-of-" + c.URL.Query().Get("encrypted_query_param"))
		})
		media, err := c.UploadMedia(t.Context(), data, &tc.opts)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		ask := f.last("getuploadurl").json(t)
		if _, no := ask["no_need_thumb"]; no == tc.asked {
			t.Errorf("%s: %v", name, ask)
		}
		if tc.asked && (fmt.Sprintf("%v %v", ask["thumb_rawsize"], ask["thumb_filesize"]) != "33 48" || ask["thumb_rawfilemd5"] != md5Of(string(small))) {
			t.Errorf("%s: %v", name, ask)
		}
		if (media.Thumb != nil) != tc.thumb {
			t.Errorf("%s: %+v", name, media)
		}
		if !tc.thumb {
			continue
		}
		if media.Thumb.EncryptQueryParam != "enc-of-tp" || media.Thumb.AESKey != media.AESKey || media.Thumb.EncryptedSize != 48 {
			t.Errorf("%s: %+v", name, media.Thumb)
		}
		key, _ := parseKey(media.AESKey)
		if plain, good := plainDecrypt(key, f.last("upload").body); !good || !bytes.Equal(plain, small) {
			t.Errorf("%s: the thumbnail's ciphertext is wrong", name)
		}
	}
}

// A thumbnail that there is no place for is an error, before anything is uploaded.
func TestUploadThumbnailWithoutPlace(t *testing.T) {
	for _, place := range []string{`{"upload_param":"p"}`, `{"upload_full_url":"https://cdn.test/c2c/upload?x"}`} {
		c, f := cdnFake(place, func(*call) (*http.Response, error) { return accepted("e") })
		media, err := c.UploadMedia(t.Context(), someBytes(100), &UploadOptions{ThumbData: someBytes(33)})
		if !errors.Is(err, ErrMedia) || !strings.Contains(err.Error(), "thumbnail") || media != nil || f.count("upload") != 0 {
			t.Errorf("%s: %+v, %v, %d uploads", place, media, err, f.count("upload"))
		}
	}
}

func TestUploadRetries(t *testing.T) {
	for name, tc := range map[string]struct {
		answers []int // statuses; 0 is a broken connection, 200 lacks the header, 201 is fine
		tries   int
		works   bool
	}{
		"5xx twice":          {[]int{500, 503, 201}, 3, true},
		"5xx thrice":         {[]int{500, 502, 504}, 3, false},
		"connection":         {[]int{0, 201}, 2, true},
		"no param":           {[]int{200, 200, 201}, 3, true},
		"no param, ever":     {[]int{200, 200, 200}, 3, false},
		"4xx is final":       {[]int{403}, 1, false},
		"429 too":            {[]int{429}, 1, false},
		"4xx at second":      {[]int{500, 404}, 2, false},
		"redirected nowhere": {[]int{304, 304, 304}, 3, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			data := someBytes(chunkSize + 100)
			c, f := cdnFake(`{"upload_param":"p"}`, func(c *call) (*http.Response, error) {
				switch status := tc.answers[c.n]; status {
				case 0:
					return nil, io.ErrUnexpectedEOF
				case 201:
					return accepted("e")
				default:
					resp, err := respond(status, "the body says so")
					if status != 503 {
						resp.Header.Set("X-Error-Message", "the header says so")
					}
					return resp, err
				}
			})
			start := time.Now()
			media, err := c.UploadMedia(context.Background(), data, nil)
			if (err == nil) != tc.works || f.count("upload") != tc.tries {
				t.Errorf("%s: %v after %d tries", name, err, f.count("upload"))
			}
			if took := time.Since(start); took > time.Duration(tc.tries)*2*time.Second || (tc.tries > 1 && took < 800*time.Millisecond) {
				t.Errorf("%s: took %v", name, took)
			}
			if tc.works {
				// The retry sent it from its beginning again.
				key, _ := parseKey(media.AESKey)
				if plain, good := plainDecrypt(key, f.last("upload").body); !good || !bytes.Equal(plain, data) {
					t.Errorf("%s: wrong bytes at the last try", name)
				}
				return
			}
			var te *TransportError
			if !errors.As(err, &te) || te.Op != "cdn upload" {
				t.Errorf("%s: %#v", name, err)
			}
			if !strings.Contains(err.Error(), "the header says so") {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

func TestUploadWithoutPlace(t *testing.T) {
	for _, tc := range []struct {
		answer string
		want   error
	}{
		{`{}`, nil}, {`{"ret":0,"upload_param":""}`, nil}, {`{"ret":-1}`, nil}, {`{"ret":-14}`, ErrSessionTimeout},
		{`{"ret":-2,"errmsg":"filekey required"}`, ErrBadRequest}, {``, nil}, {`{"upload_full_url":"http://[bad"}`, nil},
	} {
		c, f := cdnFake(tc.answer, func(*call) (*http.Response, error) { return accepted("e") })
		media, err := c.UploadMedia(t.Context(), []byte("x"), nil)
		if err == nil || media != nil || (tc.want != nil && !errors.Is(err, tc.want)) || f.count("upload") != 0 {
			t.Errorf("%s: %v, %v", tc.answer, media, err)
		}
	}
}

func TestUploadTooLarge(t *testing.T) {
	c, f := cdnFake(`{}`, nil)
	if _, err := c.Upload(t.Context(), io.NewSectionReader(zeros{}, 0, MaxMediaSize+1), nil); !errors.Is(err, ErrMedia) {
		t.Errorf("%v", err)
	}
	if len(f.calls) != 0 {
		t.Errorf("%d calls", len(f.calls))
	}
}

// zeros is a file of zeros without end.
type zeros struct{}

func (zeros) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}

// changing is a file whose content is another one each time it is rewound.
type changing struct {
	versions [][]byte
	rewinds  int
	*bytes.Reader
}

func (c *changing) Seek(offset int64, whence int) (int64, error) {
	c.Reader = bytes.NewReader(c.versions[min(c.rewinds, len(c.versions)-1)])
	c.rewinds++
	return c.Reader.Seek(offset, whence)
}

func TestUploadOfAChangingFile(t *testing.T) {
	for name, tc := range map[string]struct {
		first, second int
		same          bool // the first bytes are the same
		works         bool
	}{
		"shorter": {1000, 900, true, false}, "shorter by a block": {32, 16, true, false}, "empty": {1000, 0, true, false},
		"another content": {chunkSize * 2, chunkSize * 2, false, false},
		"longer":          {1000, 5000, true, true}, // what was measured goes out
		"longer, other":   {1000, 5000, false, false},
		"the same":        {1000, 1000, true, true},
	} {
		first := someBytes(tc.first)
		second := append(bytes.Clone(first), make([]byte, 10_000)...)[:tc.second]
		if !tc.same {
			second[0] ^= 1
		}
		var got []byte
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if strings.HasSuffix(r.URL.Path, "getuploadurl") {
				io.WriteString(w, `{"upload_param":"p"}`)
				return
			}
			if err != nil {
				return
			}
			got = body
			w.Header().Set("X-Encrypted-Param", "e")
		}))
		tr := &http.Transport{}
		c := NewClient(Token{BaseURL: server.URL}, WithCDNURL(server.URL), WithHTTPClient(&http.Client{Transport: tr}))
		media, err := c.Upload(t.Context(), &changing{versions: [][]byte{first, second}}, nil)
		tr.CloseIdleConnections()
		server.Close()
		if !tc.works {
			if !errors.Is(err, ErrMedia) || got != nil {
				t.Errorf("%s: %v, the server took %d bytes", name, err, len(got))
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		key, _ := parseKey(media.AESKey)
		if plain, good := plainDecrypt(key, got); !good || !bytes.Equal(plain, first) {
			t.Errorf("%s: wrong bytes", name)
		}
	}
}

// brokenFile can't be rewound, or read, from the nth time on.
type brokenFile struct {
	*bytes.Reader
	seeks, seekFails, readFails int
}

var errDisk = errors.New("disk on fire")

func (b *brokenFile) Seek(offset int64, whence int) (int64, error) {
	if b.seeks++; b.seeks >= b.seekFails && b.seekFails > 0 {
		return 0, errDisk
	}
	return b.Reader.Seek(offset, whence)
}

func (b *brokenFile) Read(p []byte) (int, error) {
	if b.seeks >= b.readFails && b.readFails > 0 {
		return 0, errDisk
	}
	return b.Reader.Read(p)
}

func TestUploadOfABrokenFile(t *testing.T) {
	for name, file := range map[string]*brokenFile{
		"seek, first": {seekFails: 1}, "seek, second": {seekFails: 2}, "read, first": {readFails: 1}, "read, second": {readFails: 2},
	} {
		file.Reader = bytes.NewReader(someBytes(100))
		c, f := cdnFake(`{"upload_param":"p"}`, func(*call) (*http.Response, error) { return accepted("e") })
		// Not the network's fault: said as it is, and not tried again.
		if _, err := c.Upload(t.Context(), file, nil); !errors.Is(err, errDisk) || f.count("upload") > 1 {
			t.Errorf("%s: %v, %d tries", name, err, f.count("upload"))
		}
	}
}

// watched tells whether a file is read after it should be left alone.
type watched struct {
	*bytes.Reader
	reads atomic.Int64
}

func (w *watched) Read(p []byte) (int, error) {
	w.reads.Add(1)
	return w.Reader.Read(p)
}

// hastyServer answers before it has read all, as net/http may: it keeps the
// bodies, to go on with them when the request is long over.
type hastyServer struct {
	answers []int
	bodies  []io.Reader
}

func (h *hastyServer) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "getuploadurl") {
		r.Body.Close()
		return ok(`{"upload_param":"p"}`)
	}
	if _, err := io.CopyN(io.Discard, r.Body, 100); err != nil {
		return nil, err
	}
	h.bodies = append(h.bodies, r.Body)
	status := h.answers[len(h.bodies)-1]
	if status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	resp, err := respond(status, "")
	resp.Header.Set("X-Encrypted-Param", "e")
	return resp, err
}

// Neither the next try nor the caller, who closes the file, may meet a read of
// an earlier one.
func TestUploadLeavesTheFileAlone(t *testing.T) {
	for _, answers := range [][]int{{200}, {403}, {0, 500, 200}, {500, 500, 500}} {
		synctest.Test(t, func(t *testing.T) {
			h := &hastyServer{answers: answers}
			c := NewClient(Token{}, WithHTTPClient(&http.Client{Transport: h}), WithLogger(newQuiet()))
			file := &watched{Reader: bytes.NewReader(make([]byte, 1<<20))}
			_, err := c.Upload(context.Background(), file, nil)
			reads := file.reads.Load()
			for _, body := range h.bodies {
				// Enough to get past what is buffered.
				if _, err := io.Copy(io.Discard, body); err == nil {
					t.Errorf("%v: a body can be read to its end", answers)
				}
			}
			if len(h.bodies) != len(answers) || file.reads.Load() != reads {
				t.Errorf("%v: %d tries, %d reads after the end (%v)", answers, len(h.bodies), file.reads.Load()-reads, err)
			}
		})
	}
}

func TestUploadCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := cdnFake(`{"upload_param":"p"}`, (*call).hang)
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Second, cancel)
		if _, err := c.UploadMedia(ctx, []byte("x"), nil); !errors.Is(err, context.Canceled) || f.count("upload") != 1 {
			t.Errorf("%v, %d tries", err, f.count("upload"))
		}
		// Between two tries.
		c, f = cdnFake(`{"upload_param":"p"}`, func(*call) (*http.Response, error) { return respond(500, "x") })
		ctx, cancel = context.WithCancel(context.Background())
		time.AfterFunc(100*time.Millisecond, cancel)
		start := time.Now()
		if _, err := c.UploadMedia(ctx, []byte("x"), nil); err == nil || f.count("upload") != 1 || time.Since(start) != 100*time.Millisecond {
			t.Errorf("%v, %d tries, %v", err, f.count("upload"), time.Since(start))
		}
	})
}

func TestSecretsOfMedia(t *testing.T) {
	m := CDNMedia{EncryptQueryParam: "param", AESKey: "ABEiM0RVZneImaq7zN3u/w==", FullURL: "https://u:p@h/x?a=b&c=d#f"}
	got := m.secrets()
	for _, want := range []string{"param", m.AESKey, "00112233445566778899aabbccddeeff", sixteen, "b", "d", "a=b&c=d", "p", "u:p", "f"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
}
