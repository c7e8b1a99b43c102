package ilinksim

import "time"

// Limits are what the server lets a bot send (protocol §4, "What limits
// sending"). A field of 0 means its default, a negative one no such limit.
type Limits struct {
	// PerInbound is how many messages a bot may send to a user for each
	// message of that user; a new message starts the count again. Default 10.
	PerInbound int
	// Window is how long after the user's last message sends are accepted.
	// Default 24 h.
	Window time.Duration
	// Burst sends within BurstWindow are accepted from one bot; the next one
	// trips the throttle. Defaults 3 and 1 s.
	Burst       int
	BurstWindow time.Duration
	// Penalty is how long a tripped throttle refuses everything. Each send
	// tried meanwhile doubles it, up to MaxPenalty, and starts it again.
	// Defaults 30 s and 10 min.
	Penalty    time.Duration
	MaxPenalty time.Duration
	// Disabled switches all of this off. That the user must speak first, and
	// that context tokens are checked, remains.
	Disabled bool
}

// DefaultLimits are the limits as observed on the real server.
func DefaultLimits() Limits {
	return Limits{
		PerInbound:  10,
		Window:      24 * time.Hour,
		Burst:       3,
		BurstWindow: time.Second,
		Penalty:     30 * time.Second,
		MaxPenalty:  10 * time.Minute,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	orDefault(&l.PerInbound, d.PerInbound)
	orDefault(&l.Window, d.Window)
	orDefault(&l.Burst, d.Burst)
	orDefault(&l.BurstWindow, d.BurstWindow)
	orDefault(&l.Penalty, d.Penalty)
	orDefault(&l.MaxPenalty, d.MaxPenalty)
	return l
}

func orDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// A window is what one user's last message lets one bot send.
type window struct {
	user   string
	last   time.Time           // of the user's last message
	said   int64               // create_time_ms of that: no two of a user's have the same
	used   int                 // sends since
	tokens map[string]struct{} // every context token given out for this user
}

func (w *window) expires(l Limits) time.Time { return w.last.Add(l.Window) }

// open tells whether the user's last message is recent enough.
func (w *window) open(l Limits, now time.Time) bool {
	return l.Disabled || l.Window < 0 || now.Before(w.expires(l))
}

// left is how many sends are left of the quota, -1 for any number.
func (w *window) left(l Limits) int {
	if l.Disabled || l.PerInbound < 0 {
		return -1
	}
	return max(l.PerInbound-w.used, 0)
}

// A throttle is one bot's burst limit.
type throttle struct {
	recent  []time.Time // sends of the last BurstWindow
	until   time.Time   // refusing until then
	penalty time.Duration
}

// admit counts a send at now and tells whether it may pass.
func (t *throttle) admit(l Limits, now time.Time) bool {
	if l.Disabled || l.Burst < 0 || l.BurstWindow < 0 || l.Penalty < 0 {
		return true
	}
	if now.Before(t.until) {
		t.penalty *= 2
		if l.MaxPenalty > 0 {
			t.penalty = min(t.penalty, l.MaxPenalty)
		}
		t.until = now.Add(t.penalty)
		return false
	}
	kept := t.recent[:0]
	for _, at := range t.recent {
		if now.Sub(at) < l.BurstWindow {
			kept = append(kept, at)
		}
	}
	t.recent = append(kept, now)
	if len(t.recent) <= l.Burst {
		return true
	}
	t.recent = nil
	t.penalty = l.Penalty
	t.until = now.Add(t.penalty)
	return false
}
