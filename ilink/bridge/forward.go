package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
)

const (
	// forwardPort is where a sandbox listens, if its address doesn't say.
	forwardPort = "3002"
	// forwardTimeout bounds one call to it.
	forwardTimeout = 10 * time.Second
	// maxForwardBody is how much of an answer is read, so that the connection can
	// be used again. It says nothing that we need.
	maxForwardBody = 64 << 10
)

var errNoAddress = errors.New("bridge: forward: the sandbox has no address now")

// newForwardClient returns a client that follows no redirects: the secret is for
// the target alone.
func newForwardClient(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// forwardMetadata and forwardMessage are what a forward target gets.
type forwardMetadata struct {
	ChatJID   string `json:"chat_jid"`
	Timestamp string `json:"timestamp"`
	Name      string `json:"name"`
	IsGroup   bool   `json:"is_group"`
}

type forwardMessage struct {
	ID         string `json:"id"`
	ChatJID    string `json:"chat_jid"`
	Sender     string `json:"sender"`
	SenderName string `json:"sender_name"`
	Content    string `json:"content"`
	Timestamp  string `json:"timestamp"`
}

// forwards reports whether the binding leads to another process.
func (p *poller) forwards() bool {
	if p.forwardURL() != "" {
		return true
	}
	pod := p.binding.PodIP != "" || p.bridge.resolver != nil
	return pod && (p.binding.BridgeSecret != "" || p.bridge.opts.Deliver == nil)
}

func (p *poller) forwardURL() (u string) {
	if p.bridge.opts.ForwardURL != nil {
		// A panic is logged; what is left is the PodIP.
		_ = guard(p.log, "ForwardURL", p.secrets, func() error {
			u = p.bridge.opts.ForwardURL(p.binding)
			return nil
		})
	}
	return u
}

// target is where to forward to now: a sandbox's address changes when it starts
// anew.
func (p *poller) target() (*url.URL, error) {
	if raw := p.forwardURL(); raw != "" {
		u, err := url.Parse(raw)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			// It isn't named: it may hold a password.
			return nil, errors.New("bridge: forward: the forward URL is no http URL")
		}
		return u, nil
	}
	ip := ""
	if r := p.bridge.resolver; r != nil {
		err := guard(p.log, "GetPodIP", p.secrets, func() error {
			ip = r.GetPodIP(p.key.sandboxID)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if ip == "" {
		ip = p.binding.PodIP
	}
	if ip == "" {
		return nil, errNoAddress
	}
	return podURL(ip)
}

// podURL is the base URL for an address with or without a port.
func podURL(ip string) (*url.URL, error) {
	host := ip
	if _, _, err := net.SplitHostPort(ip); err != nil {
		host = net.JoinHostPort(strings.Trim(ip, "[]"), forwardPort)
	}
	// Anything but a host here would send the secret to another place.
	u, err := url.Parse("http://" + host)
	if err != nil || u.Host != host || strings.ContainsAny(host, "/?#@ ") {
		return nil, fmt.Errorf("bridge: forward: %q is no address", ip)
	}
	return u, nil
}

// forwardBatch forwards what is left of a batch, message by message. One that is on
// its way when ctx ends is cancelled: the target may have it already, and knows it by
// its id when it comes again.
func (p *poller) forwardBatch(ctx context.Context, b *batch) error {
	for ; b.taken < len(b.updates.Messages); b.taken++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		m := b.updates.Messages[b.taken]
		if !forwarded(m) {
			p.log.Debug("a message is not forwarded: it is a bot's, or has no items or no sender", "message", m)
			continue
		}
		if p.mem.seen.has(m.Key()) {
			p.log.Debug("a message is not forwarded: it was already", "message", m)
			continue
		}
		err := p.forwardOne(ctx, b, m)
		var refused *RefusedError
		if errors.As(err, &refused) {
			p.refused(m, refused)
		} else if err != nil {
			p.cut = p.cut || ctx.Err() != nil
			return err
		}
		p.mem.seen.add(m.Key())
	}
	return nil
}

// forwarded reports whether a message is one for the target: a person's, with
// something in it.
func forwarded(m *ilink.Message) bool {
	return m.Type != ilink.MessageTypeBot && m.From != "" && len(m.Items) > 0
}

// refused tells of a message that the target will never take; those after it are not
// to wait for it.
func (p *poller) refused(m *ilink.Message, err *RefusedError) {
	p.log.Error("a message was refused by the process it was forwarded to, and is not tried again", "message", m, "err", err)
	if p.bridge.opts.OnRefused == nil {
		return
	}
	_ = guard(p.log, "OnRefused", p.secrets, func() error {
		p.bridge.opts.OnRefused(p.binding, m, err)
		return nil
	})
}

func (p *poller) forwardOne(ctx context.Context, b *batch, m *ilink.Message) error {
	target, err := p.target()
	if err != nil {
		return err
	}
	f := forwarder{
		client: p.bridge.forward, secret: p.binding.BridgeSecret, chats: p.mem.chats, log: p.log, secrets: p.secrets,
	}
	return f.forward(ctx, target, m, b.meta.Received)
}

// Forwarder forwards single messages to another process, as a Bridge does with
// its bindings' batches. It is for programs that keep messages themselves until
// they are taken.
type Forwarder struct {
	target *url.URL
	f      forwarder
	mu     sync.Mutex
}

// NewForwarder returns a forwarder to the base URL, such as
// "http://127.0.0.1:3002", that authenticates with the secret. transport makes
// the calls, nil means http.DefaultTransport.
func NewForwarder(baseURL, secret string, transport http.RoundTripper, log *slog.Logger) (*Forwarder, error) {
	u, err := url.Parse(baseURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		// It isn't named: it may hold a password.
		return nil, errors.New("bridge: forward: the forward URL is no http URL")
	}
	return &Forwarder{target: u, f: forwarder{
		client: newForwardClient(transport), secret: secret, chats: newRecentSet(maxChats), log: log,
		secrets: func() []string { return []string{secret} },
	}}, nil
}

// Forward posts the chat's metadata, once per chat, and then the message. The
// other process has taken it when the error is nil. A [*RefusedError] says that it
// will not take it; after any other error it may have, and knows a repeat by the
// message's id. Messages of bots and those without items or sender are left out.
func (f *Forwarder) Forward(ctx context.Context, m *ilink.Message, received time.Time) error {
	if !forwarded(m) {
		return nil
	}
	return f.f.forwardLocked(ctx, &f.mu, f.target, m, received)
}

// RefusedError says that the other process answered a message with a 4xx status. To
// send it again would not help, and the messages after it are not to wait. Statuses 408
// and 429 ask for another try and are not among these.
type RefusedError struct {
	Status int
	text   string
}

// Error says which call was answered, and how.
func (e *RefusedError) Error() string { return e.text }

func refuses(status int) bool {
	return status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests
}

// forwarder makes the calls to a forward target.
type forwarder struct {
	client  *http.Client
	secret  string
	chats   *recentSet
	log     *slog.Logger
	secrets func() []string
}

func (f *forwarder) forward(ctx context.Context, target *url.URL, m *ilink.Message, received time.Time) error {
	return f.forwardLocked(ctx, new(sync.Mutex), target, m, received)
}

// forwardLocked holds mu while it looks at the known chats.
func (f *forwarder) forwardLocked(ctx context.Context, mu *sync.Mutex, target *url.URL, m *ilink.Message, received time.Time) error {
	chat := m.From
	if m.IsGroup() {
		chat = m.GroupID
	}
	at := timestamp(m, received)
	// Another address may be another process, which doesn't know the chat.
	known := target.Host + " " + chat
	mu.Lock()
	tell := !f.chats.has(known)
	mu.Unlock()
	if tell {
		err := f.post(ctx, target, "metadata", forwardMetadata{
			ChatJID: chat, Timestamp: at, Name: chat, IsGroup: m.IsGroup(),
		})
		if err == nil {
			mu.Lock()
			f.chats.add(known)
			mu.Unlock()
		} else {
			f.log.Warn("a chat's metadata was not taken", "err", err)
		}
	}
	return f.post(ctx, target, "message", forwardMessage{
		ID: forwardID(m), ChatJID: chat, Sender: m.From, SenderName: m.From, Content: content(m), Timestamp: at,
	})
}

// post makes one call to the target.
func (f *forwarder) post(ctx context.Context, target *url.URL, path string, body any) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("bridge: forward: /%s: %w", path, fmt.Errorf(format, args...))
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return fail("encode: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, forwardTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.JoinPath(path).String(), bytes.NewReader(raw))
	if err != nil {
		return fail("the address is none")
	}
	req.Header.Set("Content-Type", "application/json")
	if f.secret != "" {
		req.Header.Set("Authorization", "Bearer "+f.secret)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		// The *url.Error around it names the whole URL.
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return fail("%w", scrubError(err, f.secrets()...))
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxForwardBody))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		// Its text is left out: it may repeat what the user wrote.
		answer := fail("the answer is %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
		if refuses(resp.StatusCode) {
			return &RefusedError{Status: resp.StatusCode, text: answer.Error()}
		}
		return answer
	}
	return nil
}
