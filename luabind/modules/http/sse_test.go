package http_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/luabind/modules/http"
)

// events parses a whole event stream.
func events(text string) []http.Event {
	var p http.EventParser
	var all []http.Event
	for line := range strings.SplitSeq(text, "\n") {
		all = append(all, p.Line(strings.TrimSuffix(line, "\r"))...)
	}
	return append(all, p.End()...)
}

func TestEvents(t *testing.T) {
	message := func(data string) http.Event { return http.Event{Name: "message", Data: data} }
	for _, c := range []struct {
		name, text string
		want       []http.Event
	}{
		{"nothing", "", nil},
		{"one", "data: x\n\n", []http.Event{message("x")}},
		{"two", "data: x\n\ndata: y\n\n", []http.Event{message("x"), message("y")}},
		{"several lines", "data: x\ndata\ndata:  y\n\n", []http.Event{message("x\n\n y")}},
		{"line ends of three kinds", "data: a\r\n\r\ndata: b\r\rdata: c\n\n", []http.Event{message("a"), message("b"), message("c")}},
		{"byte order mark", "\ufeffdata: x\n\n", []http.Event{message("x")}},
		{"comments and unknown fields", ": hi\nretry: 5\nfoo: bar\n datum: x\n\ndata: x\n\n", []http.Event{message("x")}},
		{"a name without data is none", "event: ping\n\ndata: x\n\n", []http.Event{message("x")}},
		{"a name holds for one", "event: ping\ndata\n\ndata: x\n\n", []http.Event{{Name: "ping"}, message("x")}},
		{"an id stays", "id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", []http.Event{{Name: "message", Data: "a", ID: "7"}, {Name: "message", Data: "b", ID: "7"}, message("c")}},
		{"an id with a zero", "id: 7\x00\ndata: a\n\n", []http.Event{message("a")}},
		{"cut off behind the data", "data: a", []http.Event{message("a")}},
		{"Chinese", "data: 你好：😀\n\n", []http.Event{message("你好：😀")}},
	} {
		if got := events(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// FuzzEvents: what is parsed and written again parses to the same, and no data line
// is lost or made up.
func FuzzEvents(f *testing.F) {
	for _, seed := range []string{"data: x\n\n", "event: a\nid: 1\ndata: x\ndata: y\r\n\r\n", "\ufeff:\n\n\r\rdata", "data\r\rdata\n\ndata: \x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all := events(text)
		var again strings.Builder
		lines := 0
		for _, e := range all {
			again.WriteString("id: " + e.ID + "\nevent: " + e.Name + "\n")
			for line := range strings.SplitSeq(e.Data, "\n") {
				again.WriteString("data: " + line + "\n")
				lines++
			}
			again.WriteString("\n")
		}
		if got := events(again.String()); !slices.Equal(got, all) {
			t.Errorf("%q\n%q", all, got)
		}
		want := 0
		for line := range strings.FieldsFuncSeq(strings.TrimPrefix(text, "\ufeff"), func(r rune) bool { return r == '\r' || r == '\n' }) {
			if name, _, _ := strings.Cut(line, ":"); name == "data" {
				want++
			}
		}
		if lines != want {
			t.Errorf("%q has %d lines of data, and %d came out", text, want, lines)
		}
	})
}
