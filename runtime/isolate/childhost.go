package isolate

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
)

// childHost is the host as the child's sandbox sees it: each method is a call of the
// parent's host.
type childHost struct{ parent *peer }

var _ luabind.Host = childHost{}

// callerKey is under which a handler's context has the parent's call for which it
// runs.
type callerKey struct{}

// ask calls the parent's host.
func ask[Out, In any](ctx context.Context, h childHost, method string, in In) (Out, error) {
	of, _ := ctx.Value(callerKey{}).(uint64)
	call := hostCall[In]{Args: in, Step: luabind.StepOf(ctx)}
	var a answer[Out]
	if err := context.Cause(ctx); err != nil {
		return a.Result, err
	}
	f, err := h.parent.roundTrip(ctx, of, method, nil, call)
	if err != nil {
		return a.Result, err
	}
	if err := json.Unmarshal(f.body, &a); err != nil {
		return a.Result, fmt.Errorf("read the answer to %s: %w", method, err)
	}
	if call.Step != nil && a.Saved {
		call.Step.Saved(a.Whole)
	}
	return a.Result, a.Error.Err()
}

// tell is ask for what has no result.
func tell[In any](ctx context.Context, h childHost, method string, in In) error {
	_, err := ask[none](ctx, h, method, in)
	return err
}

func (h childHost) Send(ctx context.Context, req luabind.SendRequest) (luabind.SendResult, error) {
	return ask[luabind.SendResult](ctx, h, callSend, req)
}

func (h childHost) Typing(ctx context.Context, to string, on bool) error {
	return tell(ctx, h, callTyping, typingCall{to, on})
}

func (h childHost) Recall(ctx context.Context, messageID string) error {
	return tell(ctx, h, callRecall, messageID)
}

func (h childHost) Download(ctx context.Context, item *ilink.Item) (*luabind.File, error) {
	return h.readable(ask[*luabind.File](ctx, h, callDownload, item))
}

func (h childHost) SaveFile(ctx context.Context, f *luabind.File, path string) (*luabind.File, error) {
	return h.readable(ask[*luabind.File](ctx, h, callSaveFile, saveFileCall{f, []byte(path)}))
}

func (h childHost) OpenFile(ctx context.Context, path string) (*luabind.File, error) {
	return h.readable(ask[*luabind.File](ctx, h, callOpenFile, []byte(path)))
}

func (h childHost) Upload(ctx context.Context, to string, kind ilink.ItemType, f *luabind.File) (*ilink.CDNMedia, error) {
	return ask[*ilink.CDNMedia](ctx, h, callUpload, uploadCall{to, kind, f})
}

func (h childHost) Log(ctx context.Context, level slog.Level, text string) {
	// A handler that is being stopped may still say so.
	tell(context.WithoutCancel(ctx), h, callLog, logCall{level, text})
}

func (h childHost) Await(ctx context.Context, req luabind.AwaitRequest) (*luabind.Answer, error) {
	return ask[*luabind.Answer](ctx, h, callAwait, awaitCall(req))
}

func (h childHost) KV(ctx context.Context, req luabind.KVRequest) (luabind.KVResult, error) {
	return ask[luabind.KVResult](ctx, h, callKV, kvCall{req, []byte(req.Key), []byte(req.After)})
}

func (h childHost) StartTimer(ctx context.Context, req luabind.TimerRequest) (string, error) {
	return ask[string](ctx, h, callStartTimer, req)
}

func (h childHost) StopTimer(ctx context.Context, id string) (bool, error) {
	return ask[bool](ctx, h, callStopTimer, id)
}

func (h childHost) ReadFile(ctx context.Context, path string, most int) ([]byte, error) {
	return ask[[]byte](ctx, h, callReadFile, pathCall{[]byte(path), most})
}

func (h childHost) WriteFile(ctx context.Context, path string, data []byte, add bool) error {
	return tell(ctx, h, callWriteFile, writeFileCall{[]byte(path), data, add})
}

func (h childHost) ListFiles(ctx context.Context, path string) ([]luabind.FileInfo, error) {
	return ask[[]luabind.FileInfo](ctx, h, callListFiles, pathCall{Path: []byte(path)})
}

func (h childHost) RemoveFile(ctx context.Context, path string) error {
	return tell(ctx, h, callRemoveFile, pathCall{Path: []byte(path)})
}

// readable gives a file that came from the parent what reads it.
func (h childHost) readable(f *luabind.File, err error) (*luabind.File, error) {
	if f != nil {
		f.Reader = remoteFile{h, f}
	}
	return f, err
}

// remoteFile reads a file through the parent.
type remoteFile struct {
	host childHost
	file *luabind.File
}

// ReadHead is of luabind.FileReader.
func (r remoteFile) ReadHead(ctx context.Context, n int64) ([]byte, error) {
	return ask[[]byte](ctx, r.host, callReadHead, readHeadCall{r.file, n})
}

// waiting is luabind.Event.Waiting.
func (h childHost) waiting(ctx context.Context) *ilink.Message {
	m, _ := ask[*ilink.Message](context.WithoutCancel(ctx), h, callWaiting, none{})
	return m
}

// interrupted is luabind.Event.Interrupted.
func (h childHost) interrupted(ctx context.Context) bool {
	yes, _ := ask[bool](context.WithoutCancel(ctx), h, callInterrupted, none{})
	return yes
}
