package runtime

import (
	"fmt"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/check"
)

// maxAdvice bounds how many findings of one load are logged.
const maxAdvice = 20

// newChecker returns what checks all bots' scripts.
func newChecker(modules []luabind.Module) (*check.Checker, error) {
	var names []string
	for _, m := range modules {
		names = append(names, m.Name())
	}
	return check.New(names...)
}

// advise logs what "ilinkd check" finds in a bot's script. It is called once the
// script is in use: that waits for nothing.
func (b *bot) advise() {
	checker, err := b.shared.cfg.checker()
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
