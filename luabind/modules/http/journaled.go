package http

import (
	"context"
	"errors"
	"io"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// Reading is a stream that a handler reads. Its beginning and each of its pieces
// are on the handler's record: run again, the handler reads what it has read
// before, without a request. Where the record ends, because the process did, the
// stream is cut off: its rest is gone with the connection.
type Reading struct {
	Head
	name string
	sift Sift
	live *Stream // nil if it is from the record
	// lines have been read, and broken is why there will be no further ones.
	lines  []string
	broken error
}

// Sift makes of lines, which have just come, those that the handler shall see and
// that are recorded. end says that there will be no further ones. It is called with
// the VM unlocked, and not when the handler is run again.
type Sift func(lines []string, end bool) []string

// Begin begins to read what open opens for a handler; sift may be nil.
func Begin(vm *luabind.VM, L *lua.LState, call luabind.Call, open func(ctx context.Context) (*Stream, error), sift Sift) (*Reading, error) {
	r := &Reading{name: call.Name, sift: sift}
	var err error
	r.Head, err = luabind.Do(vm, L, call, func(ctx context.Context) (h Head, err error) {
		if r.live, err = open(ctx); err != nil {
			return h, err
		}
		return r.live.Head, nil
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// piece is what is recorded of a stream at once.
type piece struct {
	Lines []string `json:"lines,omitempty"`
	End   bool     `json:"end,omitempty"`
}

// Line waits for the next line and returns it without its end. The error is io.EOF
// after the last one.
func (r *Reading) Line(vm *luabind.VM, L *lua.LState) (string, error) {
	for len(r.lines) == 0 {
		if r.broken != nil {
			return "", r.broken
		}
		p, err := luabind.Do(vm, L, luabind.Call{Name: r.name + ": more"}, func(context.Context) (p piece, err error) {
			if r.live == nil {
				return p, &luabind.HostError{Kind: kindNetwork, Message: "the answer was cut off when the program ended"}
			}
			for err == nil && len(p.Lines) == 0 && !p.End {
				p.Lines, err = r.live.Lines()
				if errors.Is(err, io.EOF) {
					p.End, err = true, nil
				}
				if r.sift != nil && err == nil {
					p.Lines = r.sift(p.Lines, p.End)
				}
			}
			return p, err
		})
		switch r.lines = p.Lines; {
		case err != nil:
			r.broken = err
		case p.End:
			r.broken = io.EOF
		}
		if r.broken != nil && r.live != nil {
			r.live.Close()
		}
		n := 0
		for _, line := range r.lines {
			n += len(line)
		}
		vm.Charge(L, n/16+len(r.lines))
	}
	line := r.lines[0]
	r.lines = r.lines[1:]
	return line, nil
}

// Close ends the request; there are no further lines.
func (r *Reading) Close() {
	if r.live != nil {
		r.live.Close()
	}
	if r.broken == nil {
		r.broken = io.EOF
	}
	r.lines = nil
}
