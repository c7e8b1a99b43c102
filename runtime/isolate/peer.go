package isolate

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"sync/atomic"

	"github.com/ilinkd/ilinkd/luabind"
)

// peer is one end of the pipes: it makes calls to the other side and serves those
// that come from there, many at a time.
type peer struct {
	bounds bounds
	// serve answers a call. An error is the caller's fault, and ends the connection.
	serve func(ctx context.Context, c *incoming) (any, error)
	// flags makes those of an answer, nil for none; it is called in the order in which
	// answers are written. answered is told of them in the order in which they come.
	flags    func() byte
	answered func(flags byte)
	// abort closes the connection, so that run returns.
	abort func()

	// send is how large a body the other side takes.
	send atomic.Int64

	in     *bufio.Reader
	writes sync.Mutex
	out    io.Writer

	mu      sync.Mutex
	last    uint64                             // call of ours
	calls   map[uint64]*outgoing               // not answered yet
	serving map[uint64]context.CancelCauseFunc // calls of the other side
	held    int                                // bytes in them
	ended   error                              // why no more calls are made
	group   sync.WaitGroup
}

// bounds are what the other side may take.
type bounds struct {
	body  int // bytes of a frame's body
	calls int // under way at once
	held  int // bytes of all of these
}

// outgoing is a call of ours.
type outgoing struct {
	ctx    context.Context // which the calls made on its behalf get
	event  *luabind.Event  // what it is about, nil for other calls
	answer chan *frame     // closed without one if the connection ends
	// inner are the calls that the other side makes on its behalf.
	inner sync.WaitGroup
	// over ends those that are under way when it is.
	over     context.Context
	overDone context.CancelCauseFunc
}

// incoming is a call of the other side's.
type incoming struct {
	*frame
	// on is our call on whose behalf it is made, nil for none.
	on *outgoing
}

// errOver ends calls made on behalf of one that is over.
var errOver = errors.New("isolate: the handler has ended")

// errNotBegun says that a call wasn't made, as the connection has ended.
var errNotBegun = errors.New("isolate: the other process is gone")

func newPeer(in io.Reader, out io.Writer, b bounds, abort func()) *peer {
	p := &peer{
		bounds: b, abort: abort, in: bufio.NewReaderSize(in, smallBody), out: out,
		calls: map[uint64]*outgoing{}, serving: map[uint64]context.CancelCauseFunc{},
	}
	p.send.Store(math.MaxInt32)
	return p
}

// busy reports whether there are calls of ours under way.
func (p *peer) busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.calls) > 0
}

// run reads what the other side writes until the connection ends or breaks its
// rules, and returns why; fail comes next.
func (p *peer) run(base context.Context) error {
	for {
		f, err := readFrame(p.in, p.bounds.body)
		if err == nil {
			err = p.take(base, f)
		}
		p.mu.Lock()
		if p.ended != nil { // that was first
			err = p.ended
		}
		p.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

// fail ends all calls: ours fail with err, those of the other side are cancelled and
// waited for.
func (p *peer) fail(err error) {
	p.mu.Lock()
	if p.ended == nil {
		p.ended = err
	}
	for id, c := range p.calls {
		delete(p.calls, id)
		c.overDone(err)
		close(c.answer)
	}
	for _, cancel := range p.serving {
		cancel(err)
	}
	p.mu.Unlock()
	p.group.Wait()
}

// take deals with a frame.
func (p *peer) take(base context.Context, f *frame) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch f.kind {
	case kindAnswer:
		c := p.calls[f.id]
		if c == nil {
			return fmt.Errorf("it answered call %d, which isn't under way", f.id)
		}
		delete(p.calls, f.id)
		c.overDone(errOver)
		if p.answered != nil {
			p.answered(f.flags)
		}
		c.answer <- f
	case kindCancel:
		// One that was answered meanwhile isn't there any more.
		if cancel := p.serving[f.id]; cancel != nil {
			var why luabind.PassedError
			if err := json.Unmarshal(f.body, &why); err != nil {
				return fmt.Errorf("it cancelled a call in a form that can't be read: %w", err)
			}
			cancel(why.Err())
		}
	case kindCall:
		return p.begin(base, f)
	}
	return nil
}

// begin starts to serve a call. mu must be held.
func (p *peer) begin(base context.Context, f *frame) error {
	switch {
	case p.ended != nil:
		return p.ended
	case p.serving[f.id] != nil:
		return fmt.Errorf("it made call %d twice", f.id)
	case len(p.serving) >= p.bounds.calls:
		return fmt.Errorf("it has more than %d calls under way", p.bounds.calls)
	case p.held+len(f.body) > p.bounds.held:
		return fmt.Errorf("it has calls of more than %d bytes under way", p.bounds.held)
	case f.of > p.last:
		return fmt.Errorf("it called %q for handler %d, which there never was", f.method, f.of)
	}
	in := &incoming{frame: f}
	ctx, cancel := context.WithCancelCause(base)
	stop := func() bool { return true }
	if f.of != 0 {
		if in.on = p.calls[f.of]; in.on != nil {
			in.on.inner.Add(1)
			// What the call is told of its handler's end comes from the other side, where
			// it is known whether that is an interrupt, which spares later calls; but it
			// need not be waited for.
			ctx, cancel = context.WithCancelCause(context.WithoutCancel(in.on.ctx))
			on := in.on
			stopCtx := context.AfterFunc(on.ctx, func() {
				if why := context.Cause(on.ctx); !errors.Is(why, luabind.ErrInterrupted) {
					cancel(why)
				}
			})
			stopOver := context.AfterFunc(on.over, func() { cancel(context.Cause(on.over)) })
			stop = func() bool { return stopCtx() && stopOver() }
		} else {
			// The handler has ended meanwhile.
			cancel(errOver)
		}
	}
	p.serving[f.id] = cancel
	size := len(f.body)
	p.held += size
	p.group.Go(func() {
		p.answer(ctx, in)
		stop()
		cancel(nil)
		p.mu.Lock()
		delete(p.serving, f.id)
		p.held -= size
		p.mu.Unlock()
		if in.on != nil {
			in.on.inner.Done()
		}
	})
	return nil
}

// answer serves a call and writes the answer.
func (p *peer) answer(ctx context.Context, c *incoming) {
	result, err := p.protected(ctx, c)
	if err != nil {
		p.end(err)
		return
	}
	body, err := p.marshal(result)
	if err != nil {
		err = &luabind.HostError{Kind: "failed", Message: fmt.Sprintf("the result of %s can't be passed on: %v", c.method, err)}
		body, _ = json.Marshal(answer[struct{}]{Error: luabind.PassError(err)})
	}
	// An error means that the other side is gone, which run notices.
	p.write(&frame{kind: kindAnswer, id: c.id, body: body})
}

func (p *peer) protected(ctx context.Context, c *incoming) (result any, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("its call of %q came to a panic: %v", c.method, v)
		}
	}()
	return p.serve(ctx, c)
}

// end has run return.
func (p *peer) end(err error) {
	p.mu.Lock()
	first := p.ended == nil
	if first {
		p.ended = err
	}
	p.mu.Unlock()
	if first {
		p.abort()
	}
}

// marshal makes a body, if the other side takes one of its size.
func (p *peer) marshal(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if most := p.send.Load(); err == nil && int64(len(body)) > most {
		err = &tooLargeError{int64(len(body)), most}
	}
	return body, err
}

func (p *peer) write(f *frame) error {
	p.writes.Lock()
	defer p.writes.Unlock()
	if f.kind == kindAnswer && p.flags != nil {
		f.flags = p.flags()
	}
	return f.writeTo(p.out)
}

// roundTrip makes a call and waits for its answer. When ctx ends the other side is
// told, and its answer waited for still. of is the call of the other side on whose
// behalf it is made.
func (p *peer) roundTrip(ctx context.Context, of uint64, method string, ev *luabind.Event, args any) (*frame, error) {
	body, err := p.marshal(args)
	if err != nil {
		return nil, &luabind.HostError{Kind: "failed", Message: fmt.Sprintf("%s: %v", method, err)}
	}
	c := &outgoing{ctx: ctx, event: ev, answer: make(chan *frame, 1)}
	c.over, c.overDone = context.WithCancelCause(context.Background())
	p.mu.Lock()
	if p.ended != nil {
		p.mu.Unlock()
		return nil, errNotBegun
	}
	p.last++
	id := p.last
	p.calls[id] = c
	p.mu.Unlock()
	// Nothing that is done on its behalf goes on when it is over.
	defer c.inner.Wait()
	// A write that fails means that the other side is gone, which run notices.
	p.write(&frame{kind: kindCall, id: id, of: of, method: method, body: body})

	done := ctx.Done()
	for {
		select {
		case f, ok := <-c.answer:
			if !ok {
				p.mu.Lock()
				defer p.mu.Unlock()
				return nil, p.ended
			}
			return f, nil
		case <-done:
			done = nil
			why, _ := json.Marshal(luabind.PassError(context.Cause(ctx)))
			p.write(&frame{kind: kindCancel, id: id, body: why})
		}
	}
}
