package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// quoted writes a text as Lua has it; characters of any language stay.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < ' ' || r == '\u007f' || r == '\uFFFD' && s[i] != 0xEF:
			fmt.Fprintf(&b, `\%03d`, s[i])
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// inline writes a value in one line, cut if it is long.
func inline(v lua.LValue) string {
	const longest = 120
	text := strings.Join(strings.Fields(pretty(v)), " ")
	if s, ok := v.(lua.LString); ok {
		text = quoted(string(s))
	}
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}

// block writes a value in lines of its own, indented; a text as it is, if it has
// several lines.
func block(v lua.LValue) string {
	text := pretty(v)
	if s, ok := textOf(v); ok {
		text = quoted(s)
		if strings.Contains(s, "\n") {
			text = strings.TrimSuffix(s, "\n")
		}
	}
	return "  " + indentMore(text)
}

func indentMore(s string) string { return strings.ReplaceAll(s, "\n", "\n  ") }

// pretty writes a value as Lua would, tables in lines of their own and in the order
// of their keys.
func pretty(v lua.LValue) string {
	var b strings.Builder
	writePretty(&b, v, "", map[*lua.LTable]bool{})
	return b.String()
}

func writePretty(b *strings.Builder, v lua.LValue, indent string, above map[*lua.LTable]bool) {
	switch v := v.(type) {
	case lua.LString:
		b.WriteString(quoted(string(v)))
		return
	case lua.LNumber:
		b.WriteString(strconv.FormatFloat(float64(v), 'g', 14, 64))
		return
	case *lua.LTable:
		const most, deepest = 200, 10
		switch {
		case above[v]:
			b.WriteString("{ itself }")
			return
		case len(above) == deepest:
			b.WriteString("{ … }")
			return
		}
		above[v] = true
		defer delete(above, v)
		writeTable(b, v, indent, above, most)
		return
	case *lua.LFunction, *lua.LUserData, *lua.LState:
		b.WriteString("a " + v.Type().String())
		return
	}
	b.WriteString(v.String())
}

func writeTable(b *strings.Builder, t *lua.LTable, indent string, above map[*lua.LTable]bool, most int) {
	var keys []lua.LValue
	t.ForEach(func(k, _ lua.LValue) { keys = append(keys, k) })
	if len(keys) == 0 {
		b.WriteString("{}")
		return
	}
	slices.SortStableFunc(keys, func(x, y lua.LValue) int {
		m, ok := x.(lua.LNumber)
		n, ok2 := y.(lua.LNumber)
		switch {
		case ok && ok2 && m != n:
			if m < n {
				return -1
			}
			return 1
		case ok != ok2:
			if ok {
				return -1
			}
			return 1
		}
		return strings.Compare(x.String(), y.String())
	})
	b.WriteString("{\n")
	for i, k := range keys {
		if i == most {
			fmt.Fprintf(b, "%s  … %d more\n", indent, len(keys)-most)
			break
		}
		b.WriteString(indent + "  ")
		if n, ok := k.(lua.LNumber); !ok || int(n) != i+1 { // a list's items need no keys
			if s, ok := k.(lua.LString); ok && isName(string(s)) {
				b.WriteString(string(s))
			} else {
				b.WriteString("[")
				writePretty(b, k, indent+"  ", above)
				b.WriteString("]")
			}
			b.WriteString(" = ")
		}
		writePretty(b, t.RawGet(k), indent+"  ", above)
		b.WriteString(",\n")
	}
	b.WriteString(indent + "}")
}

func isName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
