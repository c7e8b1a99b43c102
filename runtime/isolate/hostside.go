package isolate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
)

// hostSide is the parent's end of the child's calls: it hands them to the host.
type hostSide struct {
	host  luabind.Host
	files *sealer
	// most is how many bytes of a file are read at once.
	most int64
}

// method serves one kind of call. An error is a fault in the call's form.
type method func(ctx context.Context, c *incoming) (any, error)

// methods are all calls that the child may make: one line for each method of
// luabind.Host, and one in childhost.go.
func (h *hostSide) methods() map[string]method {
	return map[string]method{
		callSend:   serve(h.send),
		callTyping: serveDone(func(ctx context.Context, a typingCall) error { return h.host.Typing(ctx, a.To, a.On) }),
		callRecall: serveDone(func(ctx context.Context, id string) error { return h.host.Recall(ctx, id) }),
		callDownload: serve(func(ctx context.Context, it *ilink.Item) (*luabind.File, error) {
			return h.sealed(h.host.Download(ctx, it))
		}),
		callSaveFile: serve(h.saveFile),
		callOpenFile: serve(func(ctx context.Context, p []byte) (*luabind.File, error) {
			return h.sealed(h.host.OpenFile(ctx, string(p)))
		}),
		callReadHead:   serve(h.readHead),
		callUpload:     serve(h.upload),
		callLog:        serveDone(func(ctx context.Context, a logCall) error { h.host.Log(ctx, a.Level, a.Text); return nil }),
		callAwait:      serve(h.await),
		callKV:         serve(h.kv),
		callStartTimer: serve(h.host.StartTimer),
		callStopTimer:  serve(h.host.StopTimer),
		callReadFile: serve(func(ctx context.Context, a pathCall) ([]byte, error) {
			return h.host.ReadFile(ctx, string(a.Path), a.Most)
		}),
		callWriteFile: serveDone(func(ctx context.Context, a writeFileCall) error {
			return h.host.WriteFile(ctx, string(a.Path), a.Data, a.Add)
		}),
		callListFiles: serve(func(ctx context.Context, a pathCall) ([]luabind.FileInfo, error) {
			return h.host.ListFiles(ctx, string(a.Path))
		}),
		callRemoveFile: serveDone(func(ctx context.Context, a pathCall) error { return h.host.RemoveFile(ctx, string(a.Path)) }),

		callWaiting:     serveEvent(func(ev *luabind.Event) *ilink.Message { return withoutToken(ev.Waiting()) }),
		callInterrupted: serveEvent(func(ev *luabind.Event) bool { return ev.Interrupted() }),
	}
}

// serve makes a method of a function with one argument and one result.
func serve[In, Out any](f func(ctx context.Context, in In) (Out, error)) method {
	return func(ctx context.Context, c *incoming) (any, error) {
		var call hostCall[In]
		if err := json.Unmarshal(c.body, &call); err != nil {
			return nil, fmt.Errorf("it called %q in a form that can't be read: %w", c.method, err)
		}
		ctx = context.WithValue(ctx, incomingKey{}, c)
		if call.Step != nil {
			ctx = luabind.WithStep(ctx, call.Step)
		}
		result, err := f(ctx, call.Args)
		a := answer[Out]{Result: result, Error: luabind.PassError(err)}
		if call.Step != nil {
			a.Saved, a.Whole = call.Step.Outcome()
		}
		return a, nil
	}
}

// serveDone is serve for what has no result.
func serveDone[In any](f func(ctx context.Context, in In) error) method {
	return serve(func(ctx context.Context, in In) (none, error) { return none{}, f(ctx, in) })
}

// serveEvent is serve for what is asked about the message being handled.
func serveEvent[Out any](f func(ev *luabind.Event) Out) method {
	return serve(func(ctx context.Context, _ none) (result Out, err error) {
		if c := ctx.Value(incomingKey{}).(*incoming); c.on != nil && c.on.event != nil {
			result = f(c.on.event)
		}
		return result, nil
	})
}

type incomingKey struct{}

func (h *hostSide) sealed(f *luabind.File, err error) (*luabind.File, error) {
	return h.files.seal(f), err
}

func (h *hostSide) send(ctx context.Context, req luabind.SendRequest) (luabind.SendResult, error) {
	// The message as it came, not as the child has it.
	c := ctx.Value(incomingKey{}).(*incoming)
	if m := req.InReplyTo; m != nil && c.on != nil && c.on.event != nil && c.on.event.Message.ID == m.ID {
		req.InReplyTo = c.on.event.Message
	}
	for i := range req.Parts {
		var err error
		if req.Parts[i].File, err = h.files.open(req.Parts[i].File); err != nil {
			return luabind.SendResult{}, err
		}
	}
	return h.host.Send(ctx, req)
}

func (h *hostSide) saveFile(ctx context.Context, a saveFileCall) (*luabind.File, error) {
	f, err := h.files.open(a.File)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, errHandle
	}
	return h.sealed(h.host.SaveFile(ctx, f, string(a.Path)))
}

func (h *hostSide) upload(ctx context.Context, a uploadCall) (*ilink.CDNMedia, error) {
	f, err := h.files.open(a.File)
	if err != nil {
		return nil, err
	}
	return h.host.Upload(ctx, a.To, a.Kind, f)
}

// readHead reads a file in the child's place.
func (h *hostSide) readHead(_ context.Context, a readHeadCall) ([]byte, error) {
	f, err := h.files.open(a.File)
	if err != nil {
		return nil, err
	}
	if f == nil || a.Most < 0 {
		return nil, errHandle
	}
	src, err := os.Open(f.Path)
	if err != nil {
		var pe *fs.PathError
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, errHandle
		case errors.As(err, &pe):
			err = pe.Err // without the path
		}
		return nil, err
	}
	defer src.Close()
	return io.ReadAll(io.LimitReader(src, min(a.Most, h.most)))
}

func (h *hostSide) await(ctx context.Context, a awaitCall) (*luabind.Answer, error) {
	got, err := h.host.Await(ctx, luabind.AwaitRequest(a))
	if got == nil {
		return nil, err
	}
	bare := *got
	bare.Message = withoutToken(got.Message)
	return &bare, err
}

func (h *hostSide) kv(ctx context.Context, a kvCall) (luabind.KVResult, error) {
	req := a.KVRequest
	req.Key, req.After = string(a.Key), string(a.After)
	return h.host.KV(ctx, req)
}
