package account

import (
	"log/slog"
	"testing"

	"github.com/ilinkd/ilinkd/ilink"
)

// The bridge takes a token with another bot id than the binding's, which is our
// name of the bot, for another bot's, and would go on with the stale one.
func TestRefreshedTokenHasNoBotID(t *testing.T) {
	token := ilink.Token{BotToken: "t", BotID: "b@im.bot"}
	logins := 0
	a := New(Options{
		LoadToken: func() (ilink.Token, error) { return token, nil }, Logger: slog.New(slog.DiscardHandler), OnLogin: func() { logins++ },
	})
	for range 2 {
		got, err := a.Refresh()
		if err != nil || got.BotToken != "t" || got.BotID != "" {
			t.Errorf("%q, bot id %q, %v", got.BotToken, got.BotID, err)
		}
	}
	if logins != 1 {
		t.Errorf("%d logins with one token", logins)
	}
}
