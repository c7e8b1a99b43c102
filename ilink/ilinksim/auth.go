package ilinksim

import (
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// sessionTimeout is the answer -14. With ShortSession it has one of the forms that it
// may have (protocol §1): which one depends on the cause alone, so that a client's
// tests are repeatable and still meet all of them.
func (s *Server) sessionTimeout(cause string) reply {
	if !s.has(ShortSession) {
		return object(map[string]any{"ret": -14, "errcode": -14, "errmsg": "session timeout"})
	}
	switch cause {
	case causeAppHeaders, causeDisplaced:
		return object(map[string]any{"ret": -14})
	case causeAuthHeaders:
		return object(map[string]any{"ret": -14, "errmsg": "session timeout"})
	case causeUnknownToken, causeStaleToken:
		return object(map[string]any{"errcode": -14, "errmsg": "session timeout"})
	default: // causeReplacedToken, causeFault
		return object(map[string]any{"ret": -14, "errcode": -14, "errmsg": "session timeout"})
	}
}

const (
	causeAppHeaders    = "app headers"
	causeAuthHeaders   = "auth headers"
	causeUnknownToken  = "unknown token"
	causeStaleToken    = "stale token"
	causeReplacedToken = "token replaced by a later login"
	causeDisplaced     = "displaced by another poller"
	causeFault         = "fault"
)

// bearer is the token of an Authorization header, "" without one.
func bearer(r *http.Request) string {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return strings.TrimSpace(token)
}

// checkAppHeaders finds what is wrong with the headers every call needs, and
// records it as a warning. mu must be held.
func (s *Server) checkAppHeaders(c *call) (problem string) {
	h := c.r.Header
	switch {
	case h.Get("iLink-App-Id") != "bot":
		problem = `header iLink-App-Id must be "bot"`
	case !isUint32(h.Get("iLink-App-ClientVersion")):
		problem = "header iLink-App-ClientVersion must be a decimal uint32"
	default:
		return ""
	}
	s.warn(c.endpoint + ": " + problem)
	return problem
}

// authHeaderProblem finds what is wrong with the headers of an authenticated
// call.
func authHeaderProblem(h http.Header) string {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	switch {
	case err != nil || media != "application/json":
		return "header Content-Type must be application/json"
	case h.Get("AuthorizationType") != "ilink_bot_token":
		return "header AuthorizationType must be ilink_bot_token"
	case !isWechatUIN(h.Get("X-WECHAT-UIN")):
		return "header X-WECHAT-UIN must be base64 of a decimal uint32"
	case !strings.HasPrefix(h.Get("Authorization"), "Bearer "):
		return "header Authorization must be Bearer <token>"
	}
	return ""
}

func isUint32(s string) bool {
	_, err := strconv.ParseUint(s, 10, 32)
	return err == nil
}

func isWechatUIN(s string) bool {
	b, err := base64.StdEncoding.DecodeString(s)
	return err == nil && isUint32(string(b))
}

// authenticate checks an authenticated call in the real server's order:
// headers, token, body. If it isn't ok, the reply is the refusal.
func (s *Server) authenticate(c *call) (reply, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cause, detail := causeAppHeaders, s.checkAppHeaders(c)
	if !s.has(RefuseAppHeaders) {
		detail = "" // it was warned of
	}
	if detail == "" {
		cause = causeAuthHeaders
		if detail = authHeaderProblem(c.r.Header); detail != "" {
			s.warn(c.endpoint + ": " + detail)
		}
	}
	if detail == "" {
		cause = s.tokenProblem(c.bot, bearer(c.r))
		detail = cause
	}
	if detail != "" {
		s.log.Debug("ilinksim refuses the session", "endpoint", c.endpoint, "bot", c.botID(), "reason", detail)
		s.rejectCall(c, -14, "session timeout", ReasonSession, detail)
		return s.sessionTimeout(cause), false
	}
	if errmsg := baseInfoProblem(c.body); errmsg != "" && errmsg != errInvalid && !s.has(RefuseBaseInfo) {
		s.warn(c.endpoint + ": base_info.channel_version is missing")
	} else if errmsg != "" {
		s.rejectCall(c, -2, errmsg, ReasonBadRequest, "the body must be a JSON object with base_info.channel_version")
		return failure(-2, errmsg), false
	}
	return reply{}, true
}

// tokenProblem tells why token isn't good any more for b, the bot it belonged
// to when the call began; "" if it is good. mu must be held.
func (s *Server) tokenProblem(b *bot, token string) (cause string) {
	if b == nil || b.token != token {
		if _, was := s.retired[token]; was {
			return causeReplacedToken
		}
		return causeUnknownToken
	}
	if b.expired || s.opts.tokenLife > 0 && !s.clock.now().Before(b.tokenAt.Add(s.opts.tokenLife)) {
		return causeStaleToken
	}
	return ""
}

func baseInfoProblem(body []byte) (errmsg string) {
	var req struct {
		BaseInfo *struct {
			ChannelVersion string `json:"channel_version"`
		} `json:"base_info"`
	}
	if json.Unmarshal(body, &req) != nil {
		return errInvalid
	}
	if req.BaseInfo == nil || req.BaseInfo.ChannelVersion == "" {
		return "base_info required"
	}
	return ""
}
