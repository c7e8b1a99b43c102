package luabind

import (
	"context"
	"log/slog"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
)

// Host is what a script may do to the world outside its VM; the runtime
// implements it. Its methods are called on handlers' goroutines with the VM
// unlocked, many at a time, and may block: they end when ctx does, with its cause
// or its error, from which a script is told that it was interrupted (see
// [ErrInterrupted]). ctx carries what was put into the context of the call into
// the sandbox.
//
// An error that a script should be able to tell from others is a [*HostError].
type Host interface {
	// Send sends the parts of req in order, or takes them on to send them later. An
	// error says that not all were; the result then tells of those that were. A
	// result whose status is neither StatusSent nor StatusDeferred is a failure too,
	// and needs no error beside it.
	Send(ctx context.Context, req SendRequest) (SendResult, error)
	// Typing shows or takes away "typing…" at a user's.
	Typing(ctx context.Context, to string, on bool) error
	// Recall takes back a message that the bot sent; messageID is from a SendResult.
	Recall(ctx context.Context, messageID string) error
	// Download fetches an inbound item's media into a file of the host's, which
	// the host removes in its own time.
	Download(ctx context.Context, item *ilink.Item) (*File, error)
	// SaveFile copies f to a path below the bot's folder, if the bot may write
	// there, and returns the file's new place.
	SaveFile(ctx context.Context, f *File, path string) (*File, error)
	// OpenFile finds a file by its path below the bot's folder.
	OpenFile(ctx context.Context, path string) (*File, error)
	// Upload puts a file on the CDN, for a user, ready to be sent many times.
	Upload(ctx context.Context, to string, kind ilink.ItemType, f *File) (*ilink.CDNMedia, error)
	// Log writes a line of the script's to the log.
	Log(ctx context.Context, level slog.Level, text string)
}

// SendRequest is what a script wants sent.
type SendRequest struct {
	// To is the receiver's user id.
	To string
	// InReplyTo is the message that is answered, nil for a push.
	InReplyTo *ilink.Message
	// Parts are the pieces, at least one.
	Parts []Part
	// Mode says what becomes of what can't be sent at once: one of the Mode
	// constants, "" where the script left it to the host.
	Mode string
	// Lifetime is how long it may wait before it is given up, 0 where the script
	// left it to the host.
	Lifetime time.Duration
}

// Part is one piece of what is sent: a text, or a file shown in one way.
// Exactly one of Text, File and Media is set.
type Part struct {
	// Kind is the way in which it shows: text, image, file or video.
	Kind ilink.ItemType
	// Text may be longer than a message may be; the host splits it.
	Text string
	// File is a file of the host's or of the bot's folder.
	File *File
	// Media was uploaded before.
	Media *ilink.CDNMedia
	// Name is the name that a file attachment shows; "" means the file's own.
	Name string
}

// HostError is a failure that a script can look at: in Lua it is a table with
// the fields kind and message, which prints as the message.
type HostError struct {
	// Kind is a word in snake_case, such as "not_found"; for a send that failed, one
	// of the Status constants where one fits.
	Kind string
	// Message says what happened and what to do about it; for a Kind that is one of
	// the Status constants it may be left empty, and then is [Advice].
	Message string
}

// Error returns the message.
func (e *HostError) Error() string { return e.Message }

// File is a file that a script handles without seeing its bytes.
type File struct {
	// Path is where the file is. Scripts never see it.
	Path string
	// Name is the name that the user gave it, or its own.
	Name string
	// MIME is its type, such as "image/png", as its bytes or its name tell.
	MIME string
	// Size is in bytes.
	Size int64
}

// Event is a message on its way to a script.
type Event struct {
	// Message is what came from the server.
	Message *ilink.Message
	// Quote is what the message quotes, nil if nothing.
	Quote *Quote

	// Waiting returns the earliest message of the same conversation that waits
	// behind this one, nil if none does. It may be nil itself. A script may call it
	// in a loop and with the VM locked: it must be quick, must not call into the
	// sandbox, and is called on the handler's goroutine while others add messages.
	Waiting func() *ilink.Message
	// Interrupted reports whether the handler should come to an end; it may be
	// nil. What is said of Waiting holds for it too. A handler whose context ended
	// with [ErrInterrupted] knows without it.
	Interrupted func() bool
}

// Quote is an earlier message that another one quotes, as far as it is known.
type Quote struct {
	// ID is the quoted message's id, "" where the server didn't give it.
	ID string
	// Text is the quoted text, or the part of it that was selected.
	Text string
	// Item is the quoted content, nil if it isn't known.
	Item *ilink.Item
}
