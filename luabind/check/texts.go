package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/internal/cron"
	"github.com/ilinkd/ilinkd/luabind/library"
)

// takesText reports whether a text will do where a type is wanted; if it doesn't since
// it is written wrongly, why says so.
func (w *work) takesText(t *library.Type, text string) (takes bool, why string) {
	switch {
	case t.Kind == library.Union:
		for _, arm := range t.Args {
			takes, problem := w.takesText(arm, text)
			if takes {
				return true, ""
			}
			if why != "" && problem != "" {
				why += "; "
			}
			why += problem
		}
		return false, why
	case t.Kind != library.Named:
		return t.Kind == library.Literal, ""
	case slices.Contains([]string{"number", "integer", "boolean", "nil"}, t.Name):
		return false, ""
	}
	why = misread(t.Name, text)
	return why == "", why
}

// misread says what is wrong with a text of a type whose texts are read in a certain way.
func misread(name, text string) string {
	switch name {
	case "ilink.Span":
		if _, ok := luabind.ReadSpan(text); !ok {
			return fmt.Sprintf(`%q is no span of time, which is written as "10m", "2h" or as seconds`, text)
		}
	case "ilink.Crontab":
		if _, err := cron.Parse(text); err != nil {
			return err.Error()
		}
	case "ilink.Time":
		if _, _, ok := luabind.ReadTime(text, time.UTC); !ok {
			return fmt.Sprintf(`%q is no time, which is written as "2030-01-31 18:00", as "18:00" or as seconds since 1970`, text)
		}
	case "ilink.Zone":
		if _, err := cron.In(text); err != nil || text == "" {
			return fmt.Sprintf("there is no time zone %q; zones are named as in \"Asia/Shanghai\"", text)
		}
	}
	return ""
}
