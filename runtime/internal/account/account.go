// Package account is a bot's account with iLink: one token with its client, its session
// and its clock. What the bot's script may do with it is no concern of this package.
//
// An account looks for its token, has the bridge poll with it, and says what becomes of
// the session. There may be no token yet, it may be replaced by another login at any
// time, and the server may stop knowing it.
package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/bridge"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/backoff"
)

// TokenInterval is how often an account looks whether there is another token.
const TokenInterval = 2 * time.Second

// StateLoggedOut is the state of an account without a token. The others are the names of
// the bridge's phases.
const StateLoggedOut = "logged_out"

// ErrLoggedOut says that there is no token, and so nobody to ask the server as.
var ErrLoggedOut error = &luabind.HostError{Kind: "logged_out", Message: "the bot is not logged in"}

// Options are what an account needs. All but BaseURL and ClientOptions must be set,
// and the callbacks must not block.
type Options struct {
	// Name is the account's: of its poller, and in the store.
	Name string
	// LoadToken finds the newest token.
	LoadToken func() (ilink.Token, error)
	// BaseURL is the server's where the token names none, "" for the usual one.
	BaseURL string
	// ClientOptions are those of each client, beside the account's own.
	ClientOptions []ilink.Option
	// Bridge polls, and Cursor tells from where on, by a session as [Session] names it.
	Bridge *bridge.Bridge
	Cursor func(ctx context.Context, session string) (string, error)
	Logger *slog.Logger

	// OnState is told of each state, and what is wrong if something is.
	OnState func(state string, err error)
	// OnLogin is told of another token.
	OnLogin func()
	// OnPoll is told whether polls get through.
	OnPoll func(through bool)
	// OnExpired is told when the server stops knowing the token.
	OnExpired func(since time.Time)
}

// Account is one token, and what is known of it.
type Account struct {
	opts  Options
	clock ilink.ServerClock // of all clients of the account
	trip  roundTrip

	mu     sync.Mutex
	token  ilink.Token   // in use
	client *ilink.Client // nil while there is no token
	state  string
	since  time.Time // when the session expired, zero while it is good
}

// New returns an account. It does nothing until it is run.
func New(o Options) *Account { return &Account{opts: o} }

// Run sees to it that the bridge polls with the account's newest token, until ctx ends.
func (a *Account) Run(ctx context.Context) {
	for ctx.Err() == nil {
		token, err := a.opts.LoadToken()
		switch {
		case err != nil && a.Token() == (ilink.Token{}):
			if a.State() != StateLoggedOut {
				a.opts.Logger.Warn("no token", "err", err)
			}
			a.setState(StateLoggedOut, err)
		case err != nil:
			// It is being written, or was taken away: the one in use may still do.
			a.opts.Logger.Debug("read the token", "err", err)
		case token != a.Token():
			a.Use(token)
			cursor, err := a.opts.Cursor(ctx, Session(token))
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				a.opts.Logger.Error("read the cursor, polling from the newest message on", "err", err)
			}
			a.opts.Bridge.StartPoller(bridge.BridgeBinding{
				SandboxID: a.opts.Name, BotID: a.opts.Name, BotToken: token.BotToken, ILinkBaseURL: a.baseURL(token), GetUpdatesBuf: cursor,
			})
		}
		backoff.Sleep(ctx, TokenInterval)
	}
}

// Stop ends polling.
func (a *Account) Stop() { a.opts.Bridge.StopPollersForSandbox(a.opts.Name) }

// Token is the one in use, zero while there is none.
func (a *Account) Token() ilink.Token {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.token
}

// Client returns the client for the token in use, [ErrLoggedOut] while there is none.
func (a *Account) Client() (*ilink.Client, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.client == nil {
		return nil, ErrLoggedOut
	}
	return a.client, nil
}

// Use makes a token the one in use.
func (a *Account) Use(token ilink.Token) {
	client := ilink.NewClient(token, a.ClientOptions()...)
	a.mu.Lock()
	a.token, a.client = token, client
	a.mu.Unlock()
	a.opts.OnLogin()
}

// LogOut forgets the token.
func (a *Account) LogOut() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.token, a.client = ilink.Token{}, nil
}

// Refresh looks for another token, and returns the newest one. The bridge asks for it
// while the server doesn't know the token.
func (a *Account) Refresh() (ilink.Token, error) {
	token, err := a.opts.LoadToken()
	if err == nil && token != a.Token() {
		a.Use(token)
	}
	// The bridge has our name of the bot, not the server's, and would take this
	// token for another bot's.
	token.BotID = ""
	return token, err
}

// ClientOptions are those of the account's clients.
func (a *Account) ClientOptions() []ilink.Option {
	return append([]ilink.Option{ilink.WithServerClock(&a.clock)}, a.opts.ClientOptions...)
}

func (a *Account) baseURL(token ilink.Token) string {
	switch {
	case token.BaseURL != "":
		return token.BaseURL
	case a.opts.BaseURL != "":
		return a.opts.BaseURL
	}
	return ilink.DefaultBaseURL
}

// Now is the server's time as its answers tell it, those to polls included; ours
// until there was one.
func (a *Account) Now() time.Time { return a.clock.Now() }

// Session is a short name for the session that a token stands for. It says nothing about
// the token.
func Session(token ilink.Token) string {
	sum := sha256.Sum256([]byte("ilinkd" + token.BotToken))
	return hex.EncodeToString(sum[:6])
}
