package ilinksim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"path/filepath"
	"strings"
	"time"
)

// messageRequest is the body of POST /sim/messages.
type messageRequest struct {
	Bot        string            `json:"bot"`
	From       string            `json:"from"`
	Text       string            `json:"text"`
	Items      []json.RawMessage `json:"items"`
	Image      *fileRequest      `json:"image"`
	File       *fileRequest      `json:"file"`
	Video      *fileRequest      `json:"video"`
	Voice      *fileRequest      `json:"voice"`
	Transcript string            `json:"transcript"`
	Quote      json.RawMessage   `json:"quote"` // an id, in either JSON form
	QuoteStyle QuoteStyle        `json:"quote_style"`
	Partial    *PartialText      `json:"partial_text"`
}

type fileRequest struct {
	Name   string  `json:"name"`
	Base64 *[]byte `json:"base64"` // encoding/json decodes base64
	Plain  bool    `json:"plain"`
}

func (f *fileRequest) blob(field string) (*Blob, error) {
	if f == nil {
		return nil, nil
	}
	if f.Base64 == nil {
		return nil, fmt.Errorf("%s needs its content in \"base64\"", field)
	}
	return &Blob{Name: f.Name, Data: *f.Base64, Plain: f.Plain}, nil
}

func (s *Server) controlMessage(r *http.Request) (any, error) {
	var req messageRequest
	if err := readJSON(r, &req); err != nil {
		return nil, err
	}
	in := In{
		Bot: req.Bot, From: req.From, Text: req.Text, Items: req.Items, Transcript: req.Transcript,
		QuoteStyle: req.QuoteStyle, Partial: req.Partial,
	}
	if present(req.Quote) {
		in.Quote = strings.Trim(string(req.Quote), `"`)
	}
	for _, f := range []struct {
		field string
		from  *fileRequest
		to    **Blob
	}{
		{"image", req.Image, &in.Image},
		{"file", req.File, &in.File},
		{"video", req.Video, &in.Video},
		{"voice", req.Voice, &in.Voice},
	} {
		b, err := f.from.blob(f.field)
		if err != nil {
			return nil, err
		}
		*f.to = b
	}
	id, err := s.Inject(in)
	if err != nil {
		return nil, err
	}
	return map[string]string{"message_id": id}, nil
}

func (s *Server) controlSent(r *http.Request) (any, error) {
	q := r.URL.Query()
	if err := knownQuery(q, "bot", "to", "after", "wait_ms"); err != nil {
		return nil, err
	}
	after, err := queryInt(q, "after")
	if err != nil {
		return nil, err
	}
	ms, err := queryInt(q, "wait_ms")
	if err != nil {
		return nil, err
	}
	wait := min(time.Duration(min(ms, int(maxWait.Milliseconds())))*time.Millisecond, maxWait)
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	sent, err := s.WaitSent(ctx, Filter{Bot: q.Get("bot"), To: q.Get("to")}, after)
	if err != nil && !errors.Is(err, ErrClosed) && ctx.Err() == nil {
		return nil, err
	}
	return map[string]any{"sent": orEmpty(sent)}, nil
}

func (s *Server) controlRejected(r *http.Request) (any, error) {
	after, err := afterOnly(r)
	return map[string]any{"rejected": orEmpty(s.Rejected(after))}, err
}

func (s *Server) controlThrown(r *http.Request) (any, error) {
	after, err := afterOnly(r)
	return map[string]any{"thrown": orEmpty(s.Thrown(after))}, err
}

func (s *Server) controlTyping(r *http.Request) (any, error) {
	after, err := afterOnly(r)
	return map[string]any{"typing": orEmpty(s.Typing(after))}, err
}

func afterOnly(r *http.Request) (int, error) {
	q := r.URL.Query()
	if err := knownQuery(q, "after"); err != nil {
		return 0, err
	}
	return queryInt(q, "after")
}

// orEmpty makes an empty list show as [] in JSON.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// serveMedia serves the plaintext of what a bot sent.
func (s *Server) serveMedia(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	d := s.deliveredMedia(r.PathValue("id"))
	s.mu.Unlock()
	if d == nil {
		s.control(func(*http.Request) (any, error) {
			return nil, notFound("no such media: take the url of a media entry in GET /sim/sent")
		}).ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", mediaType(d))
	// What a bot sends must not run as a page of this origin.
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", fmt.Sprint(d.blob.rawSize))
	if err := d.blob.writePlaintext(w); err != nil {
		s.log.Debug("ilinksim media not written", "error", err)
	}
}

// mediaType guesses by the name, or by what the upload was announced as.
func mediaType(d *delivered) string {
	byName := mime.TypeByExtension(filepath.Ext(d.name))
	for _, safe := range []string{"image/png", "image/jpeg", "image/gif", "image/webp", "audio/", "video/"} {
		if strings.HasPrefix(byName, safe) {
			return byName
		}
	}
	switch {
	case d.blob.mediaType == uploadImage:
		return "image/jpeg"
	case d.blob.mediaType == uploadVideo:
		return "video/mp4"
	}
	return "application/octet-stream"
}
