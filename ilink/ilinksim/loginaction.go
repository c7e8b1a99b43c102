package ilinksim

import (
	"errors"
	"fmt"
	"slices"
)

// LoginAction is what happens on the phone's side of a login.
type LoginAction struct {
	// Action is one of
	//
	//	scan                    scanned, being confirmed
	//	need_verifycode         the phone shows Code (default "1234")
	//	confirm                 confirmed for BotID (default a new bot) by UserID;
	//	                        an existing bot gets a new token, the old one -14.
	//	                        If the client's local_token_list has the bot's
	//	                        current token, it is binded_redirect instead
	//	confirm_without_bot_id  confirmed, but with no ilink_bot_id: an error
	//	binded_redirect         the bot is bound here already
	//	redirect                scaned_but_redirect to RedirectHost (default the
	//	                        simulator itself); once polled there, scaned
	//	cancel                  declined
	//	expire                  expired before its 2 minutes
	//	raw                     Status as it is
	Action       string `json:"action"`
	BotID        string `json:"bot_id,omitempty"`
	UserID       string `json:"user_id,omitempty"` // ilink_user_id; default owner@im.wechat
	RedirectHost string `json:"redirect_host,omitempty"`
	Code         string `json:"code,omitempty"`
	Status       string `json:"status,omitempty"`
	BaseURL      string `json:"base_url,omitempty"` // of confirmed; default the simulator's URL
}

// LoginAction does something on the phone's side of the login of a QR code; a
// held status poll answers at once. It fails for an unknown or finished QR
// code and an unknown action.
func (s *Server) LoginAction(qrcode string, a LoginAction) error {
	_, err := s.loginAction(qrcode, a)
	return err
}

// errNoQRCode is a QR code that was never given out.
type errNoQRCode string

func (e errNoQRCode) Error() string {
	return fmt.Sprintf("no QR code %q: a client must ask for one with get_bot_qrcode", string(e))
}

// loginAction also returns the account of the bot that was confirmed, if any.
func (s *Server) loginAction(qrcode string, a LoginAction) (*Bot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.findLogin(qrcode)
	if l == nil {
		return nil, errNoQRCode(qrcode)
	}
	s.expire(l)
	if l.final() && a.Action != "raw" {
		return nil, fmt.Errorf("the QR code is already %s: a client must ask for another", l.status)
	}
	defer s.touch()
	switch a.Action {
	case "scan":
		l.set(statusScaned)
	case "need_verifycode":
		l.pairCode, l.wrong = a.Code, 0
		if l.pairCode == "" {
			l.pairCode = defaultPairCode
		}
		l.set(statusNeedCode)
	case "confirm":
		if l.status == statusNeedCode {
			return nil, errors.New("the phone waits for the pair code: a client must send it first")
		}
		return s.confirm(l, a), nil
	case "confirm_without_bot_id":
		l.result = map[string]any{"bot_token": randomHex(20), "baseurl": s.URL, "ilink_user_id": userID(defaultLoginUser)}
		l.set(statusConfirmed)
	case "binded_redirect":
		l.set(statusBound)
	case "redirect":
		l.host = a.RedirectHost
		if l.host == "" {
			l.host = s.host()
		}
		l.set(statusRedirect)
	case "cancel":
		l.set(statusCancelled)
	case "expire":
		l.set(statusExpired)
	case "raw":
		if a.Status == "" {
			return nil, fmt.Errorf("action raw needs a status")
		}
		l.set(a.Status)
	default:
		return nil, fmt.Errorf("action %q is unknown; there are scan, need_verifycode, confirm, "+
			"confirm_without_bot_id, binded_redirect, redirect, cancel, expire and raw", a.Action)
	}
	return nil, nil
}

// confirm ends a login with success: a new token, or none where the client
// has the current one. mu must be held.
func (s *Server) confirm(l *login, a LoginAction) *Bot {
	id := botID(a.BotID)
	b := s.findBot(id)
	switch {
	case b == nil:
		b = s.newBot(id)
	case slices.Contains(l.local, b.token) && s.tokenProblem(b, b.token) == "":
		l.set(statusBound)
		return nil
	default:
		s.renew(b)
	}
	user, base := userID(a.UserID), a.BaseURL
	if user == "" {
		user = userID(defaultLoginUser)
	}
	if base == "" {
		base = s.URL
	}
	l.result = map[string]any{
		"bot_token": b.token, "ilink_bot_id": b.id, "baseurl": base, "ilink_user_id": user,
	}
	l.set(statusConfirmed)
	bot := s.public(b)
	return &bot
}
