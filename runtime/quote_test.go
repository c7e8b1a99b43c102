package runtime_test

import (
	"testing"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// What a phone quotes is found in each form in which phones have named it.
func TestQuotesOfPhones(t *testing.T) {
	w := newWorld(t, `function on_message(msg) msg:reply(msg.quote and "quoted: " .. (msg.quote.text or "?") or "said " .. msg.text) end`, unlimited)
	for _, style := range []ilinksim.QuoteStyle{"", ilinksim.QuoteByID, ilinksim.QuoteFull, ilinksim.QuoteItem, ilinksim.QuoteBot, ilinksim.QuoteBare} {
		w.sim.Say("alice", "hello")
		bots := w.sent(1)[0]
		if _, err := w.sim.Inject(ilinksim.In{From: "alice", Text: "this?", Quote: bots.MessageID, QuoteStyle: style}); err != nil {
			t.Fatal(err)
		}
		if got := w.sent(1)[0].Text; got != "quoted: said hello" {
			t.Errorf("%q: %s", style, got)
		}
	}
}
