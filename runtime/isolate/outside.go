package isolate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
)

// Outside is what a test gives a script in place of the world's, where it isn't nil.
// The child asks the parent for it.
type Outside struct {
	// Now, Entropy and Coverage are as in [luabind.Config]. The lines that a child
	// has run are counted when the sandbox is closed; those of one that dies aren't.
	Now      func() time.Time
	Entropy  func(p []byte) (n int, err error)
	Coverage *luabind.Coverage
	// Transport answers what the script's modules ask for, and Pause waits for them.
	// The child's [Modules] get them.
	Transport http.RoundTripper
	Pause     func(ctx context.Context, d time.Duration) error
}

// outsideCall says which of them there are.
type outsideCall struct {
	Now       bool `json:"now,omitempty"`
	Entropy   bool `json:"entropy,omitempty"`
	Coverage  bool `json:"coverage,omitempty"`
	Transport bool `json:"transport,omitempty"`
	Pause     bool `json:"pause,omitempty"`
}

func (o *Outside) call() outsideCall {
	return outsideCall{
		Now: o.Now != nil, Entropy: o.Entropy != nil, Coverage: o.Coverage != nil,
		Transport: o.Transport != nil, Pause: o.Pause != nil,
	}
}

// webRequest and webResponse are a request of HTTP and its answer, whole.
type (
	webRequest struct {
		Method string      `json:"method"`
		URL    string      `json:"url"`
		Header http.Header `json:"header,omitempty"`
		Body   []byte      `json:"body,omitempty"`
	}
	webResponse struct {
		Status int         `json:"status"`
		Header http.Header `json:"header,omitempty"`
		Body   []byte      `json:"body,omitempty"`
	}
)

// maxEntropy is how many random bytes the child gets at once.
const maxEntropy = 4 << 10

// outsideSide is the parent's end of the calls for what is outside.
type outsideSide struct {
	Outside
	// most is how many bytes the body of an answer may have.
	most int64
	// entropy is held while Entropy is called.
	entropy sync.Mutex
}

// methods are the calls that the child may make beside those of hostSide.
func (o *outsideSide) methods() map[string]method {
	all := map[string]method{}
	if o.Now != nil {
		all[callNow] = serve(func(context.Context, none) (time.Time, error) { return o.Now(), nil })
	}
	if o.Entropy != nil {
		all[callEntropy] = serve(o.random)
	}
	if o.Transport != nil {
		all[callWeb] = serve(o.web)
	}
	if o.Pause != nil {
		all[callPause] = serveDone(o.Pause)
	}
	return all
}

func (o *outsideSide) random(_ context.Context, n int) ([]byte, error) {
	if n < 0 || n > maxEntropy {
		return nil, fmt.Errorf("%d random bytes at once are too many", n)
	}
	o.entropy.Lock()
	defer o.entropy.Unlock()
	p := make([]byte, n)
	n, err := o.Entropy(p)
	return p[:n], err
}

func (o *outsideSide) web(ctx context.Context, r webRequest) (got webResponse, err error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return got, err
	}
	if r.Header != nil {
		req.Header = r.Header
	}
	resp, err := o.Transport.RoundTrip(req)
	if err != nil {
		return got, err
	}
	defer resp.Body.Close()
	got = webResponse{Status: resp.StatusCode, Header: resp.Header}
	if got.Body, err = io.ReadAll(io.LimitReader(resp.Body, o.most+1)); err != nil {
		return got, err
	}
	if int64(len(got.Body)) > o.most {
		return webResponse{}, &tooLargeError{int64(len(got.Body)), o.most}
	}
	return got, nil
}

// outside is what there is of the parent's, as the child sees it.
func (h childHost) outside(there outsideCall) (o Outside) {
	if there.Now {
		o.Now = func() time.Time {
			now, _ := ask[time.Time](context.Background(), h, callNow, none{})
			return now.Local()
		}
	}
	if there.Entropy {
		o.Entropy = h.entropy
	}
	if there.Coverage {
		o.Coverage = new(luabind.Coverage)
	}
	if there.Transport {
		o.Transport = remoteWeb{h}
	}
	if there.Pause {
		o.Pause = func(ctx context.Context, d time.Duration) error { return tell(ctx, h, callPause, d) }
	}
	return o
}

func (h childHost) entropy(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var got []byte
		got, err = ask[[]byte](context.Background(), h, callEntropy, min(len(p)-n, maxEntropy))
		if n += copy(p[n:], got); err == nil && len(got) == 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}

// remoteWeb asks through the parent.
type remoteWeb struct{ host childHost }

// RoundTrip is of http.RoundTripper.
func (w remoteWeb) RoundTrip(req *http.Request) (*http.Response, error) {
	r := webRequest{Method: req.Method, URL: req.URL.String(), Header: req.Header}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err = errors.Join(err, req.Body.Close()); err != nil {
			return nil, err
		}
		r.Body = body
	}
	got, err := ask[webResponse](req.Context(), w.host, callWeb, r)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", got.Status, http.StatusText(got.Status)), StatusCode: got.Status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: got.Header,
		Body: io.NopCloser(bytes.NewReader(got.Body)), ContentLength: int64(len(got.Body)), Request: req,
	}, nil
}
