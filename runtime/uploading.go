package runtime

import (
	"context"
	"errors"
	"fmt"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// upload puts the file of a lane's first send on the CDN and keeps the item that
// this makes. ctx bounds the upload, which can be begun anew at any time; work is
// for what must be noted.
func (o *outbox) upload(ctx, work context.Context, l *lane, p *pending) {
	item, err := o.bot.host.uploadQueued(ctx, &p.Send)
	stored := err == nil
	if stored {
		err = o.bot.store.SetItem(work, p.ID, item)
	}
	var te *ilink.TransportError
	var api *ilink.APIError
	switch {
	case err == nil, stored, ctx.Err() != nil:
	case errors.Is(err, ilink.ErrThrottled):
		o.throttled(work)
	case errors.Is(err, ilink.ErrSessionTimeout):
		o.pause(reasonSession)
	}
	temporary := err == nil || stored || ctx.Err() != nil || errors.Is(err, errOffline) || errors.As(err, &te) && te.Temporary() ||
		errors.Is(err, ilink.ErrThrottled) || errors.Is(err, ilink.ErrSessionTimeout)

	o.mu.Lock()
	defer o.mu.Unlock()
	o.working--
	l.busy = false
	p.uploads++
	if !temporary && errors.As(err, &api) && !errors.Is(err, ilink.ErrBadRequest) {
		p.odd++
		temporary = p.odd < maxOdd
	}
	log := o.bot.log.With("send", p.ID, "to", p.User, "err", err)
	switch {
	case err == nil:
		p.Kind, p.Payload, p.odd = store.PayloadItem, item, 0
		o.putOff(l, p, 0)
	case temporary:
		log.Warn("a file could not be uploaded: it is tried again")
		o.putOff(l, p, o.retryPause(p.uploads))
	default:
		log.Error("a file could not be uploaded: it is given up", "status", luabind.StatusBadRequest)
		o.doom(p, luabind.StatusBadRequest, explain(fmt.Errorf("upload: %w", err)))
	}
	o.settleLane(l)
	o.poke()
}
