package ilink

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// DefaultBaseURL is where the API is, until a login names another base.
	DefaultBaseURL = "https://ilinkai.weixin.qq.com"
	// DefaultCDNURL is where media is.
	DefaultCDNURL = "https://novac2c.cdn.weixin.qq.com/c2c"

	// apiTimeout bounds a call that the server answers at once, and configTimeout
	// one that is light or may have to get through while shutting down.
	apiTimeout    = 15 * time.Second
	configTimeout = 10 * time.Second

	// maxAPIBody bounds what is read of an answer: a batch of messages is far
	// smaller, and a server gone mad must not fill the memory.
	maxAPIBody = 16 << 20
	// maxErrorBody is the same for an answer that is no success: a web page, of
	// which an error shows the beginning.
	maxErrorBody = 64 << 10
)

// Client is a bot's connection to iLink. It is safe for concurrent use; make one
// with [NewClient].
type Client struct {
	token    Token
	base     string
	cdn      string
	http     *http.Client
	logger   *slog.Logger
	botAgent string
	routeTag string
	cursor   CursorStore
	red      *redactor
	tickets  *ticketCache
	clock    *ServerClock
}

// Option configures a [Client].
type Option func(*Client)

// WithHTTPClient sets the HTTP client for all calls. A time-out in it should be
// longer than the 35 s for which the server holds a poll.
func WithHTTPClient(hc *http.Client) Option {
	return func(c *Client) {
		if hc != nil {
			c.http = hc
		}
	}
}

// WithLogger sets where polling errors and handlers' errors and panics are
// logged. The default is slog.Default.
func WithLogger(l *slog.Logger) Option {
	return func(c *Client) {
		if l != nil {
			c.logger = l
		}
	}
}

// WithBaseURL sets the API's base URL. A base in the token, which is what the
// login returned, goes before it.
func WithBaseURL(u string) Option {
	return func(c *Client) {
		if c.token.BaseURL == "" {
			c.base = u
		}
	}
}

// WithCDNURL sets the CDN's base URL, for uploads and for downloads of media
// that come without a full URL. The default is [DefaultCDNURL].
func WithCDNURL(u string) Option { return func(c *Client) { c.cdn = u } }

// WithBotAgent names the program to the server, as "Name/Version (comment)"
// tokens; see [SanitizeBotAgent]. It is for the server's statistics alone.
func WithBotAgent(agent string) Option {
	return func(c *Client) { c.botAgent = SanitizeBotAgent(agent) }
}

// WithRouteTag sets the SKRouteTag header, which some operators need.
func WithRouteTag(tag string) Option { return func(c *Client) { c.routeTag = tag } }

// WithServerClock has the client tell a clock of the server's time, so that
// several clients of one account know it from the answers to any of them.
func WithServerClock(clock *ServerClock) Option {
	return func(c *Client) {
		if clock != nil {
			c.clock = clock
		}
	}
}

// WithCursorStore makes [Client.ListenAndServe] and [Client.Listen] go on where
// the last run stopped.
func WithCursorStore(s CursorStore) Option {
	return func(c *Client) {
		if s != nil {
			c.cursor = s
		}
	}
}

// NewClient returns a client that acts as the bot of the token, which is a
// [Token] or, as [Login.Wait] returns it, a *Token.
func NewClient[T Token | *Token](token T, opts ...Option) *Client {
	switch t := any(token).(type) {
	case Token:
		return newClient(t, opts)
	case *Token:
		if t != nil {
			return newClient(*t, opts)
		}
	}
	return newClient(Token{}, opts)
}

func newClient(token Token, opts []Option) *Client {
	c := &Client{
		token:    token,
		base:     DefaultBaseURL,
		cdn:      DefaultCDNURL,
		http:     &http.Client{},
		logger:   slog.Default(),
		botAgent: defaultBotAgent,
		cursor:   &memoryCursor{},
		clock:    new(ServerClock),
	}
	if token.BaseURL != "" {
		c.base = token.BaseURL
	}
	for _, opt := range opts {
		opt(c)
	}
	c.red = newRedactor(token.BotToken)
	c.tickets = newTicketCache()
	return c
}

// String names the bot and the server, and leaves the token out.
func (c *Client) String() string {
	return fmt.Sprintf("ilink client of %s at %s", c.token.BotID, c.base)
}

// GoString is String: %#v must not show the token either.
func (c *Client) GoString() string { return c.String() }

// sleep waits for d, or until ctx ends, and then returns its error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// spread moves d by up to a fifth either way, so that many bots whose server
// went away don't all come back in the same moment.
func spread(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*mathrand.Float64()))
}

type baseInfo struct {
	ChannelVersion string `json:"channel_version"`
	BotAgent       string `json:"bot_agent"`
}

func (c *Client) baseInfo() baseInfo {
	return baseInfo{ChannelVersion: channelVersion, BotAgent: c.botAgent}
}

// answer is what an API call decodes into: a struct that embeds [status].
type answer interface {
	err(op string, red *redactor) error
}

// call posts a body to an API endpoint, decodes the answer into out and returns
// the failure that it reports, if any. An empty answer leaves out as it is where
// emptyOK says that this is an answer too. The timeout is that of the whole
// call; 0 means none. The secrets are those in the body: a failure may come with
// an answer that repeats it.
func (c *Client) call(
	ctx context.Context, op, path string, body any, out answer, timeout time.Duration, emptyOK bool, secrets ...string,
) error {
	payload, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("ilink: %s: encode the request: %w", op, err)
	}
	header := http.Header{
		"Content-Type":      {"application/json"},
		"AuthorizationType": {"ilink_bot_token"},
		"X-WECHAT-UIN":      {randomUIN()},
	}
	if token := strings.TrimSpace(c.token.BotToken); token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	t := transport{http: c.http, routeTag: c.routeTag, red: c.red.and(secrets...), clock: c.clock}
	raw, err := t.do(ctx, op, http.MethodPost, joinURL(c.base, path), header, payload)
	if err != nil {
		return err
	}
	return decodeAnswer(op, raw, out, emptyOK, t.red)
}

// transport is what API calls with and without a token have in common.
type transport struct {
	http     *http.Client
	routeTag string
	red      *redactor
	clock    *ServerClock // may be nil
}

// do makes one HTTP request and returns the body of a 200 answer.
func (t transport) do(ctx context.Context, op, method, url string, header http.Header, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, &TransportError{Op: op, Kind: FailureUnknown, Detail: "the base URL is not a URL"}
	}
	for name, values := range header {
		// Not Header.Set: these names go out in the case that Tencent's client has.
		req.Header[name] = values
	}
	req.Header["iLink-App-Id"] = []string{appID}
	req.Header["iLink-App-ClientVersion"] = []string{clientVersion}
	if t.routeTag != "" {
		req.Header["SKRouteTag"] = []string{t.routeTag}
	}
	var wrote atomic.Bool
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		WroteHeaders: func() { wrote.Store(true) },
	}))
	asked := time.Now()
	resp, err := t.http.Do(req)
	if err != nil {
		te := newRequestError(op, t.http, req, err, t.red)
		te.unsent = !wrote.Load()
		return nil, te
	}
	defer resp.Body.Close()
	t.clock.observe(resp.Header, asked, time.Now())
	if resp.StatusCode == http.StatusProxyAuthRequired {
		name, _ := proxyOf(t.http, req)
		return nil, &TransportError{Op: op, Kind: FailureProxy, Detail: proxyRefusal(cmp.Or(name, "on the way"), resp.StatusCode)}
	}
	if resp.StatusCode != http.StatusOK {
		raw, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		return nil, &TransportError{
			Op: op, Kind: FailureHTTP, Status: resp.StatusCode, Detail: t.red.text(http.StatusText(resp.StatusCode) + " " + string(raw)),
		}
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAPIBody+1))
	if err != nil {
		return nil, newNetError(op, err, t.red)
	}
	if len(raw) > maxAPIBody {
		return nil, &TransportError{Op: op, Kind: FailureNotJSON, Status: 200, Detail: "the answer is over 16 MiB"}
	}
	return raw, nil
}

func decodeAnswer(op string, raw []byte, out answer, emptyOK bool, red *redactor) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		if emptyOK {
			return nil
		}
		return &TransportError{Op: op, Kind: FailureNotJSON, Status: 200, Detail: "the answer is empty"}
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return &TransportError{
			Op: op, Kind: FailureNotJSON, Status: 200, Detail: red.text(fmt.Sprintf("%v in %s", err, raw)),
		}
	}
	return out.err(op, red)
}

// randomUIN is the X-WECHAT-UIN header: a random uint32 in decimal, in base64.
func randomUIN() string {
	var b [4]byte
	rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(strconv.AppendUint(nil, uint64(binary.BigEndian.Uint32(b[:])), 10))
}

// joinURL puts a path behind a base that may or may not end in a slash.
func joinURL(base, path string) string {
	return strings.TrimRight(base, "/") + "/" + strings.TrimLeft(path, "/")
}

// queryURL is joinURL with a query; values are escaped.
func queryURL(base, path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return joinURL(base, path) + "?" + q.Encode()
}
