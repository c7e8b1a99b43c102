package replay

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// Once makes a change in the store for a handler. In the same transaction it keeps
// what came of it, and the handler's journal up to there: a handler that is run
// again finds the result instead of changing it twice. Where no journal is kept
// the change is only made. what names the change, for errors.
//
// A change of another call that the handler made in its place before, because the
// script was another one then, doesn't count as this one's.
func Once[T any](ctx context.Context, st *store.Store, what string, change func(tx *store.Tx) (T, error)) (result T, err error) {
	return once(ctx, st, what, false, change)
}

// OnceFrom is Once, and has the handler go on from there if it is tried again, as after
// an answer: its records up to there are kept.
func OnceFrom[T any](ctx context.Context, st *store.Store, what string, change func(tx *store.Tx) (T, error)) (result T, err error) {
	return once(ctx, st, what, true, change)
}

func once[T any](ctx context.Context, st *store.Store, what string, mark bool, change func(tx *store.Tx) (T, error)) (result T, err error) {
	run, step := journaled(ctx)
	if step == nil {
		err = st.Update(ctx, what, func(tx *store.Tx) (err error) {
			result, err = change(tx)
			return err
		})
		return result, err
	}
	err = st.Update(ctx, what, func(tx *store.Tx) error {
		known, err := effectOf[T](tx, run.Inbound.ID, step)
		if err != nil {
			return err
		}
		if known != nil {
			result = *known
		} else if result, err = change(tx); err != nil {
			return err
		}
		p, err := progressAt(run.Inbound.ID, step)
		if err != nil {
			return err
		}
		this, err := entry(step.Record(result, nil))
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

// Intend notes in the store what a handler is about to do that can't be part of a
// transaction, and what has led to it. A handler that is run again gets what was
// noted then.
func Intend[T any](ctx context.Context, st *store.Store, what T) (noted T, again bool, err error) {
	run, step := journaled(ctx)
	if step == nil {
		return what, false, nil
	}
	noted = what
	err = st.Update(ctx, "note what a handler is about to do", func(tx *store.Tx) error {
		known, err := effectOf[T](tx, run.Inbound.ID, step)
		if err != nil {
			return err
		}
		if known != nil {
			noted, again = *known, true
			return nil
		}
		p, err := progressAt(run.Inbound.ID, step)
		if err != nil {
			return err
		}
		this, err := entry(step.Record(what, nil))
		if err != nil {
			return err
		}
		p.Effect, p.EffectRecord = step.Effect, this.Record
		return p.Save(tx)
	})
	if err != nil {
		return noted, false, err
	}
	if !again {
		step.Saved(false)
	}
	return noted, again, nil
}

// journaled is the run and the step of a call whose effect is kept, nil where no journal
// is kept.
func journaled(ctx context.Context) (*Run, *luabind.Step) {
	run, step := Of(ctx), luabind.StepOf(ctx)
	if run == nil || step == nil || step.Effect < 0 {
		return nil, nil
	}
	return run, step
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
