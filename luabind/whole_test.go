package luabind

import "testing"

// Numbers that no integer of Go's holds mean the same on every processor, with 32
// bits, too: "GOARCH=386 go test" runs this where int is small.
func TestNumbersBeyondIntegers(t *testing.T) {
	wantLines(t, handle(t, `
local t = { 1, 2, 3 }
print(pcall(table.move, t, 1, 2^70, 1))
print(table.concat(t, ",", 1, 3), select("#", unpack(t, 2^40, 1)))
print(pcall(unpack, t, 1, 2^40))
print(bit.lshift(1, 2^40), bit.lshift(1, -2^40), pcall(utf8.offset, "abc", 2^40))
print(pcall(math.random, 2^70, 1))`),
		"INFO false\tscripts/bot.lua:4: table.move: 9223372036854775807 is too large for an index",
		"INFO 1,2,3\t0",
		"INFO false\tscripts/bot.lua:6: registry overflow",
		"INFO 1\t1\ttrue\tnil",
		"INFO false\tscripts/bot.lua:8: math.random: there is nothing to choose from between 9223372036854775807 and 1",
	)
}
