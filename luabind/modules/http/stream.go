package http

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
)

// Stream is an answer that is read as it comes.
type Stream struct {
	Head

	// caller is the context of who asked, and ctx the request's own.
	caller, ctx context.Context
	cancel      context.CancelCauseFunc
	forget      func() bool
	timer       *time.Timer
	silence     time.Duration
	what        string // the request in errors
	most        int64
	slots       chan struct{} // of which it has one, nil if not yet

	mu     sync.Mutex
	closed bool
	close  io.Closer // nil until there is an answer
	body   io.Reader
	lines  *bufio.Reader
	// broken is why nothing more can be read, io.EOF at the end.
	broken error
}

// Open makes a request and returns when the answer has begun: its status and
// headers are known. The caller closes it; the end of ctx does too.
func (c *Client) Open(ctx context.Context, req Request) (*Stream, error) {
	s, err := c.begin(ctx, req)
	if err != nil {
		return nil, err
	}
	s.timer.Stop()
	s.lines = bufio.NewReaderSize(s.body, 32<<10)
	return s, nil
}

// closeWith closes it at the end of the handler's context: a script may leave it
// open.
func (s *Stream) closeWith(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget = context.AfterFunc(ctx, s.Close)
}

func (s *Stream) setBody(body io.ReadCloser) {
	s.mu.Lock()
	if s.close = body; s.closed {
		body.Close()
	}
	s.mu.Unlock()
	s.body = &bounded{s: s, r: body, left: s.most}
}

// bounded ends with an error where the body is too large.
type bounded struct {
	s    *Stream
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return 0, b.s.tooLarge()
	}
	return n, err
}

func (s *Stream) tooLarge() error {
	return &luabind.HostError{Kind: kindTooLarge, Message: fmt.Sprintf(
		"%s: the answer has more than %d bytes (max_bytes allows more)", s.what, s.most)}
}

// Close ends the request. It may be called again.
func (s *Stream) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.timer.Stop()
	s.cancel(nil)
	if s.forget != nil {
		s.forget()
	}
	if s.close != nil {
		s.close.Close()
	}
	if s.slots != nil {
		<-s.slots
	}
}

// maxLines is how many lines are read at once.
const maxLines = 256

// Lines waits for the next line and returns it with those that have come as well,
// without their ends. The error is io.EOF after the last one.
func (s *Stream) Lines() (lines []string, err error) {
	if s.broken != nil {
		return nil, s.broken
	}
	s.timer.Reset(s.silence)
	defer s.timer.Stop()
	for len(lines) == 0 || len(lines) < maxLines && s.lineHasCome() {
		line, err := s.line()
		if err != nil {
			if s.broken = io.EOF; !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				s.broken = s.failed(err)
			}
			if line != "" {
				lines = append(lines, line)
			}
			break
		}
		lines = append(lines, line)
	}
	if len(lines) > 0 {
		return lines, nil // what went wrong is told next
	}
	return nil, s.broken
}

func (s *Stream) lineHasCome() bool {
	come, _ := s.lines.Peek(s.lines.Buffered())
	return bytes.IndexByte(come, '\n') >= 0
}

// line reads one line. At the end of the answer it may come with an error.
func (s *Stream) line() (string, error) {
	var line []byte
	for {
		piece, err := s.lines.ReadSlice('\n')
		line = append(line, piece...)
		if len(line) > maxLine {
			return "", &luabind.HostError{Kind: kindTooLarge, Message: fmt.Sprintf("%s: a line of the answer has more than %d bytes", s.what, maxLine)}
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return string(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))), err
	}
}
