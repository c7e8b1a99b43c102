package ilinksim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// maxControlBody is the longest body of a control call: 100 MiB of media
	// in base64, and some.
	maxControlBody = 150 << 20
	// maxWait is the longest wait_ms.
	maxWait = time.Minute
)

// controlRoutes adds the control API; package doc has the table.
func (s *Server) controlRoutes(mux *http.ServeMux) {
	mux.Handle("POST /sim/bots", s.control(s.controlAddBot))
	mux.Handle("POST /sim/bots/{id}/expire", s.control(s.controlExpire))
	mux.Handle("POST /sim/messages", s.control(s.controlMessage))
	mux.Handle("GET /sim/sent", s.control(s.controlSent))
	mux.Handle("GET /sim/thrown", s.control(s.controlThrown))
	mux.Handle("GET /sim/rejected", s.control(s.controlRejected))
	mux.Handle("GET /sim/typing", s.control(s.controlTyping))
	mux.HandleFunc("GET /sim/media/{id}", func(w http.ResponseWriter, r *http.Request) {
		if status, why := s.guardControl(r); status != 0 {
			http.Error(w, why, status)
			return
		}
		s.serveMedia(w, r)
	})
	mux.Handle("GET /sim/faults", s.control(s.controlFaults))
	mux.Handle("POST /sim/faults", s.control(s.controlAddFault))
	mux.Handle("DELETE /sim/faults", s.control(s.controlClearFaults))
	mux.Handle("POST /sim/login/{qrcode}", s.control(s.controlLogin))
	mux.Handle("GET /sim/clock", s.control(s.controlClock))
	mux.Handle("POST /sim/clock", s.control(s.controlClock))
	mux.Handle("GET /sim/state", s.control(func(*http.Request) (any, error) { return s.State(), nil }))
	mux.Handle("/sim/", s.control(func(r *http.Request) (any, error) {
		return nil, notFound(fmt.Sprintf("there is no %s %s; see the package documentation of ilinksim", r.Method, r.URL.Path))
	}))
}

// notFound is an error that is answered with 404; others are 400.
type notFound string

func (e notFound) Error() string { return string(e) }

// control answers with what handle returns, or {"error": …}.
func (s *Server) control(handle func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxControlBody)
		var answer any
		var err error
		status, why := s.guardControl(r)
		if status == 0 {
			status = http.StatusOK
			answer, err = handle(r)
		} else {
			answer = map[string]string{"error": why}
		}
		if err != nil {
			status = http.StatusBadRequest
			var missing notFound
			var noCode errNoQRCode
			if errors.As(err, &missing) || errors.As(err, &noCode) {
				status = http.StatusNotFound
			}
			answer = map[string]string{"error": err.Error()}
		}
		var body bytes.Buffer
		enc := json.NewEncoder(&body)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(answer); err != nil {
			status = http.StatusInternalServerError
			body.Reset()
			_, _ = fmt.Fprintf(&body, "{\"error\":%q}\n", err)
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write(body.Bytes())
	})
}

// readJSON decodes the body into v; an empty body leaves v as it is.
func readJSON(r *http.Request, v any) error {
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	switch err := dec.Decode(v); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return fmt.Errorf("the body: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the body has more than one JSON value")
	}
	return nil
}

// queryInt is a number of the query, 0 if it isn't given.
func queryInt(q url.Values, name string) (int, error) {
	text := q.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s=%q is no number from 0 up", name, text)
	}
	return n, nil
}

// knownQuery refuses parameters that a call doesn't have.
func knownQuery(q url.Values, names ...string) error {
	for name := range q {
		known := false
		for _, n := range names {
			known = known || n == name
		}
		if !known {
			return fmt.Errorf("query parameter %q is unknown; there are %q", name, names)
		}
	}
	return nil
}

func (s *Server) controlAddBot(r *http.Request) (any, error) {
	var req struct {
		ID string `json:"id"`
	}
	if err := readJSON(r, &req); err != nil {
		return nil, err
	}
	return s.AddBot(req.ID), nil
}

func (s *Server) controlExpire(r *http.Request) (any, error) {
	if err := s.ExpireToken(r.PathValue("id")); err != nil {
		return nil, notFound(err.Error())
	}
	return struct{}{}, nil
}

func (s *Server) controlClock(r *http.Request) (any, error) {
	if r.Method == http.MethodPost {
		var req struct {
			Advance string `json:"advance"`
		}
		if err := readJSON(r, &req); err != nil {
			return nil, err
		}
		d, err := time.ParseDuration(req.Advance)
		if err != nil || d <= 0 {
			return nil, fmt.Errorf("advance %q is no duration above 0, such as \"25h\" or \"1h30m\"", req.Advance)
		}
		s.Advance(d)
	}
	now := s.Now()
	return map[string]any{"now": now.Format(time.RFC3339Nano), "now_ms": now.UnixMilli()}, nil
}

func (s *Server) controlLogin(r *http.Request) (any, error) {
	var a LoginAction
	if err := readJSON(r, &a); err != nil {
		return nil, err
	}
	bot, err := s.loginAction(r.PathValue("qrcode"), a)
	if err != nil {
		return nil, err
	}
	if bot != nil {
		return bot, nil
	}
	return struct{}{}, nil
}
