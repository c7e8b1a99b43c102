package dev

import (
	"io"
	"sync"
)

const (
	prompt = "you> "
	// clearLine takes the prompt away, so that a line can be written in its place.
	clearLine = "\r\x1b[K"
)

// Screen keeps a prompt at the end of a terminal on which answers and log lines
// appear at any time. Without a terminal it only passes on what is written.
type Screen struct {
	mu       sync.Mutex
	out      io.Writer
	log      io.Writer
	terminal bool
	prompted bool
}

// NewScreen returns a screen of the writers for answers and for everything else.
func NewScreen(out, log io.Writer, terminal bool) *Screen {
	return &Screen{out: out, log: log, terminal: terminal}
}

// Log returns the writer for whatever isn't an answer.
func (s *Screen) Log() io.Writer { return screenWriter{s, s.log} }

// Out returns the writer for answers.
func (s *Screen) Out() io.Writer { return screenWriter{s, s.out} }

// Prompt shows the prompt.
func (s *Screen) Prompt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal {
		s.prompted = true
		io.WriteString(s.out, prompt)
	}
}

// Entered says that the person ended the prompt's line.
func (s *Screen) Entered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prompted = false
}

// Close takes the prompt away for good.
func (s *Screen) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prompted {
		s.prompted = false
		io.WriteString(s.out, clearLine)
	}
}

type screenWriter struct {
	s *Screen
	w io.Writer
}

func (w screenWriter) Write(p []byte) (int, error) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if w.s.prompted {
		io.WriteString(w.s.out, clearLine)
		defer io.WriteString(w.s.out, prompt)
	}
	return w.w.Write(p)
}
