package files

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// bom stands at the begin of a table, so that spreadsheets read it as UTF-8.
const bom = "\uFEFF"

// appendCSV adds a row to a table. With a header, a new file begins with that.
func (b *binding) appendCSV(L *lua.LState) int {
	const function = "files.append_csv"
	p := path(L, function)
	row := b.row(L, function, L.Get(2), `a list of values second, such as { msg.from, "yes", 3 }`)
	header := ""
	if h := luabind.Options(L, 3, function, "header").RawGetString("header"); h != lua.LNil {
		header = b.row(L, function, h, "a list of names as header")
	}
	return b.change(L, function, p, row, func(ctx context.Context) error {
		b.table.Lock()
		defer b.table.Unlock()
		host := b.vm.Host()
		text := row
		if there, err := host.ReadFile(ctx, p, 0); isMissing(err) || err == nil && len(there) == 0 {
			text = bom + header + row
		}
		return host.WriteFile(ctx, p, []byte(text), true)
	})
}

func isMissing(err error) bool {
	var he *luabind.HostError
	return errors.As(err, &he) && he.Kind == "not_found"
}

// row writes a list as a line of a table.
func (b *binding) row(L *lua.LState, function string, v lua.LValue, what string) string {
	t, ok := v.(*lua.LTable)
	if !ok {
		luabind.Mistake(L, "%s needs %s, got %s", function, what, luabind.Describe(v))
	}
	n := 0
	t.ForEach(func(k, _ lua.LValue) {
		i, ok := k.(lua.LNumber)
		if !ok || i < 1 || i > maxCells || i != lua.LNumber(int(i)) {
			luabind.Mistake(L, "%s: a row is a list, and this one has the key %s", function, luabind.Describe(k))
		}
		n = max(n, int(i))
	})
	cells := make([]string, n)
	size := 0
	for i := range cells {
		switch v := t.RawGetInt(i + 1).(type) {
		case *lua.LNilType: // an answer that wasn't given
		case lua.LNumber, lua.LBool:
			cells[i] = v.String()
		case lua.LString:
			cells[i] = harmless(string(v))
		default:
			luabind.Mistake(L, "%s: value %d is a text, a number, true or false, got %s", function, i+1, luabind.Describe(v))
		}
		b.vm.Charge(L, 5+len(cells[i])/8)
		size += len(cells[i]) + 3
		b.vm.CheckLength(L, function, 2*size)
	}
	var out strings.Builder
	w := csv.NewWriter(&out)
	_ = w.Write(cells) // to memory
	w.Flush()
	return out.String()
}

var (
	// formula is what a spreadsheet takes for a formula, behind the ' that make it none;
	// in Chinese and Japanese the full-width signs begin one, too.
	formula = regexp.MustCompile(`^'*[=+\-@\t\r＝＋－＠]`)
	number  = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)
)

// harmless puts a ' before what a spreadsheet would run, were it what a user wrote.
func harmless(text string) string {
	if formula.MatchString(text) && !number.MatchString(text) {
		return "'" + text
	}
	return text
}

// original takes away what harmless has added.
func original(cell string) string {
	if rest, found := strings.CutPrefix(cell, "'"); found && formula.MatchString(rest) {
		return rest
	}
	return cell
}

// readCSV reads a table as a list of rows: lists, or, if there is a header, tables by
// its names.
func (b *binding) readCSV(L *lua.LState) int {
	const function = "files.read_csv"
	named := lua.LVAsBool(luabind.Options(L, 2, function, "header").RawGetString("header"))
	text, err := b.content(L, function)
	if err != nil {
		return b.vm.Fail(L, err)
	}
	b.vm.Charge(L, len(text)/16)
	if line := tooWide(text); line > 0 {
		return b.vm.Fail(L, &luabind.HostError{Kind: "bad_csv", Message: fmt.Sprintf("line %d has more than %d cells", line, maxCells)})
	}
	if !utf8.ValidString(text) {
		return b.vm.Fail(L, &luabind.HostError{Kind: "bad_csv", Message: "the table isn't in UTF-8: in Excel, save it as \"CSV UTF-8\""})
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, bom)))
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	var names []string
	list := L.CreateTable(0, 0)
	L.Push(list) // who weighs the script sees it grow
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			var pe *csv.ParseError
			if errors.As(err, &pe) {
				err = &luabind.HostError{Kind: "bad_csv", Message: fmt.Sprintf("line %d, column %d: %v", pe.Line, pe.Column, pe.Err)}
			}
			return b.vm.Fail(L, err)
		}
		b.vm.Charge(L, 20)
		if named && names == nil {
			names = append([]string{}, cells...)
			continue
		}
		row := L.CreateTable(0, 0)
		for i, c := range cells {
			b.vm.Charge(L, 5+len(c)/8)
			v := lua.LString(original(c))
			switch {
			case !named:
				row.Append(v)
			case i < len(names):
				row.RawSetString(names[i], v)
			}
		}
		list.Append(row)
	}
	return 1
}

// maxCells is how many values a row may have.
const maxCells = 10_000

// tooWide returns the line of a row that has too many cells, 0 if none has: the reader
// would hold them all before it tells.
func tooWide(text string) int {
	line, cells, quoted := 1, 1, false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			cells++
		case c == '\n':
			if line++; !quoted {
				cells = 1
			}
		}
		if cells > maxCells {
			return line
		}
	}
	return 0
}
