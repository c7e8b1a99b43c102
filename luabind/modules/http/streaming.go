package http

import (
	"context"
	"errors"
	"io"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// streamKey is where a stream's metatable keeps the reading. Scripts can't get at
// the metatable, which is protected.
const streamKey = "reading"

// stream begins an answer that is read as it comes.
func (b *binding) stream(L *lua.LState) int {
	const function = "http.stream"
	r := reading{b: b, L: L, function: function}
	r.url(L.Get(1))
	r.options(luabind.Options(L, 2, function, "method", "headers", "query", "body", "json", "form", "timeout", "max_bytes"))
	req := r.finish()
	s, err := Begin(b.vm, L, r.call(), func(ctx context.Context) (*Stream, error) { return b.client.Open(ctx, req) }, nil)
	if err != nil {
		return b.vm.Fail(L, err)
	}
	t := b.head(L, s.Head)
	hidden := L.NewUserData()
	hidden.Value = s
	mt := L.CreateTable(0, 3)
	b.streams.ForEach(func(k, v lua.LValue) { mt.RawSet(k, v) })
	mt.RawSetString(streamKey, hidden)
	t.Metatable = mt
	L.Push(t)
	return 1
}

// streamOf returns the stream that a method was called on.
func (b *binding) streamOf(L *lua.LState, method string) (*lua.LTable, *Reading) {
	if t, ok := L.Get(1).(*lua.LTable); ok {
		if mt, ok := t.Metatable.(*lua.LTable); ok {
			if hidden, ok := mt.RawGetString(streamKey).(*lua.LUserData); ok {
				if s, ok := hidden.Value.(*Reading); ok {
					return t, s
				}
			}
		}
	}
	luabind.Mistake(L, "%s was called on %s instead of a stream: write stream:%s(), with a colon", method, luabind.Describe(L.Get(1)), method)
	return nil, nil
}

// ended is what an iterator returns at the end; why there was an early one is also
// in the stream's field err, for loops, which don't show it.
func (b *binding) ended(L *lua.LState, t *lua.LTable, err error) int {
	if errors.Is(err, io.EOF) {
		L.Push(lua.LNil)
		return 1
	}
	n := b.vm.Fail(L, err)
	t.RawSetString("err", L.Get(-1))
	return n
}

// streamLines returns an iterator.
func (b *binding) streamLines(L *lua.LState) int {
	t, s := b.streamOf(L, "lines")
	L.Push(L.NewFunction(func(L *lua.LState) int {
		line, err := s.Line(b.vm, L)
		if err != nil {
			return b.ended(L, t, err)
		}
		L.Push(lua.LString(line))
		return 1
	}))
	return 1
}

// streamEvents returns an iterator over server-sent events.
func (b *binding) streamEvents(L *lua.LState) int {
	t, s := b.streamOf(L, "events")
	var p EventParser
	var events []Event
	over := false
	L.Push(L.NewFunction(func(L *lua.LState) int {
		for len(events) == 0 {
			line, err := s.Line(b.vm, L)
			switch {
			case err == nil:
				events = p.Line(line)
			case errors.Is(err, io.EOF) && !over:
				over, events = true, p.End()
			default:
				return b.ended(L, t, err)
			}
		}
		e := L.CreateTable(0, 3)
		e.RawSetString("name", lua.LString(events[0].Name))
		e.RawSetString("data", lua.LString(events[0].Data))
		if events[0].ID != "" {
			e.RawSetString("id", lua.LString(events[0].ID))
		}
		events = events[1:]
		L.Push(e)
		return 1
	}))
	return 1
}

func (b *binding) streamClose(L *lua.LState) int {
	_, s := b.streamOf(L, "close")
	s.Close()
	return 0
}
