package admin

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// nasty has what could steer a terminal: escapes, a C1 control, a line that
// overwrites itself, a reversal of the direction, half a character.
const nasty = "a\x1b[31mb\u009bc\rd\n\te\u202ef\u200b\xffg"

func TestLineHasNoControls(t *testing.T) {
	if got := line(nasty); got != "a[31mbc d ef\ufffdg" {
		t.Errorf("%q", got)
	}
	if got := paragraph("one\n\ttwo\x1b\r\nthree"); got != "    one\n        two\n    three\n" {
		t.Errorf("%q", got)
	}
}

func TestTableAlignsChinese(t *testing.T) {
	got := table([]string{">ID", "WHO", "TEXT"}, [][]string{{"1", "王小明", "你好"}, {"12", "bob", "hi"}, {"3", "e\u0301👋", ""}})
	want := "ID  WHO     TEXT\n" +
		" 1  王小明  你好\n" +
		"12  bob     hi\n" +
		" 3  e\u0301👋\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := short(strings.Repeat("长", 50)); got != strings.Repeat("长", 40)+"…" {
		t.Errorf("%q", got)
	}
}

func TestContentHasNoSecrets(t *testing.T) {
	msg := ilink.Message{From: "alice", ContextToken: "SECRET", Items: []ilink.Item{
		{Type: ilink.ItemTypeText, Text: &ilink.TextItem{Text: "look"}},
		{Type: ilink.ItemTypeImage, Image: &ilink.ImageItem{AESKey: "SECRET", Media: &ilink.CDNMedia{AESKey: "SECRET"}}},
		{Type: ilink.ItemTypeFile, File: &ilink.FileItem{FileName: "报告.pdf", Media: &ilink.CDNMedia{AESKey: "SECRET"}}},
	}}
	raw, err := msg.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	shown := inbound(&store.Inbound{ID: 7, Bot: "echo", User: "alice", Message: raw, State: store.StateDead, Error: "no", Traceback: "where"})
	if shown.Text != "look\n[image]\n[file] 报告.pdf" {
		t.Errorf("%q", shown.Text)
	}
	text, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	if all := string(text) + shown.text(time.Now()); strings.Contains(all, "SECRET") {
		t.Error(all)
	}
	if got := queued(&store.Send{Kind: "image", Payload: []byte(`{"name":"cat.png"}`)}); got != "[image] cat.png" {
		t.Errorf("%q", got)
	}
}

func TestAdvice(t *testing.T) {
	now := time.Now()
	for want, s := range map[string]runtime.Status{
		"":                                   {State: runtime.StateRunning, Generation: 1},
		`run "ilinkd login --bot echo"`:      {State: runtime.StateSessionExpired, SessionExpired: now.Add(-time.Hour)},
		"another program polls":              {State: runtime.StateConflict},
		"can't be reached, it goes on":       {State: runtime.StateUnreachable, Error: "no route"},
		"throttles it until":                 {State: runtime.StateRunning, Generation: 1, ThrottledUntil: now.Add(time.Minute)},
		"generation 2 stays in use: x.lua:1": {State: runtime.StateRunning, Generation: 2, ScriptError: "x.lua:1: bad"},
		"messages wait until it is mended":   {State: runtime.StateRunning, ScriptError: "x.lua:1: bad"},
		"ilinkd inbox list --bot echo":       {State: runtime.StateRunning, Generation: 1, Failed: 1},
		"see the log":                        {State: runtime.StateStopped, Error: "disk full"},
	} {
		s.Bot = "echo"
		notes := advice(s, now)
		if want == "" && len(notes) > 0 || want != "" && (len(notes) != 1 || !strings.Contains(notes[0], want)) {
			t.Errorf("want %q, got %q", want, notes)
		}
	}
}
