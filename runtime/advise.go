package runtime

import (
	"fmt"

	"github.com/ilinkd/ilinkd/luabind/check"
)

// maxAdvice bounds how many findings of one load are logged.
const maxAdvice = 20

// advise logs what "ilinkd check" finds in a bot's script. It is called once the
// script is in use: that waits for nothing.
func (b *bot) advise() {
	var names []string
	for _, m := range b.shared.Modules {
		names = append(names, m.Name())
	}
	checker, err := check.New(names...)
	if err != nil {
		b.log.Error("the script can't be checked", "err", err)
		return
	}
	findings, err := checker.Bot(b.cfg.Script)
	if err != nil {
		b.log.Debug("the script can't be checked", "err", err) // it was removed meanwhile
		return
	}
	for i, f := range findings {
		if i == maxAdvice {
			b.log.Warn("there are more findings: see \"ilinkd check\"", "more", len(findings)-i)
			return
		}
		b.log.Warn("the script may have a mistake", "at", fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column), "finding", f.Message)
	}
}
