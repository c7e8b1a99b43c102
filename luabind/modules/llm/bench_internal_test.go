package llm

import (
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
)

// BenchmarkReply answers with 30 KB that come word by word.
func BenchmarkReply(b *testing.B) {
	words := strings.SplitAfter(strings.Repeat(strings.Repeat("This is a long answer, ", 9)+"that's it.\n\n", 138), " ")
	s := &service{replies: []reply{says(words...)}}
	bot := modulestest.NewBot(b, nil, `function on_message(msg)
		assert(llm.reply(msg, { url = "https://a.org/v1", model = "m" }))
	end`, s.modules()...)
	for b.Loop() {
		if _, err := bot.Handle(nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(words)), "words/op")
}

// BenchmarkCutter is what of that the cutting takes.
func BenchmarkCutter(b *testing.B) {
	text := strings.Repeat(strings.Repeat("This is a long answer, ", 9)+"that's it.\n\n", 138)
	for b.Loop() {
		cutAll(text, 5)
	}
}
