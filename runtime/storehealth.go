package runtime

import (
	"context"
	"time"

	"github.com/ilinkd/ilinkd/runtime/notify"
)

// States of [NotifyConfig]'s events about the store, which all bots share.
const (
	StateStoreTrouble = "store_trouble"
	StateStoreFine    = "store_fine"
)

// StoreTrouble is why nothing can be stored at the moment, such as a full disk, ""
// if all is well. Nothing is taken from the server meanwhile, and nothing is lost.
func (r *Runtime) StoreTrouble() string {
	r.mu.Lock()
	st := r.store
	r.mu.Unlock()
	if st == nil {
		return ""
	}
	if err := st.Trouble(); err != nil {
		return err.Error()
	}
	return ""
}

// checkStore tells the operator when the store's trouble begins, and when it ends: it
// is tried while there is some, as what failed is tried again ever more seldom. Only
// watchStore calls it.
func (r *Runtime) checkStore(ctx context.Context) {
	if r.StoreTrouble() != "" {
		_ = r.store.Try(ctx) // Trouble has how it ended
	}
	trouble := r.StoreTrouble()
	if (trouble == "") == (r.toldTrouble == "") {
		return
	}
	ev := notify.Event{State: StateStoreTrouble, Previous: StateStoreFine, Message: trouble, At: time.Now()}
	if trouble != "" {
		r.cfg.Logger.Error("the store takes nothing: no message is taken until it does", "err", trouble)
	} else {
		ev.State, ev.Previous, ev.Message = StateStoreFine, StateStoreTrouble, "the store takes messages again"
		r.cfg.Logger.Info("the store takes messages again")
	}
	r.toldTrouble = trouble
	r.notify.Notify(ev)
}
