package hazardtest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// hazard is a hostile script.
type hazard struct {
	name string
	// expect are the ways in which it may end: "limit", "memory" (that limit),
	// "error", "load" (it isn't loaded), "fine". Where it gets several messages, one
	// of them must end so.
	expect []string
	// messages is how many it gets.
	messages int
	// timers is how many timers come of them.
	timers int
	// renewals is how often it is loaded anew before it gets no more messages.
	renewals int
	// interrupt says that a second message comes while the first is handled.
	interrupt bool
	source    string
}

// corpus reads the hazards. In the files, a line "--- name | expected | option"
// begins each; what doesn't define on_message is the body of one.
func corpus(t *testing.T) []hazard {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*.lua"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no hazards: %v", err)
	}
	var all []hazard
	names := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for part := range strings.SplitSeq("\n"+string(text), "\n--- ") {
			if strings.TrimSpace(part) == "" {
				continue
			}
			h, err := parse(part)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if names[h.name] {
				t.Fatalf("%s: there are two hazards %q", file, h.name)
			}
			names[h.name] = true
			all = append(all, h)
		}
	}
	return all
}

func parse(part string) (hazard, error) {
	head, body, _ := strings.Cut(part, "\n")
	fields := strings.Split(head, " | ")
	if len(fields) < 2 {
		return hazard{}, fmt.Errorf("%q doesn't say what is expected", head)
	}
	h := hazard{name: fields[0], expect: strings.Fields(fields[1]), messages: 1, source: body}
	for _, e := range h.expect {
		if !slices.Contains([]string{"limit", "memory", "error", "load", "fine"}, e) {
			return h, fmt.Errorf("%q expects %q", h.name, e)
		}
	}
	if !slices.Contains(h.expect, "load") && !strings.Contains(body, "function on_message") {
		h.source = "function on_message(msg)\n" + body + "\nend"
	}
	for _, option := range fields[2:] {
		key, value, _ := strings.Cut(strings.TrimSpace(option), "=")
		var err error
		switch key {
		case "messages":
			h.messages, err = strconv.Atoi(value)
		case "timers":
			h.timers, err = strconv.Atoi(value)
		case "renewals":
			h.renewals, err = strconv.Atoi(value)
		case "interrupt":
			h.interrupt = true
		case "source":
			write := sources[value]
			if write == nil {
				return h, fmt.Errorf("%q has no source %q", h.name, value)
			}
			h.source = write() + "\nfunction on_message(msg) end\n"
		default:
			err = fmt.Errorf("unknown option %q", key)
		}
		if err != nil {
			return h, fmt.Errorf("%q: %w", h.name, err)
		}
	}
	return h, nil
}

// sources are texts that are too long to be written down; about as long as a
// source file may be.
var sources = map[string]func() string{
	"sum":         func() string { return "x = 1" + strings.Repeat(" + 1", 60_000) },
	"concat":      func() string { return "x = 'a'" + strings.Repeat(" .. 'a'", 30_000) },
	"powers":      func() string { return "x = 1" + strings.Repeat(" ^ 1", 60_000) },
	"ands":        func() string { return "x = y" + strings.Repeat(" and y or z", 20_000) },
	"comparisons": func() string { return "x = y" + strings.Repeat(" == y", 45_000) },
	"nots":        func() string { return "x = " + strings.Repeat("not ", 60_000) + "y" },
	"minus":       func() string { return "x = " + strings.Repeat("- ", 100_000) + "y" },
	"tables":      nested("x = ", "{", "", "}", 120_000),
	"parentheses": nested("x = ", "(", "1", ")", 120_000),
	"functions":   nested("x = ", "function() return ", "1", " end", 11_000),
	"blocks":      nested("", "do ", "", " end", 30_000),
	"calls":       nested("x = ", "f(", "", ")", 80_000),
	"indexes":     nested("x = ", "t[", "1", "]", 80_000),
	"brackets":    nested("x = ", "[", strings.Repeat("=", 200_000), "]", 1),
	"elseif":      func() string { return "if a then" + strings.Repeat(" elseif a then", 15_000) + " end" },
	"locals":      func() string { return strings.Repeat("local a = 1 ", 20_000) },
	"upvalues": func() string {
		return many("local a%d = 1 ", 190) + "function f() return " + many("a%d + ", 190) + "1 end"
	},
	"constants":          func() string { return "t = {" + many("%d.5, ", 25_000) + "}" },
	"parameters":         func() string { return "function f(" + many("a%d, ", 25_000) + "z) end" },
	"arguments":          func() string { return "pcall(print, " + strings.Repeat("1, ", 80_000) + "1)" },
	"fields":             func() string { return "t = {" + many("a%d = 1, ", 20_000) + "}" },
	"many functions":     func() string { return many("function f%d() end ", 11_000) },
	"labels":             func() string { return many("::l%d:: ", 20_000) },
	"string":             func() string { return "x = '" + strings.Repeat("\\120", 60_000) + "'" },
	"comment":            func() string { return "--[==[" + strings.Repeat("]=]", 80_000) + "]==]" },
	"unfinished comment": func() string { return "--[==[" + strings.Repeat("x", 200_000) },
	"number":             func() string { return "x = 1" + strings.Repeat("0", 200_000) + "e" + strings.Repeat("9", 20_000) },
	"name":               func() string { return strings.Repeat("x", 200_000) + " = 1" },
	"binary":             func() string { return strings.Repeat("\x00\xff\x1b\r", 50_000) },
	"bytecode":           func() string { return "\x1bLua\x51\x00\x01\x04\x08\x04\x08\x00" + strings.Repeat("\x00", 1000) },
	"zeros":              func() string { return "x = '" + strings.Repeat("\x00", 200_000) + "'" },
	"much":               func() string { return strings.Repeat("x = 1\n", 100_000) },
}

func nested(before, open, middle, end string, n int) func() string {
	return func() string { return before + strings.Repeat(open, n) + middle + strings.Repeat(end, n) }
}

// many writes a format for each number.
func many(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}
