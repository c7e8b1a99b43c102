package luabind

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestLexicalLua51(t *testing.T) {
	wantLines(t, handle(t, "local goto = 5\fprint(goto)\v\n"+`
local t = { goto = 1 } t.goto = t.goto + goto
function t:goto() return "m" end
print(t:goto(), type(t["goto"]), ("\10\065\255"):byte(1, -1))
for goto = "1", "3" do t[#t + 1] = goto end
print(table.concat(t, ","), 'a\
b', [[goto \300 \f]], "goto") -- "\300"
--[==[ "\300" goto ]==]
do goto out print("not here") ::out:: end
local function f(goto) return goto end
print(f(7), "\x41")
`),
		"INFO 5", "INFO m\tfunction\t10\t65\t255", "INFO 1,2,3\ta", "b\tgoto \\300 \\f\tgoto", "INFO 7\tx41")
}

func TestEscapeTooLarge(t *testing.T) {
	err := CheckSyntax("bot.lua", "local a = 1\nlocal s = 'x\\\ny' .. \"\\300\"")
	var se *ScriptError
	if !errors.As(err, &se) || se.Line != 3 || !strings.Contains(se.Message, `escape sequence too large near '\300'`) {
		t.Error(err)
	}
}

func TestInvisibleCharacters(t *testing.T) {
	for source, want := range map[string]string{
		"\u200bx = 1": "U+200B (zero width space)", "x =\u2060 1": "U+2060", "x = \ufeff1": "U+FEFF (byte order mark)", "x\u200d = 1": "U+200D (zero width joiner)",
	} {
		if err := CheckSyntax("bot.lua", "local x\n"+source); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), ":2: ") {
			t.Errorf("%q: %v", source, err)
		}
	}
}

func TestManyElseifs(t *testing.T) {
	var b strings.Builder
	b.WriteString("local x = 250 if x == 0 then print(0)\n")
	for i := 1; i <= 300; i++ {
		fmt.Fprintf(&b, "elseif x == %d then print('at %d')\n", i, i)
	}
	b.WriteString("else print('none') end")
	wantLines(t, handle(t, b.String()), "INFO at 250")
}
