package text_test

import (
	"testing"

	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
	"github.com/ilinkd/ilinkd/luabind/modules/text"
)

func TestText(t *testing.T) {
	modulestest.Run(t, []modulestest.Case{
		{Name: "split", Script: `print(table.concat(text.split("a, b,,c", ","), "|"), table.concat(text.split(" 提醒　我 now ", nil), "|"), #text.split("", ","), #text.split("  "), table.concat(text.split("k=v=w", "=", 2), "|"))`,
			Want: "a| b||c\t提醒|我|now\t1\t0\tk|v=w"},
		{Name: "split by nothing", Script: `text.split("abc", "")`, Error: "the separator is empty"},
		{Name: "split in pieces", Script: `text.split("a b c", nil, 2)`, Error: "needs a separator if there is a number of pieces"},
		{Name: "many pieces", Script: `text.split((","):rep(8e6), ",")`, Error: "must be raised"},
		{Name: "lines", Script: `print(table.concat(text.lines("a\r\n\nb\n"), "|"), #text.lines(""), #text.lines("\n"))`, Want: "a||b\t0\t0"},
		{Name: "trim", Script: `print("<" .. text.trim(" \t　a b` + "\u200B" + `\n") .. ">")`, Want: "<a b>"},
		{Name: "fold", Script: `print(text.fold("　ＹＥＳ！ "), text.fold("Ünï"), text.fold("／Ｈｅｌｐ"), text.fold("你好"))`, Want: "yes!\tünï\t/help\t你好"},
		{Name: "compare", Script: `print(text.contains("a.b", "."), text.contains("ab", "."), text.starts_with("/help me", "/help"), text.ends_with("你好", "好"), text.starts_with("a", "ab"))`,
			Want: "true\tfalse\ttrue\ttrue\tfalse"},
		{Name: "len", Script: `print(text.len(""), text.len("你好"), text.len("e` + "\u0301" + `"), text.len("👨‍👩‍👧!"), text.len("🇨🇳🇩🇪"), text.len("👍🏽1️⃣"), text.len("a\r\nb"), text.len("\255x"))`,
			Want: "0\t2\t1\t2\t2\t2\t3\t2"},
		{Name: "width", Script: `print(text.width("abc"), text.width("你好"), text.width("ｶﾅ"), text.width("Ａ"), text.width("👨‍👩‍👧"), text.width("🇨🇳"), text.width("e` + "\u0301" + `"), text.width("❤️"), text.width("한국"), text.width("a\tb\n"))`,
			Want: "3\t4\t2\t2\t2\t2\t1\t2\t4\t2"},
		{Name: "sub", Script: `print(text.sub("你好吗？", 2, 3), text.sub("你好吗？", -2), text.sub("👨‍👩‍👧ab", 1, 1), text.sub("abc", 0, 2), text.sub("abc", 3, 2) == "", text.sub("abc", 5) == "", text.sub("abc", -9, -2), text.sub("abc"))`,
			Want: "好吗\t吗？\t👨‍👩‍👧\tab\ttrue\ttrue\tab\tabc"},
		{Name: "truncate", Script: `print(text.truncate("你好世界", 3), text.truncate("你好", 2), text.truncate("hello world", 7), text.truncate("👨‍👩‍👧👨‍👩‍👧", 1), text.truncate("abc", 2, "..."), text.truncate("abcdef", 5, "..."), text.truncate("abc", 2, "") , text.truncate("abc", 0) == "")`,
			Want: "你好…\t你好\thello…\t…\tab\tab...\tab\ttrue"},
		{Name: "pad", Script: `print(text.pad("你好", 6) .. "|", text.pad("5", 3, "right"), text.pad("ab", 5, "center") .. "|", text.pad("long", 2))`, Want: "你好  |\t  5\t ab  |\tlong"},
		{Name: "pad wrong", Script: `text.pad("a", 5, "middle")`, Error: `"left", "right" or "center", got the text "middle"`},
		{Name: "pad far", Script: `text.pad("a", 1e9)`, Error: "longer than 8 MiB"},
		{Name: "chunks", Script: `local c = text.chunks("One sentence. Another one.", 15) print(#c, c[1], c[2], #text.chunks("x"), #text.chunks(""))`, Want: "2\tOne sentence.\tAnother one.\t1\t0"},
		{Name: "no text", Script: `text.len()`, Error: "text.len needs a text, got nil"},
		{Name: "no number", Script: `text.truncate("a", 1.5)`, Error: "text.truncate needs the largest number of characters second, got number 1.5"},
		{Name: "strip", Script: `print(text.strip_markdown("**Hi** [there](https://x.org)"))`, Want: "Hi there (https://x.org)"},
		{Name: "strip much", Script: `text.strip_markdown(("["):rep(8e6))`, Error: "must be raised"},
	}, text.Module{})
}

func TestDefinitions(t *testing.T) { librarytest.Module(t, text.Module{}, nil, "") }
