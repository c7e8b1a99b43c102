package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/files"
	"github.com/ilinkd/ilinkd/runtime/internal/replay"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// Request is what a script wants sent.
type Request struct {
	luabind.SendRequest
	// Files are those of the script that sends: the parts name them.
	Files *files.Files
	// Foreign says that it is the script of another bot, and so no answer to a message
	// of this one.
	Foreign bool
}

// Send puts the parts of a request into the outbox, texts split into messages that the
// server leaves whole, and waits until it is known what becomes of them: sent, or kept
// until the user writes again. For a handler that is run again it finds what that sent
// before.
func (o *Outbox) Send(ctx context.Context, req Request) (luabind.SendResult, error) {
	e, err := o.queueable(ctx, req)
	if err != nil {
		return luabind.SendResult{}, err
	}
	before, err := o.sentBefore(ctx, &e)
	if err != nil {
		return luabind.SendResult{}, err
	}
	if len(before) > 0 {
		pending, err := o.found(ctx, before)
		if err != nil {
			return luabind.SendResult{}, err
		}
		return await(ctx, pending)
	}
	for _, part := range req.Parts {
		parts, err := o.queueParts(part, req.Files)
		if err != nil {
			o.discard(e.Parts)
			return luabind.SendResult{}, err
		}
		e.Parts = append(e.Parts, parts...)
	}
	pending, err := o.enqueue(ctx, e)
	if err != nil {
		o.discard(e.Parts)
		return luabind.SendResult{}, err
	}
	if e.Progress != nil {
		luabind.StepOf(ctx).Saved(false)
	}
	r, err := await(ctx, pending)
	if r.Status == luabind.StatusDeferred && r.Reason == luabind.StatusWindowClosed {
		o.warnOfStranger(ctx, e.User)
	}
	return r, err
}

// queueable is what a request puts into the store, but for its parts.
func (o *Outbox) queueable(ctx context.Context, req Request) (e store.Enqueue, err error) {
	e = store.Enqueue{
		Bot: o.opts.Bot, User: req.To, Mode: req.Mode, Created: time.Now(), MaxQueued: o.opts.Limits.MaxQueued,
		Priority: store.PriorityPush,
	}
	if m := req.InReplyTo; m != nil {
		e.Group = m.GroupID
	}
	e.Conversation = store.Conversation(e.Group, e.User)
	if e.Mode == "" {
		e.Mode = o.opts.Limits.WhenFull
	}
	life := req.Lifetime
	if life == 0 {
		life = o.opts.Limits.Lifetime
	}
	e.Expires = e.Created.Add(life)
	run := replay.Of(ctx)
	if run == nil {
		return e, nil
	}
	e.Inbound, e.RunID = run.Inbound.ID, runID(run.Inbound)
	step := luabind.StepOf(ctx)
	if e.Ordinal = run.Ordinal(); step != nil {
		e.Ordinal = step.Effect
	}
	if !req.Foreign && run.Inbound.Conversation == e.Conversation {
		e.Priority = store.PriorityAnswer
	}
	e.Progress, err = replay.Progress(e.Inbound, step)
	return e, err
}

// sentBefore returns the sends of a request that a handler has made before, when it ran
// first: files that are gone by now are not missed.
func (o *Outbox) sentBefore(ctx context.Context, e *store.Enqueue) (before []store.Send, err error) {
	if run := replay.Of(ctx); run == nil || !run.Again {
		return nil, nil
	}
	before, err = o.opts.Store.SendsOf(ctx, e.Inbound, e.Ordinal)
	for err == nil && len(before) > 0 && (before[0].Conversation != e.Conversation || before[0].Bot != e.Bot) {
		// The script takes another way than before, for it was changed: this one
		// went to somebody else, and must not be taken for what is sent now.
		e.Ordinal += replay.OtherWay
		before, err = o.opts.Store.SendsOf(ctx, e.Inbound, e.Ordinal)
	}
	return before, err
}

// queueParts makes the messages of a part: several for a long text. A file is
// copied, for it may be changed or gone when its turn comes; it is uploaded then.
func (o *Outbox) queueParts(part luabind.Part, from *files.Files) ([]store.EnqueuePart, error) {
	if part.Kind == ilink.ItemTypeText {
		var parts []store.EnqueuePart
		for _, text := range ilink.SplitText(part.Text, o.opts.Limits.TextRunes) {
			p, err := itemPart(ilink.TextMessage(text))
			if err != nil {
				return nil, err
			}
			parts = append(parts, p)
		}
		if parts == nil {
			return nil, &luabind.HostError{Kind: luabind.StatusBadRequest, Message: "the text is empty"}
		}
		return parts, nil
	}
	if part.Media != nil {
		item, err := mediaItem(part.Kind, part.Media, part.Name)
		if err != nil {
			return nil, err
		}
		p, err := itemPart(item)
		return []store.EnqueuePart{p}, err
	}
	if part.File == nil {
		return nil, &luabind.HostError{Kind: luabind.StatusBadRequest, Message: "there is no file to send"}
	}
	src, err := from.Open(part.File)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	kept, err := o.opts.Files.Spool(src, part.File.Name)
	if err != nil {
		return nil, err
	}
	name := part.Name
	if name == "" {
		name = part.File.Name
	}
	payload, err := json.Marshal(queuedFile{Name: name})
	return []store.EnqueuePart{{ClientID: ilink.NewClientID(), Kind: part.Kind.String(), Payload: payload, File: kept}}, err
}

// queuedFile is the payload of a send whose file is not uploaded yet.
type queuedFile struct {
	Name string `json:"name"`
}

func itemPart(item ilink.Item) (store.EnqueuePart, error) {
	payload, err := json.Marshal(item)
	return store.EnqueuePart{ClientID: ilink.NewClientID(), Kind: store.PayloadItem, Payload: payload}, err
}

// itemOf reads a payload.
func itemOf(s *store.Send) (ilink.Item, error) {
	var item ilink.Item
	if err := item.UnmarshalJSON(s.Payload); err != nil {
		return item, fmt.Errorf("read a queued message: %w", err)
	}
	return item, nil
}

// discard removes the copies of files that are not to be sent.
func (o *Outbox) discard(parts []store.EnqueuePart) {
	for _, p := range parts {
		if p.File != "" {
			o.opts.Files.Discard(p.File)
		}
	}
}
