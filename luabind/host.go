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

	Dialogues
	Keeper
	Timers
	Folder
}

// Dialogues are handlers that wait: for the user's next message, or for a time.
// A host that is asked to wait saves the handler's records first (see [Step]), so
// that it can run the handler again if that is killed meanwhile.
type Dialogues interface {
	// Await waits for the next message of the conversation that is being handled,
	// and takes it out of the inbox: it is handled with that. When the deadline has
	// passed the error is of kind "timeout".
	Await(ctx context.Context, req AwaitRequest) (*Answer, error)
}

// AwaitRequest says what is waited for.
type AwaitRequest struct {
	// Deadline is when the waiting ends; zero means never.
	Deadline time.Time
	// Sleep says that only the deadline is waited for, and no message is taken.
	Sleep bool
}

// Answer is a message that a handler waited for.
type Answer struct {
	Message *ilink.Message `json:"message"`
	Quote   *Quote         `json:"quote,omitempty"`
}

// Keeper keeps data by keys, durably: a bot's own, and those about each user.
type Keeper interface {
	// KV does one thing with the data. It happens once, also for a handler that is
	// run again: see [Step].
	KV(ctx context.Context, req KVRequest) (KVResult, error)
}

// What a [KVRequest] may be for.
const (
	KVGet    = "get"
	KVSet    = "set"    // Value, and Lifetime; without a value as KVDelete
	KVDelete = "delete" // Found says whether there was one
	KVAdd    = "add"    // By, to a number or to nothing; the result is the sum
	KVSwap   = "swap"   // as KVSet, if the value is still Old (nil for none); Found says whether it was
	KVList   = "list"   // keys that begin with Key, in order of their bytes
)

// KVRequest is one thing to do with kept data.
type KVRequest struct {
	Op string `json:"op"`
	// User is whose data they are, "" for the bot's own.
	User string `json:"user,omitempty"`
	Key  string `json:"key"`
	// Value and Old are packed; see [Pack].
	Value []byte  `json:"value,omitempty"`
	Old   []byte  `json:"old,omitempty"`
	By    float64 `json:"by,omitempty"`
	// Lifetime is how long a value is kept; 0 means for ever, and for KVAdd and KVSwap
	// that a lifetime stays as it is.
	Lifetime time.Duration `json:"lifetime,omitempty"`
	// Limit is how many keys are listed at most, and After the key after which the
	// list begins.
	Limit int    `json:"limit,omitempty"`
	After string `json:"after,omitempty"`
}

// KVResult is what came of a [KVRequest].
type KVResult struct {
	Found bool     `json:"found,omitempty"`
	Value []byte   `json:"value,omitempty"`
	Keys  []string `json:"keys,omitempty"`
}

// Timers call a script later. They outlive the process.
type Timers interface {
	// StartTimer has [Sandbox.OnTimer] called once. For a handler that is run again
	// there is one already, which is returned.
	StartTimer(ctx context.Context, req TimerRequest) (id string, err error)
	// StopTimer reports whether there was such a timer.
	StopTimer(ctx context.Context, id string) (bool, error)
}

// TimerRequest is a timer that a handler starts.
type TimerRequest struct {
	// At is when it is due.
	At time.Time `json:"at"`
	// Line is where it was started, such as "scripts/remind.lua:12", for lists.
	Line string `json:"line,omitempty"`
	// Function is the function's name in the script. Without one it is the handler
	// that makes it: the host keeps what that handler was called with, and its
	// journal, for the [TimerEvent].
	Function string `json:"function,omitempty"`
	// Data is what the function gets, packed, for the [TimerEvent]; nil for nothing.
	Data []byte `json:"data,omitempty"`
}

// Folder is the bot's folder: paths are below it, with slashes. What the script may
// not read or write is an error of kind "not_allowed", what isn't there one of kind
// "not_found".
type Folder interface {
	// ReadFile returns a file, if it isn't larger than most bytes.
	ReadFile(ctx context.Context, path string, most int) ([]byte, error)
	// WriteFile replaces a file, at once or not at all, or adds to its end.
	WriteFile(ctx context.Context, path string, data []byte, add bool) error
	// ListFiles lists a folder, in order of names; "" is the bot's folder.
	ListFiles(ctx context.Context, path string) ([]FileInfo, error)
	// RemoveFile removes a file.
	RemoveFile(ctx context.Context, path string) error
}

// FileInfo is an entry of a folder.
type FileInfo struct {
	Name     string    `json:"name"`
	Folder   bool      `json:"folder,omitempty"`
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
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
	// As is another bot that sends it, "" for the script's own. A bot may speak as
	// another only where the operator allows it.
	As string
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
	// Reader reads it where Path can't be opened: in another process than the
	// host's. It is nil elsewhere.
	Reader FileReader `json:"-"`
}

// FileReader reads a file in the host's place.
type FileReader interface {
	// ReadHead returns the first n bytes, or all if there are fewer; with n = 0 it
	// tells whether the file is still there.
	ReadHead(ctx context.Context, n int64) ([]byte, error)
}

// Event is a message on its way to a script.
type Event struct {
	// Message is what came from the server.
	Message *ilink.Message
	// Quote is what the message quotes, nil if nothing.
	Quote *Quote
	// Journal is what the calls of an earlier run of the handler brought, nil if it is
	// run for the first time.
	Journal []Record

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
