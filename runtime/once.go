package runtime

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// once makes a change in the store for a handler. In the same transaction it keeps
// what came of it, and the handler's journal up to there: a handler that is run
// again finds the result instead of changing it twice. Where no journal is kept
// the change is only made.
//
// A change of another call that the handler made in its place before, because the
// script was another one then, doesn't count as this one's.
func once[T any](ctx context.Context, h *host, what string, change func(tx *store.Tx) (T, error)) (result T, err error) {
	return changeOnce(ctx, h, what, false, change)
}

// onceFrom is once, and has the handler go on from there if it is tried again, as after
// an answer: its records up to there are kept.
func onceFrom[T any](ctx context.Context, h *host, what string, change func(tx *store.Tx) (T, error)) (result T, err error) {
	return changeOnce(ctx, h, what, true, change)
}

func changeOnce[T any](ctx context.Context, h *host, what string, mark bool, change func(tx *store.Tx) (T, error)) (result T, err error) {
	run, step := runOf(ctx), luabind.StepOf(ctx)
	if run == nil || step == nil || step.Effect < 0 {
		err = h.bot.store.Update(ctx, what, func(tx *store.Tx) (err error) {
			result, err = change(tx)
			return err
		})
		return result, err
	}
	err = h.bot.store.Update(ctx, what, func(tx *store.Tx) error {
		known, err := effectOf[T](tx, run.inbound.ID, step)
		if err != nil {
			return err
		}
		if known != nil {
			result = *known
		} else if result, err = change(tx); err != nil {
			return err
		}
		p, err := progressOf(run.inbound.ID, step)
		if err != nil {
			return err
		}
		if p == nil {
			p = &store.Progress{Inbound: run.inbound.ID, From: step.Number}
		}
		this, err := entryOf(step.Record(result, nil))
		if err != nil {
			return err
		}
		if this.Await = this.Await || mark; step.Number >= 0 {
			p.Entries = append(p.Entries, this)
		}
		p.Effect, p.EffectRecord = step.Effect, this.Record
		return p.Save(tx)
	})
	if err == nil {
		step.Saved(true)
	}
	return result, err
}

// effectOf returns what came of a step when the handler ran before, nil if it
// hasn't come there.
func effectOf[T any](q store.Queryer, inbound int64, step *luabind.Step) (*T, error) {
	text, err := store.EffectOf(q, inbound, step.Effect)
	if err != nil || text == nil {
		return nil, err
	}
	var rec luabind.Record
	if err := json.Unmarshal(text, &rec); err != nil {
		return nil, fmt.Errorf("read what a handler did: %w", err)
	}
	this, err := step.Record(nil, nil)
	if err != nil || this.Digest != rec.Digest {
		return nil, err
	}
	result := new(T)
	if err := json.Unmarshal(rec.Result, result); err != nil {
		return nil, fmt.Errorf("read what a handler did: %w", err)
	}
	return result, nil
}
