package runtime

import (
	"testing"

	"github.com/ilinkd/ilinkd/ilink"
)

// The bridge takes a token with another bot id than the binding's, which is our
// name of the bot, for another bot's, and would go on with the stale one.
func TestFreshTokenHasNoBotID(t *testing.T) {
	token := ilink.Token{BotToken: "t", BotID: "b@im.bot"}
	b := &bot{cfg: BotConfig{Token: &token}, token: token}
	got, err := b.freshToken()
	if err != nil || got.BotToken != "t" || got.BotID != "" {
		t.Errorf("%q, bot id %q, %v", got.BotToken, got.BotID, err)
	}
}
