package isolate

import (
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
)

// What is called, by the parent and by the child. Names, not numbers: they are in
// errors.
const (
	callLoad      = "load"
	callMessage   = "on_message"
	callInterrupt = "on_interrupt"
	callSession   = "on_session_expired"
	callSuppress  = "on_suppressed"
	callTimer     = "on_timer"
	callStart     = "on_start"
	callStop      = "on_stop"
	callError     = "on_error"
	callState     = "state"
	callClose     = "close"
	callProbe     = "probe"

	callSend        = "send"
	callTyping      = "typing"
	callRecall      = "recall"
	callDownload    = "download"
	callSaveFile    = "save_file"
	callOpenFile    = "open_file"
	callReadHead    = "read_head"
	callUpload      = "upload"
	callLog         = "log"
	callAwait       = "await"
	callKV          = "kv"
	callStartTimer  = "start_timer"
	callStopTimer   = "stop_timer"
	callReadFile    = "read_file"
	callWriteFile   = "write_file"
	callListFiles   = "list_files"
	callRemoveFile  = "remove_file"
	callWaiting     = "waiting"
	callInterrupted = "interrupted"

	callNow     = "now"
	callEntropy = "entropy"
	callPause   = "pause"
	callWeb     = "web"
)

// protocol is raised when the two sides would no longer understand each other.
const protocol = 2

// none is what calls take or return that take or return nothing.
type none struct{}

// loadCall is all that the child is told before it runs the script.
type loadCall struct {
	Protocol int             `json:"protocol"`
	Name     string          `json:"name"`
	Script   string          `json:"script"`
	Limits   luabind.Limits  `json:"limits"`
	State    []byte          `json:"state,omitempty"`
	Options  json.RawMessage `json:"options,omitempty"`
	// Modules are the names of those that the embedding program adds.
	Modules []string `json:"modules,omitempty"`
	// Outside is what the parent has in place of the world's.
	Outside outsideCall `json:"outside,omitzero"`
	// Memory is what the process may take, in bytes, and Body what a frame may.
	Memory int64 `json:"memory"`
	Body   int64 `json:"body"`
}

// loadAnswer is what the parent is told of a script that was loaded.
type loadAnswer struct {
	Schedules []luabind.Schedule `json:"schedules,omitempty"`
}

// closeAnswer is what the parent is told of a script that was closed.
type closeAnswer struct {
	// Lines have run, if they were to be counted.
	Lines []luabind.CoveredLine `json:"lines,omitempty"`
}

// eventCall is a luabind.Event; its functions are calls back.
type eventCall struct {
	Message     *ilink.Message   `json:"message"`
	Quote       *luabind.Quote   `json:"quote,omitempty"`
	Journal     []luabind.Record `json:"journal,omitempty"`
	Waiting     bool             `json:"waiting,omitempty"`
	Interrupted bool             `json:"interrupted,omitempty"`
}

// errorCall is what on_error is called with.
type errorCall struct {
	Event   *eventCall           `json:"event,omitempty"`
	Failure *luabind.PassedError `json:"failure"`
}

// newEventCall leaves out what scripts have no use for: the tokens with which
// messages are answered.
func newEventCall(ev *luabind.Event) eventCall {
	c := eventCall{
		Message: withoutToken(ev.Message), Quote: ev.Quote,
		Waiting: ev.Waiting != nil, Interrupted: ev.Interrupted != nil,
	}
	c.Journal = withoutTokens(ev.Journal)
	return c
}

// timerCall is a luabind.TimerEvent.
type timerCall struct {
	Schedule string           `json:"schedule,omitempty"`
	ID       string           `json:"id,omitempty"`
	Function string           `json:"function,omitempty"`
	Data     []byte           `json:"data,omitempty"`
	Due      time.Time        `json:"due"`
	Line     string           `json:"line,omitempty"`
	Journal  []luabind.Record `json:"journal,omitempty"`
	Message  *eventCall       `json:"message,omitempty"`
	Timer    *timerCall       `json:"timer,omitempty"`
}

func newTimerCall(ev *luabind.TimerEvent) *timerCall {
	if ev == nil {
		return nil
	}
	c := &timerCall{
		Schedule: ev.Schedule, ID: ev.ID, Function: ev.Function, Data: ev.Data, Due: ev.Due, Line: ev.Line,
		Journal: withoutTokens(ev.Journal), Timer: newTimerCall(ev.Timer),
	}
	if ev.Message != nil {
		e := newEventCall(ev.Message)
		c.Message = &e
	}
	return c
}

// withoutTokens is withoutToken for the messages that were waited for.
func withoutTokens(journal []luabind.Record) []luabind.Record {
	journal = slices.Clone(journal)
	for i, rec := range journal {
		var a luabind.Answer
		if !rec.Await || json.Unmarshal(rec.Result, &a) != nil || a.Message == nil {
			continue
		}
		a.Message = withoutToken(a.Message)
		if clean, err := json.Marshal(a); err == nil {
			journal[i].Result = clean
		}
	}
	return journal
}

func withoutToken(m *ilink.Message) *ilink.Message {
	if m == nil || m.ContextToken == "" {
		return m
	}
	bare := *m
	bare.ContextToken = ""
	return &bare
}

// answer is what a call brought.
type answer[T any] struct {
	Result T                    `json:"result,omitzero"`
	Error  *luabind.PassedError `json:"error,omitempty"`
	// Saved and Whole are the outcome of a luabind.Step.
	Saved bool `json:"saved,omitempty"`
	Whole bool `json:"whole,omitempty"`
	// Files are source files that were read since the last answer that told of some.
	Files []string `json:"files,omitempty"`
}

// hostCall is a call of the host's, with the step that a handler's journal gives it.
type hostCall[T any] struct {
	Args T             `json:"args,omitzero"`
	Step *luabind.Step `json:"step,omitempty"`
}

// Arguments of the host's methods. Paths and keys are bytes where JSON would not
// leave a script's strings as they are.
type (
	typingCall struct {
		To string `json:"to"`
		On bool   `json:"on"`
	}
	saveFileCall struct {
		File *luabind.File `json:"file"`
		Path []byte        `json:"path"`
	}
	readHeadCall struct {
		File *luabind.File `json:"file"`
		Most int64         `json:"most"`
	}
	uploadCall struct {
		To   string         `json:"to"`
		Kind ilink.ItemType `json:"kind"`
		File *luabind.File  `json:"file"`
	}
	logCall struct {
		Level slog.Level `json:"level"`
		Text  string     `json:"text"`
	}
	awaitCall struct {
		Deadline time.Time `json:"deadline"`
		Sleep    bool      `json:"sleep,omitempty"`
	}
	kvCall struct {
		luabind.KVRequest
		Key   []byte `json:"key"`
		After []byte `json:"after"`
	}
	pathCall struct {
		Path []byte `json:"path"`
		Most int    `json:"most,omitempty"`
	}
	writeFileCall struct {
		Path []byte `json:"path"`
		Data []byte `json:"data"`
		Add  bool   `json:"add,omitempty"`
	}
)
