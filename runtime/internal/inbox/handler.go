package inbox

import (
	"context"
	"errors"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// Handler handles what an inbox hands out: a script, see [NewScripted], or another
// process, see [NewForwarded].
type Handler interface {
	// Wait blocks until a message of a conversation can be handled.
	Wait(ctx context.Context, conversation string) error
	// Handle handles a message or a timer. Its error may be [ErrNotStarted],
	// [ErrWithdrawn] or [ErrHarmed] beside those of the handling itself.
	Handle(ctx context.Context, d *Delivery) error
	// Interrupt shows a message while an earlier one of its conversation is being handled. It
	// reports whether that is to stop; the message is dealt with then.
	Interrupt(ctx context.Context, d *Delivery) (stop bool)
	// Retry decides what becomes of what could not be handled. attempts counts the tries,
	// this one included.
	Retry(err error, attempts int) Retry
	// GaveUp tells of what could not be handled for good, as soon as that can be told,
	// unless accept ends before.
	GaveUp(ctx, accept context.Context, d *Delivery, err error)
	// Version tells versions of the handler apart: what failed for the sake of one of them is
	// handled again by the next.
	Version() int
	// Kill ends whatever Handle does.
	Kill()
}

// Delivery is a message, or a timer, on its way to a handler.
type Delivery struct {
	Inbound *store.Inbound
	Message *ilink.Message // nil for a timer
	// Blame is the conversation whose doing it is, "" for nobody's, such as a schedule's.
	Blame string
	// Again says that it may have been handled before, and have left a journal.
	Again bool
	// Waiting returns the next message of the conversation, nil while there is none.
	Waiting func() *ilink.Message
	// Alone reports whether no other has been handled meanwhile: whatever happened is its own
	// doing.
	Alone func() bool
	// Interrupted reports whether the handling is to stop.
	Interrupted func() bool
	// Version is for Handle to set: the handler's, as that handled it.
	Version int
}

// Retry is what becomes of what could not be handled.
type Retry struct {
	// Blame is the conversation whose doing it is, "" for nobody's, such as a schedule's.
	Blame string
	// Again says that it is tried again, after a pause; else it is kept as dead.
	Again bool
	After time.Duration
	// WithNextVersion has the next version of the handler try it again.
	WithNextVersion bool
	// Afresh has the next try forget the journal.
	Afresh bool
	// Detail says more of the error than its text, such as a traceback.
	Detail string
}

var (
	// ErrNotStarted says that the handling did not begin, or came to nothing through no fault
	// of its own. It is tried again, and no try is counted.
	ErrNotStarted = errors.New("the handler was not started")
	// ErrWithdrawn says that it was killed through no fault of its own.
	ErrWithdrawn = errors.New("the generation was taken out of use")
	// ErrHarmed says that the handling may have been what harmed the handler, and that
	// another may have been. It is tried again, alone, and no try is counted.
	ErrHarmed = errors.New("it may have been another that harmed the script")
	// ErrUnreadable says that what is stored of a message can't be read.
	ErrUnreadable = errors.New("the stored message can't be read")
)
