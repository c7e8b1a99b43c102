package re_test

import (
	"testing"

	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
	"github.com/ilinkd/ilinkd/luabind/modules/re"
)

func TestRe(t *testing.T) {
	modulestest.Run(t, []modulestest.Case{
		{Name: "match", Script: `local m = re.match("am 24.12.2025 um", [[(?P<day>\d+)\.(\d+)\.(?P<year>\d{4})]]) print(m[0], m[1], m[2], m[3], m.day, m.year, #m)`,
			Want: "24.12.2025\t24\t12\t2025\t24\t2025\t3"},
		{Name: "no match", Script: `print(re.match("abc", "x"), re.test("abc", "x"), re.test("abc", "B"), re.test("abc", "(?i)B"), re.find("abc", "x"))`, Want: "nil\tfalse\tfalse\ttrue\tnil"},
		{Name: "a group that isn't there", Script: `local m = re.match("b", "(a)|(b)") print(m[1], m[2])`, Want: "nil\tb"},
		{Name: "Chinese", Script: `local m = re.match("提醒我10分钟后喝水", [[提醒我(\d+)(分钟|小时)后(\p{Han}+)]]) print(m[1], m[2], m[3])`, Want: "10\t分钟\t喝水"},
		{Name: "find", Script: `local from, to, m = re.find("你好 abc", "[a-z]+") print(from, to, m[0]) print((re.find("abab", "b", 3)), (re.find("abab", "b", -3)), re.find("ab", "b", 9), (re.find("ab", "$", 3)))`,
			Want: "8\t10\tabc\n4\t2\tnil\t3"},
		{Name: "find from within", Script: `print((re.find("ab ab", [[\bab]], 2)), (re.find("abab", "^ab", 3)), (re.find("a\nab", "(?m)^ab", 3)), (re.find("你你", [[\B你]], 4)))`, Want: "4\tnil\t3\t4"},
		{Name: "find all", Script: `local l = {} for _, m in ipairs(re.find_all("a1 b22 c", [[(\w)(\d+)]])) do l[#l + 1] = m[1] .. "=" .. m[2] end print(table.concat(l, " "), #re.find_all("aaa", "a", 2), #re.find_all("你好", ""))`,
			Want: "a=1 b=22\t2\t3"},
		{Name: "replace", Script: `print(re.replace("John Smith, Ann Lee", [[(\w+) (?P<last>\w+)]], "${last} $1$$"))`, Want: "Smith John$, Lee Ann$\t2"},
		{Name: "replace with a function", Script: `print(re.replace("1 2 3 4", [[\d]], function(m) if m[0] == "4" then return nil end return m[0] * 2 end, 9))`, Want: "2 4 6 4\t4"},
		{Name: "replace some", Script: `print(re.replace("aaa", "a", "b", 2), re.replace("abc", "", "-"))`, Want: "bba\t-a-b-c-\t4"},
		{Name: "replace with an error", Script: `re.replace("a", "a", function() error("oh no") end)`, Error: "oh no"},
		{Name: "replace with a table", Script: `re.replace("a", "a", function() return {} end)`, Error: "the function must return a text"},
		{Name: "no such group", Script: `re.replace("a", "a", "$1")`, Error: "the pattern has no group 1"},
		{Name: "no such name", Script: `re.replace("a", "a", "${x}")`, Error: "the pattern has no group x"},
		{Name: "a lone dollar", Script: `re.replace("a", "a", "5 $")`, Error: "write $$ for a $"},
		{Name: "split", Script: `print(table.concat(re.split("a, b;c,", "[,;] *"), "|"), table.concat(re.split("a b c", " ", 2), "|"), #re.split("", ","), table.concat(re.split("你好", ""), "|"))`,
			Want: "a|b|c|\ta|b c\t1\t你|好"},
		{Name: "escape", Script: `print(re.escape("1+1 (a)"), re.test("1+1", "^" .. re.escape("1+1") .. "$"))`, Want: `1\+1 \(a\)` + "\ttrue"},
		{Name: "wrong", Script: `re.match("a", "(a")`, Error: `re.match: the pattern "(a" is wrong: missing closing ): (a`},
		{Name: "backreference", Script: `re.match("a", [[(a)\1]])`, Error: `invalid escape sequence: \1`},
		{Name: "too many repeats", Script: `re.match("a", "(a{1000}){1000}")`, Error: "is wrong: invalid repeat count"},
		{Name: "too large", Script: `re.match("a", ("(a{900}){1}"):rep(9))`, Error: "it is too large: its repeats, written out, come to more than 5000 steps"},
		{Name: "too long", Script: `re.match("a", ("a"):rep(5000))`, Error: "it is longer than 4096 bytes"},
		{Name: "too much", Script: `re.match(("a"):rep(8e6), "(a|b){0,99}c")`, Error: "re.match: the pattern is too large for a text of 8000000 bytes"},
		{Name: "no pattern", Script: `re.match("a")`, Error: "re.match needs a text and a pattern, got nil"},
		{Name: "no number", Script: `re.find_all("a", "a", "x")`, Error: "re.find_all takes how many matches are wanted at most"},
		{Name: "many patterns", Script: `for i = 1, 200 do assert(re.test("x" .. i, "x" .. i .. "$")) end assert(re.test("x1", "x1$"))`},
		{Name: "a match that looks far is charged", Script: `re.find_all(("a"):rep(200000), "a[^x]*x|a")`, Error: "must be raised"},
		{Name: "too long a result", Script: `re.replace(("a"):rep(1000), "a", ("b"):rep(10000))`, Error: "re.replace: the result would be longer than 8 MiB"},
		{Name: "many matches are charged", Script: `for i = 1, 1e6 do re.find_all(("a"):rep(1000), "") end`, Error: "must be raised"},
	}, re.Module{})
}

func TestDefinitions(t *testing.T) { librarytest.Module(t, re.Module{}, nil, "") }
