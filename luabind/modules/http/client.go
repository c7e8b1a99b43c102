package http

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
)

// Options say what a bot's scripts may ask for. They are plain data.
type Options struct {
	// Allow are the hosts: "api.example.org", "*.example.org", "localhost:8080",
	// "192.168.1.5", "10.0.0.0/8", or "*" for every public one; nil means ["*"].
	// Without a port, or * in its place, it is those of http and https. Private
	// addresses are reached only through an entry with the host's full name or with
	// the address; link-local ones, such as a cloud's metadata, only by address.
	Allow []string `json:"allow"`
	// Parallel is how many requests are under way at once; 0 means 16.
	Parallel int `json:"parallel,omitempty"`
}

const (
	defaultParallel = 16
	// defaultTimeout is how long a service may take that a user waits for.
	defaultTimeout = 30 * time.Second
	// defaultMaxBytes is half of what a string may have.
	defaultMaxBytes = 4 << 20
	// maxHeaderBytes is for all headers of an answer.
	maxHeaderBytes = 64 << 10
	maxRedirects   = 5
	// maxLine is how long a line of a stream may be.
	maxLine = 1 << 20
	// dialTimeout leaves time for the next address of a host.
	dialTimeout = 10 * time.Second
)

// Client makes a bot's requests, within what its operator allows. It keeps neither
// cookies nor connections, and takes no proxy from the environment, which would
// ask in its place where it may not.
type Client struct {
	policy policy
	http   *nethttp.Client
	slots  chan struct{}
	// resolver finds addresses, nil for the system's.
	resolver *net.Resolver
}

// NewClient makes a client. A nil transport is the network; another one, such as a
// test's, is asked in its place, for what is allowed. The error says which entry of
// Options.Allow is none.
func NewClient(o Options, transport nethttp.RoundTripper) (*Client, error) {
	p, err := newPolicy(o.Allow)
	if err != nil {
		return nil, fmt.Errorf("http: allow: %w", err)
	}
	if o.Parallel <= 0 {
		o.Parallel = defaultParallel
	}
	c := &Client{policy: p, slots: make(chan struct{}, o.Parallel)}
	if transport == nil {
		transport = c.network()
	}
	c.http = &nethttp.Client{Transport: transport, CheckRedirect: c.checkRedirect}
	return c, nil
}

// network is the transport that is used in earnest.
func (c *Client) network() nethttp.RoundTripper {
	return &nethttp.Transport{
		DialContext:            c.dial,
		TLSHandshakeTimeout:    dialTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		// The next request may be hours away, and of another generation.
		DisableKeepAlives: true,
	}
}

// dial connects to a host. What it may be is decided for each address that its name
// has at this moment: what it had when it was looked at may have changed.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{
		Timeout: dialTimeout, Resolver: c.resolver,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			return c.policy.address(to.Addr(), int(to.Port()), host)
		},
	}
	return d.DialContext(ctx, network, address)
}

// checkRedirect refuses redirects to where the bot may not ask. What was meant for
// one host isn't shown to another.
func (c *Client) checkRedirect(req *nethttp.Request, via []*nethttp.Request) error {
	first, last := via[0].URL, via[len(via)-1].URL
	req.Header.Del("Referer") // has the query, and there may be a key in it
	if len(via) > maxRedirects {
		return &luabind.HostError{Kind: kindNetwork, Message: fmt.Sprintf("%s redirects more than %d times", origin(first), maxRedirects)}
	}
	if last.Scheme == "https" && req.URL.Scheme == "http" {
		return &luabind.HostError{Kind: kindRefused, Message: fmt.Sprintf("%s redirects from https to http, which others could read", origin(last))}
	}
	if err := c.policy.url(req.URL); err != nil {
		var he *luabind.HostError
		if errors.As(err, &he) {
			return &luabind.HostError{Kind: he.Kind, Message: origin(last) + " redirects elsewhere, and " + he.Message}
		}
		return err
	}
	if origin(req.URL) != origin(first) {
		for name := range req.Header {
			switch name {
			case "Accept", "Accept-Language", "Content-Type", "User-Agent":
			default:
				req.Header.Del(name)
			}
		}
	}
	return nil
}

// Request is what is asked for.
type Request struct {
	// Method is such as "GET", which "" means too.
	Method string
	URL    string
	Header nethttp.Header
	Body   []byte
	// Timeout is how long all of it may take, or, of a stream, how long nothing may
	// come; 0 means half a minute.
	Timeout time.Duration
	// MaxBytes is how much the body may have, unpacked; 0 means 4 MiB.
	MaxBytes int64
}

// origin is what may be told of a URL: paths and queries have keys in them.
func origin(u *url.URL) string {
	if u == nil {
		return "the URL"
	}
	return u.Scheme + "://" + u.Host
}

// Origin is the scheme and the host of a URL, for people: what follows may be a
// secret.
func Origin(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" {
		return "the URL"
	}
	return origin(u)
}

// Head is how an answer begins.
type Head struct {
	Status int `json:"status"`
	// Header has names in small letters; values of the same name are joined with
	// ", ".
	Header map[string]string `json:"header"`
	// URL is where the answer came from, after redirects.
	URL string `json:"url"`
}

// OK reports whether the request has succeeded.
func (h Head) OK() bool { return h.Status >= 200 && h.Status < 300 }

// Response is a whole answer.
type Response struct {
	Head
	Body []byte `json:"body"`
}

// Fetch makes a request and reads the answer. Errors are [*luabind.HostError]s, or
// the cause of ctx's end.
func (c *Client) Fetch(ctx context.Context, req Request) (*Response, error) {
	s, err := c.begin(ctx, req)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	body, err := io.ReadAll(s.body)
	if err != nil {
		return nil, s.failed(err)
	}
	return &Response{Head: s.Head, Body: body}, nil
}

// begin makes a request and returns when the headers have come.
func (c *Client) begin(ctx context.Context, req Request) (_ *Stream, err error) {
	u, err := url.Parse(encoded(req.URL))
	if err != nil {
		return nil, badURL("it can't be read: write it like https://api.example.org/path, with other characters as %-codes (query = { … } does that)")
	}
	if err := c.policy.url(u); err != nil {
		return nil, err
	}
	orDefault(&req.Timeout, defaultTimeout)
	orDefault(&req.MaxBytes, defaultMaxBytes)
	orDefault(&req.Method, nethttp.MethodGet)

	s := &Stream{caller: ctx, what: req.Method + " " + origin(u), silence: req.Timeout, most: req.MaxBytes}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	s.timer = time.AfterFunc(req.Timeout, func() { s.cancel(errTimeout) })
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	select {
	case c.slots <- struct{}{}:
		s.slots = c.slots
	case <-s.ctx.Done():
		return nil, s.failed(s.ctx.Err())
	}
	s.closeWith(ctx)

	r, err := nethttp.NewRequestWithContext(s.ctx, req.Method, u.String(), bytes.NewReader(req.Body))
	if err != nil {
		return nil, &luabind.HostError{Kind: kindBadRequest, Message: fmt.Sprintf("%q is no method of HTTP", req.Method)}
	}
	for name, values := range req.Header {
		r.Header[nethttp.CanonicalHeaderKey(name)] = values
	}
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", "ilinkd")
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, s.failed(err)
	}
	s.setBody(resp.Body)
	from := *resp.Request.URL
	from.User = nil
	s.Head = Head{Status: resp.StatusCode, Header: make(map[string]string, len(resp.Header)), URL: from.String()}
	for name, values := range resp.Header {
		s.Header[strings.ToLower(name)] = strings.ToValidUTF8(strings.Join(values, ", "), "\uFFFD")
	}
	if resp.ContentLength > req.MaxBytes {
		return nil, s.tooLarge()
	}
	return s, nil
}

func orDefault[T comparable](v *T, otherwise T) {
	var unset T
	if *v == unset {
		*v = otherwise
	}
}
