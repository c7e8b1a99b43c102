package outbox

import (
	"crypto/sha256"
	"fmt"

	"github.com/ilinkd/ilinkd/runtime/store"
)

// runID is the UUID that all sends have which answer one message (protocol §3). It
// is made of what is kept of the message, so that it stays the same after a crash.
func runID(in *store.Inbound) string {
	u := sha256.Sum256(fmt.Appendf(nil, "run %s %d %d", in.Bot, in.ID, in.Received.UnixMilli()))
	u[6] = u[6]&0x0f | 0x80 // version 8: made in a way of its own
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:16])
}
