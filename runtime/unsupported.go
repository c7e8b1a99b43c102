package runtime

import (
	"context"

	"github.com/ilinkd/ilinkd/luabind"
)

// What the host can't do yet.

var errUnsupported error = &luabind.HostError{Kind: "unsupported", Message: "this version of ilinkd can't do that yet"}

func (h *host) StartTimer(context.Context, luabind.TimerRequest) (string, error) {
	return "", errUnsupported
}

func (h *host) StopTimer(context.Context, string) (bool, error) { return false, errUnsupported }

func (h *host) ReadFile(context.Context, string, int) ([]byte, error) { return nil, errUnsupported }

func (h *host) WriteFile(context.Context, string, []byte, bool) error { return errUnsupported }

func (h *host) ListFiles(context.Context, string) ([]luabind.FileInfo, error) {
	return nil, errUnsupported
}

func (h *host) RemoveFile(context.Context, string) error { return errUnsupported }
