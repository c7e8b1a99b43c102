package replay

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// Journal reads what the handler of a message has recorded.
func Journal(ctx context.Context, st *store.Store, inbound int64) (records []luabind.Record, err error) {
	kept, err := st.Journal(ctx, inbound)
	if err != nil {
		return nil, err
	}
	for _, text := range kept {
		var rec luabind.Record
		if err := json.Unmarshal(text, &rec); err != nil {
			return nil, fmt.Errorf("read a handler's journal: %w", err)
		}
		records = append(records, rec)
	}
	return records, nil
}

// Progress is what a step has to save of the calls before it, nil if that is nothing.
func Progress(inbound int64, step *luabind.Step) (*store.Progress, error) {
	if step == nil || len(step.Pending) == 0 {
		return nil, nil
	}
	p := &store.Progress{Inbound: inbound, From: step.Number - len(step.Pending)}
	for _, rec := range step.Pending {
		e, err := entry(rec, nil)
		if err != nil {
			return nil, err
		}
		p.Entries = append(p.Entries, e)
	}
	return p, nil
}

// progressAt is Progress for a step that saves something of its own, and so never nil.
func progressAt(inbound int64, step *luabind.Step) (*store.Progress, error) {
	p, err := Progress(inbound, step)
	if p == nil && err == nil {
		p = &store.Progress{Inbound: inbound, From: step.Number}
	}
	return p, err
}

// Answered is the progress of a handler whose step has got its result from outside, such
// as an answer of the user's.
func Answered(inbound int64, step *luabind.Step, result any) (*store.Progress, error) {
	e, err := entry(step.Record(result, nil))
	if err != nil {
		return nil, err
	}
	return &store.Progress{Inbound: inbound, From: step.Number, Entries: []store.Entry{e}}, nil
}

func entry(rec luabind.Record, err error) (store.Entry, error) {
	if err != nil {
		return store.Entry{}, err
	}
	text, err := json.Marshal(rec)
	if err != nil {
		return store.Entry{}, fmt.Errorf("keep a record: %w", err)
	}
	return store.Entry{Record: text, Await: rec.Await}, nil
}
