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
