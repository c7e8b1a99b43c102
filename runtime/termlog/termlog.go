// Package termlog is a slog handler for people: one short line a record, and
// texts of several lines, such as a script's error with its excerpt, below it. What
// users wrote can neither forge a line of it nor steer the terminal.
package termlog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// New returns a handler that writes records of at least the level to w, each in
// one call of Write.
func New(w io.Writer, level slog.Leveler) slog.Handler {
	return &handler{level: level, out: &output{w: w}}
}

// NewJSON returns a handler that writes JSON, a line a record, for programs: a terminal
// may show it all the same.
func NewJSON(w io.Writer, level slog.Leveler) slog.Handler {
	return slog.NewJSONHandler(jsonWriter{w}, &slog.HandlerOptions{Level: level})
}

type jsonWriter struct{ w io.Writer }

func (j jsonWriter) Write(line []byte) (int, error) {
	if _, err := io.WriteString(j.w, SafeJSON(string(line))); err != nil {
		return 0, err
	}
	return len(line), nil
}

type output struct {
	mu sync.Mutex
	w  io.Writer
}

type handler struct {
	level  slog.Leveler
	out    *output
	attrs  []slog.Attr
	prefix string // of the groups that are open, "a.b."
}

func (h *handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level.Level() }

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	more := *h
	more.attrs = append(append([]slog.Attr(nil), h.attrs...), prefixed(h.prefix, attrs)...)
	return &more
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	more := *h
	more.prefix += name + "."
	return &more
}

func prefixed(prefix string, attrs []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = slog.Attr{Key: prefix + a.Key, Value: a.Value}
	}
	return out
}

func (h *handler) Handle(_ context.Context, r slog.Record) error {
	var line, block bytes.Buffer
	if !r.Time.IsZero() {
		line.WriteString(r.Time.Format("15:04:05 "))
	}
	// What a script prints may have lines, and hold what a user wrote.
	message, more, _ := strings.Cut(strings.Trim(r.Message, "\r\n"), "\n")
	fmt.Fprintf(&line, "%-5s %s", r.Level, Safe(strings.TrimRight(message, "\r")))
	if more != "" {
		lines(&block, more)
	}
	for _, a := range h.attrs {
		write(&line, &block, "", a)
	}
	var attrs []slog.Attr
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	for _, a := range attrs {
		if !begins(a, attrs) {
			write(&line, &block, h.prefix, a)
		}
	}
	line.WriteByte('\n')
	line.Write(block.Bytes())
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := h.out.w.Write(line.Bytes())
	return err
}

// begins reports whether an error is what another attribute begins with, such as its
// excerpt: then it need not be shown twice.
func begins(a slog.Attr, attrs []slog.Attr) bool {
	err, ok := a.Value.Any().(error)
	return ok && slices.ContainsFunc(attrs, func(other slog.Attr) bool {
		first, _, more := strings.Cut(other.Value.String(), "\n")
		return more && other.Value.Kind() == slog.KindString && strings.HasPrefix(first+" ", err.Error()+" ")
	})
}

// write puts an attribute on the line, or into the block below it if it has
// several lines.
func write(line, block *bytes.Buffer, prefix string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, member := range v.Group() {
			write(line, block, prefix, member)
		}
		return
	}
	if a.Equal(slog.Attr{}) {
		return
	}
	text := v.String()
	if strings.Contains(strings.TrimSpace(text), "\n") {
		lines(block, strings.TrimRight(text, "\n"))
		return
	}
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r == ' ' || r == '"' || r == '=' || !unicode.IsPrint(r) }) {
		text = strconv.Quote(text)
	}
	line.WriteString(" " + prefix + a.Key + "=" + text)
}

// lines puts a text of several lines into the block.
func lines(block *bytes.Buffer, text string) {
	const indent = "    "
	block.WriteString(indent + SafeLines(text, indent) + "\n")
}
