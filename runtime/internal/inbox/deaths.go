package inbox

import (
	"errors"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/runtime/isolate"
)

const (
	// maxDeaths is how often a script's process may die over a message until that is
	// put aside.
	maxDeaths = 3
	// aloneFor is how long a message over which a process died is kept apart from
	// others of its kind when it is handled again.
	aloneFor = 10 * time.Second
)

// diedOver counts a death of the script's process against the message that was being
// handled, and reports whether it is handled again. The others that were in work
// are counted too, for it isn't known which of them it was; see alone.
func (in *message) diedOver(err error) (again bool) {
	var died *isolate.DiedError
	if !errors.As(err, &died) {
		return false
	}
	in.deaths++
	return in.deaths < maxDeaths
}

// alone waits until a message over which a process died can be handled while no
// other such is: so that the next death is that of the right one.
func (ib *Inbox) alone() (release func()) {
	select {
	case ib.suspect <- struct{}{}:
	case <-ib.accept.Done():
		return func() {}
	}
	var once sync.Once
	free := func() { once.Do(func() { <-ib.suspect }) }
	late := time.AfterFunc(aloneFor, free)
	return func() { late.Stop(); free() }
}
