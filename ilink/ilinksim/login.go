package ilinksim

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"time"
)

const (
	// qrLife is how long a QR code can be scanned (protocol §2).
	qrLife = 2 * time.Minute
	// spinPause is how long a client waits that asks again for a status it knows.
	spinPause = 200 * time.Millisecond
	// maxWrongCodes is how many wrong pair codes block a QR code.
	maxWrongCodes = 3
	// maxLocalTokens is how many tokens a client may list.
	maxLocalTokens = 10
)

// The statuses of get_qrcode_status (protocol §2; "scaned" is spelt so).
const (
	statusWait       = "wait"
	statusScaned     = "scaned"
	statusNeedCode   = "need_verifycode"
	statusBlocked    = "verify_code_blocked"
	statusRedirect   = "scaned_but_redirect"
	statusBound      = "binded_redirect"
	statusExpired    = "expired"
	statusCancelled  = "cancelled"
	statusConfirmed  = "confirmed"
	autoConfirmUser  = "demo"
	defaultPairCode  = "1234"
	defaultLoginUser = "owner"
)

// QRCode is a QR code as given out by get_bot_qrcode.
type QRCode struct {
	QRCode  string `json:"qrcode"`
	Content string `json:"content"` // the URL to show as a QR code
	Status  string `json:"status"`
	AtMS    int64  `json:"at_ms"`
	Pending bool   `json:"pending"` // may still become confirmed
}

// A login is the server's side of one QR code.
type login struct {
	code     string
	content  string
	at       time.Time
	status   string
	told     bool // the status has been given to a poll
	polls    int
	again    int      // polls for a status that was told already
	local    []string // local_token_list
	pairCode string   // what the phone shows
	wrong    int
	host     string         // redirect_host
	result   map[string]any // of confirmed
}

// final tells whether the status doesn't change any more.
func (l *login) final() bool {
	return slices.Contains([]string{statusBlocked, statusBound, statusExpired, statusCancelled, statusConfirmed}, l.status)
}

// held tells whether polls are held while nothing happens.
func (l *login) held() bool { return l.status == statusWait || l.status == statusScaned }

// set moves the login to a status that the next poll gets at once.
func (l *login) set(status string) { l.status, l.told = status, false }

// getBotQRCode gives out a QR code: POST with local_token_list, or GET by
// older clients.
func (s *Server) getBotQRCode(c *call) reply {
	var req struct {
		LocalTokens []string `json:"local_token_list"`
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(c.body) > 0 && json.Unmarshal(c.body, &req) != nil {
		s.warn("get_bot_qrcode: the body isn't {\"local_token_list\":[…]}")
	}
	if len(req.LocalTokens) > maxLocalTokens {
		s.warn("get_bot_qrcode: local_token_list has more than 10 tokens")
	}
	botType := c.r.URL.Query().Get("bot_type")
	if botType != "3" {
		s.warn("get_bot_qrcode: bot_type isn't 3")
		return failure(-2, errInvalid)
	}
	code := randomHex(16)
	l := &login{
		code: code, at: s.clock.now(), status: statusWait, local: req.LocalTokens,
		content: "https://liteapp.weixin.qq.com/q/" + code[:6] + "?" +
			url.Values{"qrcode": {code}, "bot_type": {botType}}.Encode(),
	}
	s.logins = append(s.logins, l)
	s.touch()
	return object(map[string]any{"qrcode": l.code, "qrcode_img_content": l.content})
}

// getQRCodeStatus holds a poll while the status is one that is held and the client has been
// told it; all others are answered at once, after a small pause where they were told before.
func (s *Server) getQRCodeStatus(c *call) reply {
	q := c.r.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.findLogin(q.Get("qrcode"))
	if l == nil {
		s.warn("get_qrcode_status: the QR code is unknown")
		s.mu.Unlock()
		pause(c.r.Context(), s.done, spinPause)
		s.mu.Lock()
		return object(map[string]any{"status": statusExpired})
	}
	l.polls++
	if l.told && !l.held() && q.Get("verify_code") == "" {
		// Answered at once, a client without a pause would spin.
		if l.again++; l.again > 1 {
			s.warn("get_qrcode_status: polled again and again after " + l.status)
		}
		s.mu.Unlock()
		pause(c.r.Context(), s.done, spinPause)
		s.mu.Lock()
	}
	s.autoConfirm(l)
	if code := q.Get("verify_code"); code != "" {
		l.verify(code)
		s.touch()
	}
	// Whoever polls the host of a redirect has followed it.
	if l.status == statusRedirect && l.told && c.r.Host == l.host {
		l.set(statusScaned)
	}
	deadline := time.Now().Add(s.opts.hold)
	for {
		s.expire(l)
		if s.heldFault(c) {
			return s.faultedLocked(c)
		}
		left := time.Until(deadline)
		if l.status != statusWait && (!l.told || !l.held()) || left <= 0 {
			return l.answer()
		}
		if d := s.clock.until(l.at.Add(qrLife)); d > 0 {
			left = min(left, d)
		}
		switch s.waitChange(c.r.Context(), left) {
		case nil:
		case ErrClosed:
			return l.answer()
		default: // the client is gone: it hasn't been told
			return reply{cut: true}
		}
	}
}

// answer tells the client the status.
func (l *login) answer() reply {
	l.told = true
	fields := map[string]any{"status": l.status}
	switch l.status {
	case statusRedirect:
		fields["redirect_host"] = l.host
	case statusConfirmed:
		for k, v := range l.result {
			fields[k] = v
		}
	}
	return object(fields)
}

// verify checks a pair code: right is scaned, wrong is need_verifycode again,
// three times wrong is blocked.
func (l *login) verify(code string) {
	if l.status != statusNeedCode {
		return
	}
	if code == l.pairCode {
		l.set(statusScaned)
		return
	}
	l.wrong++
	l.set(statusNeedCode)
	if l.wrong >= maxWrongCodes {
		l.set(statusBlocked)
	}
}

// expire ends a QR code that is too old. mu must be held, as for all below.
func (s *Server) expire(l *login) {
	if !l.final() && !s.clock.now().Before(l.at.Add(qrLife)) {
		l.set(statusExpired)
	}
}

// autoConfirm plays the phone's part for WithAutoConfirm.
func (s *Server) autoConfirm(l *login) {
	if !s.opts.autoConfirm || l.final() {
		return
	}
	if l.polls == 1 {
		l.set(statusScaned)
		return
	}
	s.confirm(l, LoginAction{BotID: s.opts.autoBot, UserID: autoConfirmUser})
}

func (s *Server) findLogin(code string) *login {
	for _, l := range s.logins {
		if l.code == code {
			return l
		}
	}
	return nil
}

// QRCodes returns the QR codes that may still be confirmed, newest last.
func (s *Server) QRCodes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var codes []string
	for _, q := range s.qrCodes() {
		if q.Pending {
			codes = append(codes, q.QRCode)
		}
	}
	return codes
}

// WaitQRCode waits for a QR code that may still be confirmed and returns the
// newest. It fails with ctx's error or ErrClosed.
func (s *Server) WaitQRCode(ctx context.Context) (qrcode string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		for _, q := range slices.Backward(s.qrCodes()) {
			if q.Pending {
				return q.QRCode, nil
			}
		}
		if err := s.waitChange(ctx, 0); err != nil {
			return "", err
		}
	}
}

// qrCodes lists all QR codes, oldest first.
func (s *Server) qrCodes() []QRCode {
	list := make([]QRCode, len(s.logins))
	for i, l := range s.logins {
		s.expire(l)
		list[i] = QRCode{QRCode: l.code, Content: l.content, Status: l.status, AtMS: l.at.UnixMilli(), Pending: !l.final()}
	}
	return list
}
