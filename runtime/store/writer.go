package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
)

// Where a write is on its way.
const (
	waiting int32 = iota
	started       // its outcome will be told
	dropped       // its caller went away before it was started
)

// write is a function that waits for its transaction.
type write struct {
	what  string
	f     func(*Tx) error
	state atomic.Int32
	hooks []func()
	err   error
	done  chan struct{} // closed when err is final
}

// Update runs f in a write transaction and returns once the outcome is durable.
// An error of f, or a panic in it, undoes what f did and is returned; what says
// for the error what was being done. If ctx ends before f was started, f is
// never run; after that, Update waits for the outcome whatever ctx says.
//
// Functions of several callers share one transaction and run one after the
// other, those of one goroutine in its order. f must be quick, must not use tx
// after it returned, and must not call Update, DataVersion, Trim or Close.
func (s *Store) Update(ctx context.Context, what string, f func(tx *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	w := &write{what: what, f: f, done: make(chan struct{})}
	if !s.enqueue(w) {
		return fmt.Errorf("%s: %w", what, ErrClosed)
	}
	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
		if w.state.CompareAndSwap(waiting, dropped) {
			return fmt.Errorf("%s: %w", what, ctx.Err())
		}
	case <-s.writerDone:
	}
	select {
	case <-w.done:
		return w.err
	case <-s.writerDone:
	}
	select {
	case <-w.done: // both had happened
		return w.err
	default:
		return fmt.Errorf("%s: %w", what, ErrClosed)
	}
}

// enqueue reports false if the store is closed.
func (s *Store) enqueue(w *write) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.queue = append(s.queue, w)
	s.queued.Signal()
	return true
}

// takeBatch waits for writes. It returns nothing when the store is closed and
// all are done.
func (s *Store) takeBatch() []*write {
	// Those who were just answered get a chance to queue their next write,
	// so that it joins this batch. Costs nothing when there are none.
	runtime.Gosched()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) == 0 {
		if s.closed {
			return nil
		}
		s.queued.Wait()
	}
	n := min(len(s.queue), s.maxBatch)
	batch := s.queue[:n:n]
	if s.queue = s.queue[n:]; len(s.queue) == 0 {
		s.queue = nil
	}
	return batch
}

// runWriter is the writer's goroutine.
func (s *Store) runWriter() {
	defer close(s.writerDone)
	finished := false
	defer func() {
		if finished {
			return
		}
		// A function ended the goroutine by runtime.Goexit. Nobody must wait
		// for a writer that is gone.
		s.log.Error("a write ended the store's goroutine: the store takes no more writes")
		s.writer.closeRows()
		s.rollback()
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
	}()
	for {
		batch := s.takeBatch()
		if batch == nil {
			finished = true
			return
		}
		for len(batch) > 0 {
			batch = s.transact(batch)
		}
	}
}

// transact runs the writes in one transaction and answers them. It returns
// those that it didn't come to.
func (s *Store) transact(batch []*write) (rest []*write) {
	if err := s.gone(); err != nil {
		return s.answer(batch, err)
	}
	if err := s.control("BEGIN IMMEDIATE"); err != nil {
		s.rollback()
		return s.answer(batch, fmt.Errorf("begin: %w", classify(err)))
	}
	var ran []*write
	for i, w := range batch {
		if !w.state.CompareAndSwap(waiting, started) {
			continue
		}
		ran = append(ran, w)
		if err := s.runWrite(w); err != nil {
			// The whole transaction is gone and with it the writes before.
			s.rollback()
			s.answer(ran, err)
			return batch[i+1:]
		}
	}
	if err := s.control("COMMIT"); err != nil {
		s.rollback()
		return s.answer(ran, fmt.Errorf("commit: %w", classify(err)))
	}
	s.commits.Add(1)
	s.noteSuccess(ran)
	return s.answer(ran, nil)
}

// runWrite runs one write within a savepoint. What it returns is not the
// write's own error but the loss of the transaction.
func (s *Store) runWrite(w *write) error {
	if err := s.control("SAVEPOINT w"); err != nil {
		return fmt.Errorf("savepoint: %w", classify(err))
	}
	tx := &Tx{c: s.writer}
	w.err = s.call(w, tx)
	tx.done = true
	s.writer.closeRows()
	if tx.broken != nil {
		if !errors.Is(w.err, tx.broken) { // the function made something else of it
			w.err = tx.broken
		}
		return tx.broken
	}
	if w.err != nil {
		if err := s.control("ROLLBACK TO w"); err != nil {
			return fmt.Errorf("undo: %w", classify(err))
		}
	} else {
		w.hooks = tx.hooks
	}
	if err := s.control("RELEASE w"); err != nil {
		return fmt.Errorf("release: %w", classify(err))
	}
	return nil
}

// call runs the function of a write and makes an error of a panic.
func (s *Store) call(w *write, tx *Tx) (err error) {
	defer func() {
		if v := recover(); v != nil {
			s.log.Error("panic in a write", "doing", w.what, "panic", v, "stack", string(debug.Stack()))
			if e, ok := v.(runtime.Error); ok {
				err = fmt.Errorf("panic: %w", e)
			} else {
				err = fmt.Errorf("panic: a value of type %T", v) // which may tell contents
			}
		}
	}()
	return w.f(tx)
}

// answer tells the writes their outcome: err, or else the error of their own,
// or else success.
func (s *Store) answer(writes []*write, err error) []*write {
	if err != nil {
		s.noteTrouble(err)
	}
	for _, w := range writes {
		w.state.CompareAndSwap(waiting, started)
		if w.state.Load() == dropped {
			continue
		}
		if err != nil {
			if w.err == nil { // its own error is the better one
				w.err = err
			}
			w.hooks = nil
		}
		for _, hook := range w.hooks {
			s.callHook(w, hook)
		}
		if w.err != nil {
			w.err = s.failure(w.what, w.err)
		}
		s.updates.Add(1)
		close(w.done)
	}
	return nil
}

func (s *Store) callHook(w *write, hook func()) {
	defer func() {
		if v := recover(); v != nil {
			s.log.Error("panic in a commit hook", "doing", w.what, "panic", v, "stack", string(debug.Stack()))
		}
	}()
	hook()
}

// control runs a statement that begins, ends or divides a transaction.
func (s *Store) control(query string) error {
	_, err := s.writer.exec(context.Background(), query)
	return err
}

// rollback leaves the transaction, which SQLite may have left already.
func (s *Store) rollback() {
	if err := s.control("ROLLBACK"); err != nil {
		s.log.Debug("rollback", "err", err)
	}
}
