package luabind

import (
	"errors"
	"strings"
	"testing"
)

// TestOtherLanguages: what people write from habit is answered with what Lua has.
func TestOtherLanguages(t *testing.T) {
	for source, want := range map[string]string{
		"if a != b then end":  "; not equal is ~= in Lua",
		"local x = !a":        "; it is not x in Lua, and ~= for not equal",
		"if a && b then end":  "; it is and in Lua",
		"if a || b then end":  "; it is or in Lua",
		"x += 1":              "; write x = x + y",
		"x++":                 "; write x = x + 1",
		"// a comment":        "; comments begin with -- in Lua",
		"x = a // b":          "; Lua 5.1 has no //: write math.floor(a / b), and comments with --",
		"x = a & b":           "; Lua 5.1 has no operators of bits: it is bit.band(a, b), and and for conditions",
		"x = a | b":           "; Lua 5.1 has no operators of bits: it is bit.bor(a, b), and or for conditions",
		"x = a ~ b":           "; Lua 5.1 has no operators of bits: it is bit.bxor(a, b), bit.bnot(a), and ~= for not equal",
		"x = a << 2":          "; Lua 5.1 has no operators of bits: bit.lshift(a, n) and bit.rshift(a, n) do that",
		"x = a >> 2":          "; Lua 5.1 has no operators of bits: bit.lshift(a, n) and bit.rshift(a, n) do that",
		"local y <const> = 1": "; Lua 5.1 has no <const> and <close>: leave them out",
		"for i = 1, 2 do if i == 1 then continue end end": "; Lua has no continue: put what follows into an if, or write goto next with ::next:: at the loop's end",
		"function f() {":      "; blocks have no braces in Lua, and finish with end",
		"x = = 1":             "syntax error near '='",
		`local 语 = "!=" != 1`: "",
	} {
		err := CheckSyntax("bot.lua", "local a, b, x\n"+source+"\n")
		var se *ScriptError
		if !errors.As(err, &se) || se.Line != 2 || !strings.HasSuffix(se.Message, want) {
			t.Errorf("%s: got %v, want …%s", source, err, want)
		}
	}
}
