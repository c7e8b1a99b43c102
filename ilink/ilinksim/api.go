package ilinksim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// maxAPIBody is the longest request body of an API call, in bytes.
const maxAPIBody = 1 << 20

// A call is one request to an API or CDN endpoint.
type call struct {
	endpoint string // as faults name it: "getupdates", "cdn_upload", …
	r        *http.Request
	body     []byte
	bot      *bot // whose current token (or upload) it carries; nil if none
	epoch    int  // the last fault it has been matched with
	plan     plan // what faults do to it
}

func (c *call) botID() string {
	if c.bot == nil {
		return ""
	}
	return c.bot.id
}

// A reply is an answer that isn't written yet, so that a fault can still lose
// it on the way.
type reply struct {
	status      int // 0 is 200
	contentType string
	header      map[string]string
	body        []byte
	stream      func(io.Writer) error // instead of body
	size        int64                 // of stream
	cut         bool                  // close the connection, with no answer
}

// object answers with a JSON object.
func object(fields map[string]any) reply {
	b, err := json.Marshal(fields)
	if err != nil {
		return reply{status: http.StatusInternalServerError, contentType: "text/plain", body: []byte(err.Error())}
	}
	return reply{contentType: "application/json", body: b}
}

// failure answers with ret and errmsg; an empty errmsg is left out, as the
// real server does.
func failure(ret int, errmsg string) reply {
	fields := map[string]any{"ret": ret}
	if errmsg != "" {
		fields["errmsg"] = errmsg
	}
	return object(fields)
}

func (rep reply) write(w http.ResponseWriter) error {
	if rep.cut {
		// Closes the connection without an answer; net/http knows this value.
		panic(http.ErrAbortHandler)
	}
	for k, v := range rep.header {
		w.Header().Set(k, v)
	}
	if rep.contentType != "" {
		w.Header().Set("Content-Type", rep.contentType)
	}
	size := int64(len(rep.body))
	if rep.stream != nil {
		size = rep.size
	}
	w.Header().Set("Content-Length", fmt.Sprint(size))
	w.WriteHeader(orStatus(rep.status))
	if rep.stream != nil {
		return rep.stream(w)
	}
	_, err := w.Write(rep.body)
	return err
}

func orStatus(status int) int {
	if status == 0 {
		return http.StatusOK
	}
	return status
}

// routes is the whole surface: API, CDN, control.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for name, handle := range map[string]func(*call) reply{
		"getupdates":      s.getUpdates,
		"sendmessage":     s.sendMessage,
		"getconfig":       s.getConfig,
		"sendtyping":      s.sendTyping,
		"recallmessage":   s.recallMessage,
		"getuploadurl":    s.getUploadURL,
		"msg/notifystart": s.notify,
		"msg/notifystop":  s.notify,
	} {
		mux.Handle("POST /ilink/bot/"+name, s.api(endpointName(name), true, handle))
	}
	mux.Handle("POST /ilink/bot/get_bot_qrcode", s.api("get_bot_qrcode", false, s.getBotQRCode))
	mux.Handle("GET /ilink/bot/get_bot_qrcode", s.api("get_bot_qrcode", false, s.getBotQRCode))
	mux.Handle("GET /ilink/bot/get_qrcode_status", s.api("get_qrcode_status", false, s.getQRCodeStatus))
	s.cdnRoutes(mux)
	s.controlRoutes(mux)
	return mux
}

// endpointName is how faults and warnings call the endpoint at path.
func endpointName(path string) string {
	const notify = "msg/"
	if len(path) > len(notify) && path[:len(notify)] == notify {
		return path[len(notify):]
	}
	return path
}

// api wraps the handler of one API endpoint: bounded body, faults,
// authentication.
func (s *Server) api(name string, authenticated bool, handle func(*call) reply) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAPIBody))
		if err != nil {
			status := http.StatusBadRequest
			var tooLong *http.MaxBytesError
			if errors.As(err, &tooLong) {
				status = http.StatusRequestEntityTooLarge
			}
			http.Error(w, err.Error(), status)
			return
		}
		c := &call{endpoint: name, r: r, body: body}
		s.mu.Lock()
		c.bot = s.byToken[bearer(r)]
		s.mu.Unlock()
		s.answer(w, c, func() reply {
			if !authenticated {
				s.mu.Lock()
				s.checkAppHeaders(c)
				s.mu.Unlock()
				return handle(c)
			}
			if rep, ok := s.authenticate(c); !ok {
				return rep
			}
			return handle(c)
		})
	})
}

// answer applies the faults that are due around handle and writes what comes
// out.
func (s *Server) answer(w http.ResponseWriter, c *call, handle func() reply) {
	s.mu.Lock()
	s.planFaults(c)
	s.mu.Unlock()
	if !pause(c.r.Context(), s.done, c.plan.delay) {
		return
	}
	var rep reply
	if c.plan.instead != nil {
		rep = s.faulted(c)
	} else {
		rep = handle()
		c.plan.after(&rep)
	}
	s.log.Debug("ilinksim call", "endpoint", c.endpoint, "bot", c.botID(),
		"status", orStatus(rep.status), "cut", rep.cut, "bytes", len(rep.body))
	if !rep.cut {
		drain(c.r)
	}
	// Clients learn the server's time from it, and windows close by that.
	w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
	if err := rep.write(w); err != nil {
		s.log.Debug("ilinksim answer not written", "endpoint", c.endpoint, "error", err)
	}
}

// drain reads what an early answer left of the request's body: a client that
// is still sending would see a broken connection instead of the answer.
func drain(r *http.Request) {
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, paddedSize(maxPlaintext)))
}

// pause waits d of real time; false means that the client or the simulator
// went away meanwhile.
func pause(ctx context.Context, done <-chan struct{}, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	case <-done:
		return false
	}
}
