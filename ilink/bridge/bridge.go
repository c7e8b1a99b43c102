package bridge

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// stopWait is how long stopping a poller waits for it. It ends on its own well
// before: the last try for what it has (5 s) and telling the server (10 s). Only a
// Deliver that heeds no context takes longer, and then goes on by itself.
const stopWait = 40 * time.Second

// BridgeBinding is what a poller needs to know of a bot bound to a sandbox.
type BridgeBinding struct {
	SandboxID     string
	BotID         string
	BotToken      string // a secret
	ILinkBaseURL  string // "" for [DefaultAPIBaseURL]
	GetUpdatesBuf string // the cursor to begin with; "" after a new login
	PodIP         string // where to forward to, if the resolver doesn't know; a port may follow
	BridgeSecret  string // what the forward target knows us by
}

// String names the binding and leaves the secrets out.
func (b BridgeBinding) String() string {
	return fmt.Sprintf("binding of %q to sandbox %q", b.BotID, b.SandboxID)
}

// GoString is String: %#v must not show the secrets either.
func (b BridgeBinding) GoString() string { return b.String() }

// LogValue keeps the secrets out of structured logs.
func (b BridgeBinding) LogValue() slog.Value { return slog.StringValue(b.String()) }

// BridgeDB is where a Bridge keeps what must outlast it. It is called by several
// pollers at once. While one of the first two returns an error, the messages at
// hand are not handed over, or the cursor is saved again later.
type BridgeDB interface {
	// UpdateGetUpdatesBuf saves the cursor, for the next start's
	// BridgeBinding.GetUpdatesBuf.
	UpdateGetUpdatesBuf(sandboxID, botID, buf string) error
	// UpsertContextToken saves what an answer to the user has to carry.
	UpsertContextToken(sandboxID, botID, userID, contextToken string) error
	// GetContextToken returns it. A Bridge doesn't call it: it is for the program
	// that sends.
	GetContextToken(sandboxID, botID, userID string) (string, error)
}

// SandboxResolver knows where a sandbox is now.
type SandboxResolver interface {
	// GetPodIP returns the sandbox's address, "" if it isn't known. It may have a
	// port, "127.0.0.1:4567"; otherwise that is 3002.
	GetPodIP(sandboxID string) string
}

// Bridge runs one poller for each binding. It is safe for concurrent use; make
// one with [NewBridge] or [NewBridgeWith].
type Bridge struct {
	db       BridgeDB
	resolver SandboxResolver
	opts     Options
	logger   *slog.Logger
	http     *http.Client
	forward  *http.Client
	own      *http.Transport // nil where both transports are the caller's

	mu       sync.Mutex
	closed   bool
	pollers  map[bindingKey]*poller // the newest one, until it has ended
	live     map[*poller]struct{}   // all that have not ended
	memories map[bindingKey]*memory
}

// bindingKey names a binding. It is no joined string: sandbox ids may hold any
// separator.
type bindingKey struct {
	sandboxID, botID string
}

// NewBridge returns a Bridge that forwards everything; see [NewBridgeWith].
func NewBridge(db BridgeDB, resolver SandboxResolver) *Bridge {
	return NewBridgeWith(db, resolver, Options{})
}

// NewBridgeWith returns a Bridge with no pollers. db and resolver may be nil:
// then nothing is saved, and PodIP is the binding's. Call [Bridge.Close] when
// done.
func NewBridgeWith(db BridgeDB, resolver SandboxResolver, opts Options) *Bridge {
	b := &Bridge{
		db: db, resolver: resolver, opts: opts,
		logger: opts.Logger, http: opts.HTTPClient,
		pollers: map[bindingKey]*poller{}, live: map[*poller]struct{}{}, memories: map[bindingKey]*memory{},
	}
	if b.logger == nil {
		b.logger = slog.Default()
	}
	transport := opts.ForwardTransport
	if b.http == nil || transport == nil {
		// Of its own, so that Close leaves no idle connections behind.
		b.own = ownTransport()
	}
	if b.http == nil {
		b.http = &http.Client{Transport: b.own}
	}
	if transport == nil {
		transport = b.own
	}
	b.forward = newForwardClient(transport)
	return b
}

func ownTransport() *http.Transport {
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		return t.Clone()
	}
	return &http.Transport{Proxy: http.ProxyFromEnvironment}
}

// StartPoller starts to poll for a binding. A poller for the same sandbox and
// bot is stopped first, and has ended before the new one polls: two pollers on
// one token push each other out. StartPoller itself doesn't wait for that, nor
// for anything else. After [Bridge.Close] it does nothing.
//
// To renew a token, start the poller anew with it and an empty GetUpdatesBuf.
func (b *Bridge) StartPoller(binding BridgeBinding) {
	key := bindingKey{binding.SandboxID, binding.BotID}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		b.logger.Warn("no poller was started: the bridge is closed", "sandbox", key.sandboxID, "bot", key.botID)
		return
	}
	b.forgetOldLocked(time.Now())
	mem := b.memories[key]
	if mem == nil {
		mem = newMemory()
		b.memories[key] = mem
	}
	mem.users++
	p := newPoller(b, key, binding, mem, b.pollers[key])
	if p.prev != nil {
		p.prev.replaced.Store(true)
		p.prev.cancel()
	}
	b.pollers[key] = p
	b.live[p] = struct{}{}
	go p.run()
}

// StopPoller stops the poller of a binding, if there is one, and waits until it
// has ended. A message being forwarded is cancelled; the next poller for the binding
// forwards it again. It doesn't wait when called from within that poller, that is by one
// of the functions in [Options] or by the BridgeDB; nor for longer than 40 s.
func (b *Bridge) StopPoller(sandboxID, botID string) {
	b.stop(func(k bindingKey) bool { return k == bindingKey{sandboxID, botID} })
}

// StopPollersForSandbox stops all pollers of a sandbox, and waits as
// [Bridge.StopPoller] does.
func (b *Bridge) StopPollersForSandbox(sandboxID string) {
	b.stop(func(k bindingKey) bool { return k.sandboxID == sandboxID })
}

func (b *Bridge) stop(which func(bindingKey) bool) {
	ctx, cancel := context.WithTimeout(context.Background(), stopWait)
	defer cancel()
	if b.wait(ctx, b.cancel(which)) != nil {
		b.logger.Error("a poller didn't end in time, it goes on by itself", "waited", stopWait)
	}
}

// Close stops all pollers, starts no more, and waits until all have ended or
// until ctx ends, whose error it returns then. Messages that were not taken by
// then are lost, with a line in the log.
func (b *Bridge) Close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.cancel(func(bindingKey) bool { return true })

	b.mu.Lock()
	var all []*poller
	for p := range b.live {
		all = append(all, p)
	}
	b.mu.Unlock()
	err := b.wait(ctx, all)
	if err == nil {
		b.mu.Lock()
		for key := range b.memories {
			b.forgetLocked(key)
		}
		b.mu.Unlock()
	}
	if b.own != nil {
		b.own.CloseIdleConnections()
	}
	return err
}

// cancel tells pollers to stop and returns them.
func (b *Bridge) cancel(which func(bindingKey) bool) []*poller {
	b.mu.Lock()
	defer b.mu.Unlock()
	var stopped []*poller
	for key, p := range b.pollers {
		if which(key) {
			p.cancel()
			stopped = append(stopped, p)
		}
	}
	return stopped
}

// wait waits for the end of pollers, but not of one that can't end before wait
// returns.
func (b *Bridge) wait(ctx context.Context, pollers []*poller) error {
	self := goroutineID()
	for _, p := range pollers {
		if b.within(p, self) {
			continue
		}
		select {
		case <-p.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// within reports whether a goroutine is the poller's, or that of one which the
// poller waits for.
func (b *Bridge) within(p *poller, goroutine uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ; p != nil; p = p.prev {
		if p.goroutine == goroutine {
			return true
		}
	}
	return false
}

// ended takes note of a poller's end.
func (b *Bridge) ended(p *poller) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.live, p)
	if b.pollers[p.key] == p {
		delete(b.pollers, p.key)
	}
	p.mem.users--
	p.mem.idleSince = time.Now()
	close(p.done)
}

// forgetOldLocked drops what is known of bindings that nobody polls any more.
// b.mu must be held.
func (b *Bridge) forgetOldLocked(now time.Time) {
	for key, mem := range b.memories {
		if mem.users == 0 && now.Sub(mem.idleSince) > memoryLife {
			b.forgetLocked(key)
		}
	}
}

func (b *Bridge) forgetLocked(key bindingKey) {
	mem := b.memories[key]
	if mem.users > 0 {
		return
	}
	delete(b.memories, key)
	if mem.pending != nil {
		b.logger.Error("messages are lost: nobody took them",
			"sandbox", key.sandboxID, "bot", key.botID, "messages", mem.pending.left())
	}
}
