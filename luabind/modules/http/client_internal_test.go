package http

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	nethttp "net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ilinkd/ilinkd/luabind"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newTestClient makes a client that finds hosts by d.
func newTestClient(t *testing.T, d *fakeDNS, allow ...string) *Client {
	t.Helper()
	c, err := NewClient(Options{Allow: allow}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d != nil {
		c.resolver = d.resolver(t)
	}
	return c
}

// serve starts a server on this machine and returns its port.
func serve(t *testing.T, h nethttp.HandlerFunc) (port string) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	u, _ := url.Parse(s.URL)
	return u.Port()
}

func wantKind(t *testing.T, err error, kind string) {
	t.Helper()
	var he *luabind.HostError
	if !errors.As(err, &he) || he.Kind != kind {
		t.Errorf("got %v, want an error of kind %s", err, kind)
	}
	if err != nil && strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the error tells a secret: %v", err)
	}
}

// TestConnections: what a name's addresses are decides, at the moment of the
// connection.
func TestConnections(t *testing.T) {
	var asked atomic.Int32
	port := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) { asked.Add(1) })
	d := &fakeDNS{hosts: map[string][][]netip.Addr{}}
	d.add("home.example.org", "127.0.0.1")
	d.add("mapped.example.org", "::ffff:127.0.0.1")
	d.add("nat64.example.org", "64:ff9b::7f00:1")
	d.add("zero.example.org", "0.0.0.0")
	d.add("meta.example.org", "169.254.169.254")
	d.add("cgnat.example.org", "100.64.1.1")
	d.add("both.example.org", "169.254.169.254", "127.0.0.1")
	for _, c := range []struct {
		name, host string
		allow      []string
		kind       string
		hint       string
	}{
		{name: "a wildcard opens no private address", host: "home.example.org", allow: []string{"*:*", "*.example.org:*"}, kind: kindRefused, hint: "it is at the private address 127.0.0.1"},
		{name: "the full name does", host: "home.example.org", allow: []string{"home.example.org:*"}},
		{name: "so does the address", host: "home.example.org", allow: []string{"*:*", "127.0.0.1:" + port}},
		{name: "and a range", host: "home.example.org", allow: []string{"*:*", "127.0.0.0/8:*"}},
		{name: "an address alone opens no name", host: "home.example.org", allow: []string{"127.0.0.1:*"}, kind: kindRefused, hint: `add "home.example.org:`},
		{name: "mapped", host: "mapped.example.org", allow: []string{"*:*"}, kind: kindRefused},
		{name: "NAT64", host: "nat64.example.org", allow: []string{"*:*"}, kind: kindRefused},
		{name: "this machine as 0.0.0.0", host: "zero.example.org", allow: []string{"zero.example.org:*"}, kind: kindRefused, hint: "zero.example.org is there"},
		{name: "metadata by its full name", host: "meta.example.org", allow: []string{"meta.example.org:*"}, kind: kindRefused, hint: "169.254.169.254"},
		{name: "carrier's network", host: "cgnat.example.org", allow: []string{"*:*"}, kind: kindRefused},
		{name: "one of two addresses", host: "both.example.org", allow: []string{"both.example.org:*"}},
		{name: "unknown", host: "nobody.example.org", allow: []string{"*:*"}, kind: kindNetwork, hint: "there is no such host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := asked.Load()
			_, err := newTestClient(t, d, c.allow...).Fetch(t.Context(), Request{URL: "http://" + c.host + ":" + port + "/s3cret?s3cret"})
			if c.kind == "" {
				if err != nil || asked.Load() != before+1 {
					t.Errorf("%v", err)
				}
				return
			}
			wantKind(t, err, c.kind)
			if !strings.Contains(err.Error(), c.hint) {
				t.Errorf("%v says nothing of %s", err, c.hint)
			}
			if asked.Load() != before {
				t.Error("the server was asked")
			}
		})
	}
}

// TestRebinding: a name that has a public address when it is looked at and another
// one when it is connected to isn't reached.
func TestRebinding(t *testing.T) {
	port := serve(t, func(nethttp.ResponseWriter, *nethttp.Request) { t.Error("the server was asked") })
	d := &fakeDNS{hosts: map[string][][]netip.Addr{}}
	d.add("rebind.example.org", "93.184.216.34")
	d.add("rebind.example.org", "127.0.0.1")
	c := newTestClient(t, d, "*:*")
	if _, err := c.resolver.LookupNetIP(t.Context(), "ip", "rebind.example.org"); err != nil {
		t.Fatal(err)
	}
	_, err := c.Fetch(t.Context(), Request{URL: "http://rebind.example.org:" + port})
	wantKind(t, err, kindRefused)
}

func TestRedirects(t *testing.T) {
	var seen atomic.Pointer[nethttp.Header]
	other := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) { h := r.Header.Clone(); seen.Store(&h) })
	port := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		h := r.Header.Clone()
		seen.Store(&h)
		switch r.URL.Path {
		case "/here":
			nethttp.Redirect(w, r, "/end", nethttp.StatusFound)
		case "/away":
			nethttp.Redirect(w, r, "http://127.0.0.1:"+other+"/end", nethttp.StatusFound)
		case "/meta":
			nethttp.Redirect(w, r, "http://169.254.169.254/?s3cret", nethttp.StatusFound)
		case "/name":
			nethttp.Redirect(w, r, "http://home.example.org:"+other, nethttp.StatusFound)
		case "/file":
			nethttp.Redirect(w, r, "file:///etc/passwd", nethttp.StatusFound)
		case "/bad":
			w.Header().Set("Location", "http://[s3cret")
			w.WriteHeader(nethttp.StatusFound)
		case "/loop":
			nethttp.Redirect(w, r, "/loop", nethttp.StatusFound)
		}
	})
	d := &fakeDNS{hosts: map[string][][]netip.Addr{}}
	d.add("home.example.org", "127.0.0.1")
	c := newTestClient(t, d, "127.0.0.1:"+port, "127.0.0.1:"+other)
	secrets := nethttp.Header{"Authorization": {"s3cret"}, "X-Api-Key": {"s3cret"}, "Accept": {"text/plain"}}
	ask := func(path string) error {
		_, err := c.Fetch(t.Context(), Request{URL: "http://user:s3cret@127.0.0.1:" + port + path + "?key=s3cret", Header: secrets.Clone()})
		return err
	}
	if err := ask("/here"); err != nil || seen.Load().Get("X-Api-Key") == "" {
		t.Errorf("%v, %v", err, seen.Load())
	}
	if err := ask("/away"); err != nil || seen.Load().Get("Accept") == "" || strings.Contains(fmt.Sprint(seen.Load()), "s3cret") {
		t.Errorf("%v, %v", err, seen.Load())
	}
	wantKind(t, ask("/meta"), kindRefused)
	wantKind(t, ask("/name"), kindRefused)
	wantKind(t, ask("/file"), kindBadURL)
	wantKind(t, ask("/bad"), kindNetwork)
	wantKind(t, ask("/loop"), kindNetwork)

	secure := httptest.NewUnstartedServer(nethttp.RedirectHandler("http://127.0.0.1:"+port, nethttp.StatusFound))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	c = newTestClient(t, nil, "127.0.0.1:*")
	_, err := c.Fetch(t.Context(), Request{URL: secure.URL})
	wantKind(t, err, kindNetwork) // nobody vouches for its certificate
	c.http.Transport.(*nethttp.Transport).TLSClientConfig = secure.Client().Transport.(*nethttp.Transport).TLSClientConfig
	_, err = c.Fetch(t.Context(), Request{URL: secure.URL})
	wantKind(t, err, kindRefused)
}

// TestProxies: those of the environment would ask what we may not.
func TestProxies(t *testing.T) {
	proxy := serve(t, func(nethttp.ResponseWriter, *nethttp.Request) { t.Error("the proxy was asked") })
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "ALL_PROXY"} {
		t.Setenv(name, "http://127.0.0.1:"+proxy)
	}
	d := &fakeDNS{hosts: map[string][][]netip.Addr{}}
	d.add("home.example.org", "127.0.0.1")
	_, err := newTestClient(t, d).Fetch(t.Context(), Request{URL: "http://home.example.org"})
	wantKind(t, err, kindRefused)
}

func TestBodies(t *testing.T) {
	port := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		switch r.URL.Path {
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 64 {
				z.Write(make([]byte, 1<<20))
			}
			z.Close()
		case "/endless":
			for i := 0; ; i++ {
				if _, err := io.WriteString(w, strings.Repeat("x", 1000)+"\n"); err != nil {
					return
				}
			}
		case "/announced":
			w.Header().Set("Content-Length", "1000001")
		case "/headers":
			for i := range 2000 {
				w.Header().Set("X-"+strconv.Itoa(i), strings.Repeat("x", 100))
			}
		case "/cut":
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "half")
		case "/line":
			io.WriteString(w, strings.Repeat("x", maxLine+1))
		default:
			io.WriteString(w, strings.Repeat("x", 1_000_000))
		}
	})
	c := newTestClient(t, nil, "127.0.0.1:"+port)
	req := func(path string) Request {
		return Request{URL: "http://127.0.0.1:" + port + path + "?s3cret", MaxBytes: 1_000_000}
	}
	r, err := c.Fetch(t.Context(), req("/"))
	if err != nil || len(r.Body) != 1_000_000 {
		t.Errorf("what just fits: %v", err)
	}
	for path, kind := range map[string]string{
		"/bomb": kindTooLarge, "/endless": kindTooLarge, "/announced": kindTooLarge, "/headers": kindNetwork, "/cut": kindNetwork,
	} {
		_, err := c.Fetch(t.Context(), req(path))
		wantKind(t, err, kind)
	}
	for path, kind := range map[string]string{"/endless": kindTooLarge, "/cut": kindNetwork, "/line": kindTooLarge} {
		r := req(path)
		r.MaxBytes = 2 << 20
		s, err := c.Open(t.Context(), r)
		for err == nil {
			_, err = s.Lines()
		}
		wantKind(t, err, kind)
		s.Close()
	}
}

// TestTimes: a request ends when it takes too long and with its handler, and gives
// its place to the next one.
func TestTimes(t *testing.T) {
	release := make(chan struct{})
	port := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/begun" {
			io.WriteString(w, "one\n")
			w.(nethttp.Flusher).Flush()
		}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	c, err := NewClient(Options{Allow: []string{"127.0.0.1:" + port}, Parallel: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := "http://127.0.0.1:" + port
	_, err = c.Fetch(t.Context(), Request{URL: at + "/s3cret", Timeout: time.Millisecond})
	wantKind(t, err, kindTimeout)

	s, err := c.Open(t.Context(), Request{URL: at + "/begun"})
	if err != nil {
		t.Fatal(err)
	}
	if lines, err := s.Lines(); err != nil || len(lines) != 1 || lines[0] != "one" {
		t.Errorf("%q %v", lines, err)
	}
	s.silence = time.Millisecond
	_, err = s.Lines()
	wantKind(t, err, kindTimeout)
	_, err = c.Fetch(t.Context(), Request{URL: at, Timeout: time.Millisecond}) // no place is free
	wantKind(t, err, kindTimeout)
	s.Close()
	s.Close()

	ctx, cancel := context.WithCancelCause(t.Context())
	s, err = c.Open(ctx, Request{URL: at + "/begun"})
	if err != nil {
		t.Fatal(err)
	}
	s.Lines()
	cancel(luabind.ErrInterrupted)
	if _, err := s.Lines(); !errors.Is(err, luabind.ErrInterrupted) {
		t.Errorf("interrupted: %v", err)
	}
	// The handler's end has closed it.
	close(release)
	if _, err := c.Fetch(t.Context(), Request{URL: at}); err != nil {
		t.Error(err)
	}
}
