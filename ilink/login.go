package ilink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	// statusTimeout is how long one poll of a login's state may take: the server
	// holds it up to 35 s.
	statusTimeout = 40 * time.Second
	// statusPause lies between two polls of a login's state.
	statusPause = time.Second
	// loginTimeout bounds a whole login where the caller's context doesn't.
	loginTimeout = 8 * time.Minute
	// maxQRCodes is how many QR codes one login shows in all: those that expired
	// and those that too many wrong pair codes blocked count alike.
	maxQRCodes = 3
	// maxLocalTokens is how many tokens a login may name.
	maxLocalTokens = 10
	// botType is what we ask a login for.
	botType = "3"
)

// Token is what a login yields, and all that a [Client] needs. It is a secret:
// keep it in a file that only its owner can read.
type Token struct {
	// BotToken authenticates the bot. It holds for about 30 days.
	BotToken string `json:"bot_token"`
	// BaseURL is the API base for this account, "" for the default.
	BaseURL string `json:"baseurl,omitempty"`
	// BotID is the bot's id, "…@im.bot".
	BotID string `json:"ilink_bot_id,omitempty"`
	// UserID is the person who scanned the QR code.
	UserID string `json:"ilink_user_id,omitempty"`
}

// LogValue keeps the token out of structured logs.
func (t Token) LogValue() slog.Value {
	return slog.GroupValue(slog.String("bot_id", t.BotID), slog.String("bot_token", redacted))
}

// String names the bot and leaves the secret out.
func (t Token) String() string { return fmt.Sprintf("token of %s %s", t.BotID, redacted) }

// GoString is String: %#v must not show the secret either.
func (t Token) GoString() string { return t.String() }

// LoginStatus is the state of a login as the server names it (protocol §2).
type LoginStatus string

const (
	LoginWait              LoginStatus = "wait"                // not scanned yet
	LoginScanned           LoginStatus = "scaned"              // scanned, or the pair code was right
	LoginNeedVerifyCode    LoginStatus = "need_verifycode"     // the phone shows a pair code
	LoginVerifyCodeBlocked LoginStatus = "verify_code_blocked" // too many wrong pair codes
	LoginRedirect          LoginStatus = "scaned_but_redirect" // another data centre takes over
	LoginAlreadyBound      LoginStatus = "binded_redirect"     // bound here already
	LoginExpired           LoginStatus = "expired"             // a fresh QR code is needed
	LoginCancelled         LoginStatus = "cancelled"           // declined on the phone
	LoginConfirmed         LoginStatus = "confirmed"           // done
)

// LoginConfig says how a login is done. The zero value does what [StartLogin]
// does.
type LoginConfig struct {
	// BaseURL is the API base, "" for [DefaultBaseURL].
	BaseURL string
	// HTTPClient makes the calls; nil means a plain one.
	HTTPClient *http.Client
	// RouteTag is the SKRouteTag header.
	RouteTag string
	// LocalTokens are the bot tokens already on this machine, newest first. The
	// first ten are named to the server, which then recognises a bot that is bound
	// here. Empty ones and repeats don't count.
	LocalTokens []string

	// OnQRCode shows a fresh QR code in place of one that expired, after about two
	// minutes, or was blocked by wrong pair codes. It is called within Wait, at most
	// twice: a login has three QR codes in all. Without it an expired QR code ends
	// the login with [ErrQRCodeExpired].
	OnQRCode func(l *Login)
	// OnStatus is told of each change of state; a fresh QR code starts anew.
	OnStatus func(s LoginStatus)
	// VerifyCode asks the person for the pair code that the phone shows; wrong
	// says that the last one was not right. Without it a pair code ends the login
	// with [ErrVerifyCodeNeeded].
	VerifyCode func(ctx context.Context, wrong bool) (string, error)
}

// Login is a login in progress.
type Login struct {
	// QRCode is the server's name for this login.
	QRCode string
	// URL is the text to show as a QR code; opened in a browser it shows one.
	URL string

	cfg       LoginConfig
	transport transport
	base      string // where to poll; a redirect changes it
}

// String leaves the secrets out.
func (l *Login) String() string { return "ilink login at " + l.base }

// GoString is String: %#v must not show them either.
func (l *Login) GoString() string { return l.String() }

// StartLogin asks for a QR code. Show [Login].URL, then call [Login.Wait].
func StartLogin(ctx context.Context) (*Login, error) {
	return NewLogin(ctx, LoginConfig{})
}

// NewLogin is [StartLogin] with choices.
func NewLogin(ctx context.Context, cfg LoginConfig) (*Login, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = DefaultBaseURL
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = &http.Client{}
	}
	cfg.LocalTokens = newestTokens(cfg.LocalTokens)
	l := &Login{
		cfg:       cfg,
		transport: transport{http: cfg.HTTPClient, routeTag: cfg.RouteTag, red: newRedactor(cfg.LocalTokens...)},
	}
	if err := l.freshQRCode(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// newestTokens is the list that a login names: the first tokens, each once.
func newestTokens(all []string) []string {
	tokens := []string{}
	for _, token := range all {
		token = strings.TrimSpace(token)
		if token != "" && len(tokens) < maxLocalTokens && !slices.Contains(tokens, token) {
			tokens = append(tokens, token)
		}
	}
	return tokens
}

// freshQRCode takes a new QR code, at the base where logins start. The call has
// no time-out of its own (protocol §2).
func (l *Login) freshQRCode(ctx context.Context) error {
	const op = "get_bot_qrcode"
	body, err := json.Marshal(map[string]any{"local_token_list": l.cfg.LocalTokens})
	if err != nil {
		return fmt.Errorf("ilink: %s: encode the request: %w", op, err)
	}
	header := http.Header{
		"Content-Type":      {"application/json"},
		"AuthorizationType": {"ilink_bot_token"},
		"X-WECHAT-UIN":      {randomUIN()},
	}
	raw, err := l.transport.do(ctx, op, http.MethodPost,
		queryURL(l.cfg.BaseURL, "/ilink/bot/get_bot_qrcode", "bot_type", botType), header, body)
	if err != nil {
		return err
	}
	var resp struct {
		status
		QRCode     string `json:"qrcode"`
		ImgContent string `json:"qrcode_img_content"`
	}
	if err := decodeAnswer(op, raw, &resp, false, l.transport.red); err != nil {
		return err
	}
	if resp.QRCode == "" {
		return errors.New("ilink: get_bot_qrcode: the answer has no QR code")
	}
	l.QRCode, l.URL, l.base = resp.QRCode, resp.ImgContent, l.cfg.BaseURL
	return nil
}

// Wait polls until the person has confirmed on the phone, and returns the token.
// It ends with [ErrQRCodeExpired], [ErrQRCodeCancelled], [ErrAlreadyBound],
// [ErrVerifyCodeNeeded], or [ErrLoginTimeout] itself when ctx has ended or eight
// minutes have passed; ctx.Err() tells these apart. A new token makes a cursor kept for the bot void: clear it.
func (l *Login) Wait(ctx context.Context) (*Token, error) {
	ctx, cancel := context.WithTimeout(ctx, loginTimeout)
	defer cancel()
	var (
		code    string
		qrCodes = 1
		last    LoginStatus
	)
	for {
		st, err := l.poll(ctx, code)
		// A token that came in the last moment is the only one that there is.
		if ctx.Err() != nil && (err != nil || st.Status != LoginConfirmed) {
			return nil, ErrLoginTimeout
		}
		if err != nil {
			return nil, err
		}
		if st.Status != last && l.cfg.OnStatus != nil {
			l.cfg.OnStatus(st.Status)
		}
		last = st.Status

		switch st.Status {
		case LoginScanned:
			code = ""
		case LoginNeedVerifyCode:
			if l.cfg.VerifyCode == nil {
				return nil, ErrVerifyCodeNeeded
			}
			if code, err = l.cfg.VerifyCode(ctx, code != ""); err != nil {
				if ctx.Err() != nil {
					return nil, ErrLoginTimeout
				}
				return nil, fmt.Errorf("ilink: ask for the pair code: %w", err)
			}
			if code = strings.TrimSpace(code); code != "" {
				continue // at once: the person is waiting
			}
		case LoginExpired, LoginVerifyCodeBlocked:
			code = ""
			if l.cfg.OnQRCode == nil || qrCodes == maxQRCodes {
				return nil, ErrQRCodeExpired
			}
			if err := l.freshQRCode(ctx); err != nil {
				if ctx.Err() != nil {
					return nil, ErrLoginTimeout
				}
				return nil, err
			}
			qrCodes++
			last = ""
			l.cfg.OnQRCode(l)
		case LoginRedirect:
			l.redirect(st.RedirectHost)
		case LoginAlreadyBound:
			return nil, ErrAlreadyBound
		case LoginCancelled:
			return nil, ErrQRCodeCancelled
		case LoginConfirmed:
			if st.BotID == "" || st.BotToken == "" {
				return nil, errors.New("ilink: get_qrcode_status: confirmed without a bot id or a token")
			}
			return &Token{BotToken: st.BotToken, BaseURL: st.BaseURL, BotID: st.BotID, UserID: st.UserID}, nil
		}
		if sleep(ctx, statusPause) != nil {
			return nil, ErrLoginTimeout
		}
	}
}

type loginState struct {
	Status       LoginStatus `json:"status"`
	BotToken     string      `json:"bot_token"`
	BotID        string      `json:"ilink_bot_id"`
	BaseURL      string      `json:"baseurl"`
	UserID       string      `json:"ilink_user_id"`
	RedirectHost string      `json:"redirect_host"`
}

// poll asks for the login's state once. A time-out, a gateway's error and a
// broken connection mean "wait": the server may be holding the call still.
func (l *Login) poll(ctx context.Context, code string) (*loginState, error) {
	const op = "get_qrcode_status"
	pairs := []string{"qrcode", l.QRCode}
	if code != "" {
		pairs = append(pairs, "verify_code", code)
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	waiting := &loginState{Status: LoginWait}

	red := l.transport.red.and(l.QRCode, code)
	t := l.transport
	t.red = red
	raw, err := t.do(ctx, op, http.MethodGet, queryURL(l.base, "/ilink/bot/get_qrcode_status", pairs...), nil, nil)
	if err != nil {
		var te *TransportError
		if errors.As(err, &te) && !te.Temporary() {
			return nil, err
		}
		return waiting, nil
	}
	var resp struct {
		status
		loginState
	}
	err = decodeAnswer(op, raw, &resp, false, red)
	var refused *APIError
	if errors.As(err, &refused) {
		return nil, err
	}
	if err != nil {
		return waiting, nil
	}
	return &resp.loginState, nil
}

// redirect polls another data centre from now on. A base without TLS is a test
// server's, and so is where it redirects to.
func (l *Login) redirect(host string) {
	if host == "" {
		return
	}
	scheme := "https"
	if base, err := url.Parse(l.base); err == nil && base.Scheme == "http" {
		scheme = "http"
	}
	l.base = scheme + "://" + strings.TrimRight(host, "/")
}
