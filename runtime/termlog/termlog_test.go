package termlog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/ilinkd/ilinkd/runtime/termlog"
)

func TestHandler(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, tc := range map[string]struct {
		log  func(l *slog.Logger)
		want string
	}{
		"plain":       {func(l *slog.Logger) { l.Info("started") }, "03:04:05 INFO  started\n"},
		"values":      {func(l *slog.Logger) { l.Warn("x", "n", 3, "err", errors.New("no luck"), "e", "") }, "03:04:05 WARN  x n=3 err=\"no luck\" e=\"\"\n"},
		"with":        {func(l *slog.Logger) { l.With("bot", "a").WithGroup("g").With("k", 1).Error("x", "v", 2) }, "03:04:05 ERROR x bot=a g.k=1 g.v=2\n"},
		"group value": {func(l *slog.Logger) { l.Info("x", slog.Group("g", "a", 1, "b", 2)) }, "03:04:05 INFO  x g.a=1 g.b=2\n"},
		"block":       {func(l *slog.Logger) { l.Error("x", "detail", "one\n  two\n", "k", 1) }, "03:04:05 ERROR x k=1\n    one\n      two\n"},
		"error above its excerpt": {func(l *slog.Logger) { l.Error("x", "err", errors.New("a:1: one"), "detail", "a:1: one\n\n  two") },
			"03:04:05 ERROR x\n    a:1: one\n    \n      two\n"},
		"another error": {func(l *slog.Logger) { l.Error("x", "err", errors.New("a"), "detail", "ab\nc") }, "03:04:05 ERROR x err=a\n    ab\n    c\n"},
		"too low":       {func(l *slog.Logger) { l.Debug("x") }, ""},
		"Chinese":       {func(l *slog.Logger) { l.Info("x", "text", "你好") }, "03:04:05 INFO  x text=你好\n"},
		"control":       {func(l *slog.Logger) { l.Info("x", "text", "\x1b[2Jgone", "d", "a\n\x1b[2J") }, "03:04:05 INFO  x text=\"\\x1b[2Jgone\"\n    a\n    \\x1b[2J\n"},
		"forged line": {func(l *slog.Logger) { l.Info("got: hi\n12:00:00 ERROR log in again bot=echo\r\nend\n", "bot", "echo") },
			"03:04:05 INFO  got: hi bot=echo\n    12:00:00 ERROR log in again bot=echo\n    end\n"},
		"message and detail": {func(l *slog.Logger) { l.Info("a\nb", "d", "c\nd") }, "03:04:05 INFO  a\n    b\n    c\n    d\n"},
		"steered terminal": {func(l *slog.Logger) { l.Info("a\x1b[31m\x1b]0;t\a\u009b\u202eb\u2028c\rd\x00\xff") },
			"03:04:05 INFO  a\\x1b[31m\\x1b]0;t\\a\\u009b\\u202eb\\u2028c\\rd\\x00\ufffd\n"},
		"what Chinese and emoji need": {func(l *slog.Logger) { l.Info("你\u3000好\t👨\u200d👩 ☀\ufe0f e\u0301") }, "03:04:05 INFO  你\u3000好\t👨\u200d👩 ☀\ufe0f e\u0301\n"},
	} {
		var b bytes.Buffer
		h := termlog.New(&b, slog.LevelInfo)
		tc.log(slog.New(fixedTime{h, at}))
		if b.String() != tc.want {
			t.Errorf("%s:\n got %q\nwant %q", name, b.String(), tc.want)
		}
	}
}

// nasty has what could steer a terminal: escapes, a C1 control, a line that
// overwrites itself, a reversal of the direction, half a character.
const nasty = "a\x1b[31mb\u009bc\rd\n\te\u202ef\u200b\xffg\U000e0001"

func TestSafe(t *testing.T) {
	const one = `a\x1b[31mb\u009bc\rd\n` + "\te" + `\u202ef\u200b` + "\ufffdg" + `\U000e0001`
	if got := termlog.Safe(nasty); got != one {
		t.Errorf("got  %q\nwant %q", got, one)
	}
	lines := strings.Replace(one, `\n`, "\n  ", 1)
	if got := termlog.SafeLines(nasty, "  "); got != lines {
		t.Errorf("got  %q\nwant %q", got, lines)
	}
	// Whatever comes: nothing but printable characters, and lines that are indented.
	for r := range rune(0x30000) {
		text := termlog.SafeLines("x"+string(r)+"y", "  ")
		for i, l := range strings.Split(text, "\n") {
			if i > 0 && !strings.HasPrefix(l, "  ") || strings.ContainsFunc(l, func(r rune) bool {
				return unicode.IsControl(r) && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
			}) {
				t.Fatalf("%U: %q", r, text)
			}
		}
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	slog.New(termlog.NewJSON(&b, slog.LevelInfo)).Info(nasty)
	line := b.String()
	if strings.Count(line, "\n") != 1 || strings.ContainsFunc(strings.TrimSpace(line), func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("%q", line)
	}
	var back struct{ Msg string }
	if err := json.Unmarshal([]byte(line), &back); err != nil || back.Msg != strings.ToValidUTF8(nasty, "\ufffd") {
		t.Errorf("%q %v", back.Msg, err)
	}
}
