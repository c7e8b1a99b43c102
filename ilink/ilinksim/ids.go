package ilinksim

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// An idSource makes message ids as the real server's look: uint64 far above
// 2^53, every fourth above int64's maximum. They hold the start time, since a
// client remembers ids for days and would take the messages of a restarted
// simulator for duplicates if it counted from the same number again.
type idSource struct {
	big  bool // some are above 2^63 - 1
	base uint64
	n    uint64
}

func newIDSource(start time.Time) idSource {
	ms := uint64(start.UnixMilli()) & (1<<41 - 1)
	return idSource{base: 1<<62 | ms<<20}
}

func (s *idSource) next() uint64 {
	s.n++
	id := s.base + s.n
	if s.big && s.n%4 == 0 {
		id |= 1 << 63
	}
	return id
}

// jsonID is an id in JSON: as a string, or as a number.
func jsonID(id uint64, asString bool) json.RawMessage {
	digits := strconv.FormatUint(id, 10)
	if asString {
		return json.RawMessage(`"` + digits + `"`)
	}
	return json.RawMessage(digits)
}

// parseID reads an id in either JSON form, or as bare digits.
func parseID(raw []byte) (uint64, bool) {
	digits := strings.TrimSpace(string(bytes.Trim(raw, `"`)))
	id, err := strconv.ParseUint(digits, 10, 64)
	return id, err == nil && id > 0
}

// userID and botID complete a short name to an id: "alice" is
// "alice@im.wechat", "helper" is "helper@im.bot". "" stays "".
func userID(name string) string { return withSuffix(name, "@im.wechat") }
func botID(name string) string  { return withSuffix(name, "@im.bot") }

func withSuffix(name, suffix string) string {
	name = strings.TrimSpace(name)
	if name == "" || strings.Contains(name, "@") {
		return name
	}
	return name + suffix
}

// random is n random bytes; crypto/rand.Read doesn't fail.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func randomHex(n int) string    { return hex.EncodeToString(random(n)) }
func randomBase64(n int) string { return base64.StdEncoding.EncodeToString(random(n)) }
