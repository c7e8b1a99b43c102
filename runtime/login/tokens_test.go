package login

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/runtime"
)

// The newest tokens come first, however the bots are ordered in the configuration:
// a login names ten of them.
func TestLocalTokensNewestFirst(t *testing.T) {
	dir := t.TempDir()
	var cfg runtime.Config
	for i, age := range []time.Duration{3, 1, 4, 2} {
		bot := runtime.BotConfig{Name: fmt.Sprint(age), TokenFile: filepath.Join(dir, fmt.Sprint(i))}
		if err := bot.SaveToken(ilink.Token{BotToken: fmt.Sprintf("aged-%d", age)}); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age * time.Hour)
		if err := os.Chtimes(bot.TokenFile, at, at); err != nil {
			t.Fatal(err)
		}
		cfg.Bots = append(cfg.Bots, bot)
	}
	cfg.Bots = append(cfg.Bots, runtime.BotConfig{Name: "none", TokenFile: filepath.Join(dir, "none")})
	if got := localTokens(cfg); !slices.Equal(got, []string{"aged-1", "aged-2", "aged-3", "aged-4"}) {
		t.Errorf("%q", got)
	}
}
