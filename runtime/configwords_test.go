package runtime

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// Go's own words for types, which nobody who writes a configuration knows.
var goWords = regexp.MustCompile(`\bint64\b|\bfloat64\b|map\[|\[\]any|\bslice\b|\bstruct\b|runtime\.[A-Z]|destination|incompatible|time\.Time|\bbool\b`)

// Each setting, given a value of each wrong type, gets a message that says what to write.
func TestWrongTypesInUsersWords(t *testing.T) {
	values := map[string]string{"text": `"x y"`, "number": "5", "fraction": "1.5", "truth": "true", "list": `["a", 1]`, "table": "{ a = 1 }", "date": "2020-01-01", "large": "99999999999999999999"}
	tried := 0
	var walk func(prefix string, lists []string, typ reflect.Type)
	walk = func(table string, heads []string, typ reflect.Type) {
		for i := range typ.NumField() {
			name, field := typ.Field(i).Tag.Get("toml"), typ.Field(i).Type
			if name == "" || name == "-" {
				continue
			}
			path := strings.TrimPrefix(table+"."+name, ".")
			for kind, value := range values {
				text := strings.Join(heads, "\n") + "\n" + name + " = " + value + "\n"
				tried++
				if _, err := parseConfig("c.toml", text); err != nil && goWords.MatchString(err.Error()) {
					t.Errorf("%s as %s: %v", path, kind, err)
				}
			}
			head := "[" + path + "]"
			if field.Kind() == reflect.Slice && field.Elem().Kind() == reflect.Struct {
				head, field = "[["+path+"]]", field.Elem()
			}
			if field.Kind() == reflect.Struct && field != reflect.TypeFor[Duration]() {
				more := append([]string{}, heads...)
				more = append(more, head)
				for _, wrong := range []string{"[[" + path + "]]", "[" + path + "]"} {
					text := strings.Join(heads, "\n") + "\n" + wrong + "\n"
					if _, err := parseConfig("c.toml", text); err != nil && goWords.MatchString(err.Error()) {
						t.Errorf("%s: %v", wrong, err)
					}
				}
				walk(path, more, field)
			}
		}
	}
	walk("", nil, reflect.TypeFor[Config]())
	if tried < 300 {
		t.Errorf("only %d tried", tried)
	}
	for text, want := range map[string]string{
		"[bot]\nname = 'echo'\n":                                "c.toml:1: bot: there may be several: write [[bot]]",
		"[[bot]]\nname = 'e'\n[bot.allow]\nfiles = 'data'\n":    `c.toml:4: bot.allow.files: write a list: files = ["…"]`,
		"[[bot]]\nname = 'e'\n[bot.sandbox]\nmemory = '64MB'\n": "c.toml:4: bot.sandbox.memory: write a number of bytes, without quotation marks: 67108864 is 64 MiB (memory = 67108864)",
		"[[limits]]\nburst = 1\n":                               "c.toml:1: limits: it is one table: write [limits], and its settings below",
		"[limits]\nper_inbound = 0\n":                           "c.toml:2: limits.per_inbound: 0 would let nothing be sent: write how many messages may answer one of a user's, or -1 for no limit",
		"[limits]\nburst = true\n":                              "c.toml:2: limits.burst: write a whole number, without quotation marks: burst = 5",
		"listen = 5\n":                                          `c.toml:1: listen: write a text in quotation marks: listen = "…"`,
	} {
		if _, err := parseConfig("c.toml", text); fmt.Sprint(err) != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}
