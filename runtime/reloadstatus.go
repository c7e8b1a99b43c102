package runtime

import "github.com/ilinkd/ilinkd/runtime/internal/script"

// Reload tells how an attempt to load a script ended.
type Reload struct {
	Bot string
	// Generation is the one that is in use now, 0 if there is none.
	Generation int
	// Err says why the script wasn't loaded; the generation before stays in use.
	// It is a [*luabind.ScriptError] where the script is at fault.
	Err error
}

// reloaded shows how an attempt to load the script ended.
func (b *bot) reloaded(a script.Attempt) {
	b.stats.update(func(s *Status) {
		s.Generation = a.Generation
		if a.Err == nil {
			s.Reloads++
		} else {
			s.ReloadErrors++
		}
		if s.ScriptError = ""; a.Err != nil {
			s.ScriptError = a.Err.Error()
		}
	})
	if f := b.shared.cfg.OnReload; f != nil {
		f(Reload{Bot: b.cfg.Name, Generation: a.Generation, Err: a.Err})
	}
	if a.Err == nil && !a.Renewed {
		b.advise()
	}
}
