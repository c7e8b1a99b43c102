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
