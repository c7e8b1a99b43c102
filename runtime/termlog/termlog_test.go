package termlog_test

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"

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
		"a forged line": {func(l *slog.Logger) {
			l.Info("got: hi\n12:00:00 ERROR log in again\r\n\x1b[31mRED\x1b]0;t\a\u202e \u0085👨\u200d👩\n")
		},
			"03:04:05 INFO  got: hi\n    12:00:00 ERROR log in again\n    \ufffd[31mRED\ufffd]0;t\ufffd\ufffd \ufffd👨\u200d👩\n"},
		"too low": {func(l *slog.Logger) { l.Debug("x") }, ""},
		"Chinese": {func(l *slog.Logger) { l.Info("x", "text", "你好") }, "03:04:05 INFO  x text=你好\n"},
		"control": {func(l *slog.Logger) { l.Info("x", "text", "\x1b[2Jgone", "d", "a\n\x1b[2J") }, "03:04:05 INFO  x text=\"\\x1b[2Jgone\"\n    a\n    \ufffd[2J\n"},
	} {
		var b bytes.Buffer
		h := termlog.New(&b, slog.LevelInfo)
		tc.log(slog.New(fixedTime{h, at}))
		if b.String() != tc.want {
			t.Errorf("%s:\n got %q\nwant %q", name, b.String(), tc.want)
		}
	}
}
