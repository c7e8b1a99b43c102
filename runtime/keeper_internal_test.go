package runtime

import (
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/luabind/hosttest"
)

// TestKeeper: the store keeps data as specs' memory does.
func TestKeeper(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) { hosttest.Keeper(t, b.bot.host, time.Sleep) })
}
