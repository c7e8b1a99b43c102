package ilinksim

import "time"

// suppression is what a FaultSuppress knows of one user.
type suppression struct {
	since time.Time
}

// throwFault returns the fault for which a send to the user of a window is thrown
// away, nil if there is none. mu must be held, as for all below.
func (s *Server) throwFault(b *bot, w *window) *fault {
	now := s.clock.now()
	for _, f := range s.faults {
		if f.Kind == FaultSuppress && f.hits("sendmessage", b.id) && f.reaches(w.user) && f.suppresses(b, w, now) && f.fire() {
			return f
		}
	}
	return nil
}

// reaches tells whether the fault is for a user.
func (f *fault) reaches(user string) bool { return f.To == "" || userID(f.To) == user }

// suppresses tells whether what the user is sent is thrown away at a time. With a
// burst it begins for each user alone.
func (f *fault) suppresses(b *bot, w *window, now time.Time) bool {
	since := f.added
	if f.Burst > 0 {
		key := b.id + " " + w.user
		begun, ok := f.suppressed[key]
		if !ok {
			if w.used <= f.Burst { // this one counts already
				return false
			}
			if f.suppressed == nil {
				f.suppressed = map[string]suppression{}
			}
			begun = suppression{now}
			f.suppressed[key] = begun
		}
		since = begun.since
	}
	return f.For == 0 || now.Before(since.Add(f.For))
}

// throwAway answers a send as if it was accepted, without an id: now with ret, now
// with nothing.
func (s *Server) throwAway(f *fault, m Sent) reply {
	m.MessageID, m.Shown = "", false
	m.N = len(s.thrown) + 1
	s.thrown = append(s.thrown, m)
	s.log.Debug("ilinksim throws a send away", "bot", m.Bot, "to", m.To)
	s.touch()
	empty := f.Form == FormEmpty || f.Form == "" && m.N%2 == 0
	if empty {
		return object(map[string]any{})
	}
	return object(map[string]any{"ret": 0})
}

// Thrown returns the sends with N > after that were accepted and thrown away,
// oldest first.
func (s *Server) Thrown(after int) []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Sent(nil), s.thrown[min(max(after, 0), len(s.thrown)):]...)
}

// lateFault keeps a send back that a FaultLate is for, and reports whether it did.
// All that a fault keeps back is delivered in one batch.
func (s *Server) lateFault(b *bot, m Sent) bool {
	for _, f := range s.faults {
		if f.Kind != FaultLate || !f.hits("sendmessage", b.id) || !f.reaches(m.To) || !f.fire() {
			continue
		}
		if len(f.kept) == 0 {
			f.due = s.clock.now().Add(f.After)
		}
		f.kept = append(f.kept, m)
		s.touch()
		return true
	}
	return false
}

// deliverLate delivers what is due.
func (s *Server) deliverLate() {
	now := s.clock.now()
	for _, f := range s.faults {
		if len(f.kept) > 0 && !now.Before(f.due) {
			s.deliverKept(f)
		}
	}
}

func (s *Server) deliverKept(f *fault) {
	for _, m := range f.kept {
		m.N, m.Late, m.AtMS = len(s.sent)+1, true, s.clock.now().UnixMilli()
		s.sent = append(s.sent, m)
	}
	f.kept = nil
	s.touch()
}
