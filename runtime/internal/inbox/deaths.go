package inbox

import (
	"errors"

	"github.com/ilinkd/ilinkd/runtime/isolate"
)

const (
	// maxDeaths is how often a script's process may die over a message until that is
	// put aside.
	maxDeaths = 3
	// maxSuspicions is how often a message may be handled as a suspect without a try being
	// counted, where there is no moment for it to be handled alone.
	maxSuspicions = 3
)

// isSuspect reports whether a message is handled again, alone, since it isn't known whether
// it or one beside it has harmed the script: has filled its memory, or ended its process.
// What happens while it is alone is its own doing.
//
// A death of the process counts though it was not alone: the others that were in work are
// suspects too, and from then on each is handled alone.
func (in *message) isSuspect(err error) bool {
	var died *isolate.DiedError
	if errors.As(err, &died) {
		in.deaths++
		in.suspicions++
		return in.deaths < maxDeaths
	}
	if !errors.Is(err, ErrHarmed) {
		return false
	}
	in.suspicions++
	return in.suspicions <= maxSuspicions
}
