package luabind

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Plain data are nil, booleans, numbers, texts, and tables of them without a
// metatable. They can leave a VM: [Pack] makes bytes of them, exact ones (a text
// may hold any bytes, a table may have gaps and keys of several types), and
// [Unpack] makes them again, in any VM.

// The first byte of a packed value.
const (
	packedNil    = 'n'
	packedFalse  = 'f'
	packedTrue   = 't'
	packedNumber = 'd' // 8 bytes, as IEEE 754 in little endian
	packedText   = 's' // its length as a varint, and its bytes
	packedTable  = '{' // the number of pairs as a varint, and keys and values by turns
)

// packDepth is how deep tables may nest.
const packDepth = 64

// NotPlainError says what in a value can't leave its VM.
type NotPlainError struct {
	// Path is where it is, such as `.users["alice"].callback`, "" for the value itself.
	Path string
	// Problem is what is wrong there, such as "is a function".
	Problem string
}

// Error says it about "the value".
func (e *NotPlainError) Error() string { return e.About("the value") }

// About says it about a value that scripts know by a name, such as "ilink.state".
func (e *NotPlainError) About(name string) string { return name + e.Path + " " + e.Problem }

// Pack makes bytes of plain data, at most so many. Other data are a
// [*NotPlainError].
func Pack(v lua.LValue, most int) ([]byte, error) {
	p := packer{most: most, above: map[*lua.LTable]bool{}}
	if err := p.value(v, 0); err != nil {
		return nil, &NotPlainError{Path: p.where(), Problem: err.Error()}
	}
	return p.out, nil
}

type packer struct {
	out   []byte
	most  int
	above map[*lua.LTable]bool // the tables that are being packed
	path  []lua.LValue         // the keys down to the value that is being packed
}

func (p *packer) value(v lua.LValue, depth int) error {
	switch v := v.(type) {
	case *lua.LNilType:
		p.out = append(p.out, packedNil)
	case lua.LBool:
		if v {
			p.out = append(p.out, packedTrue)
		} else {
			p.out = append(p.out, packedFalse)
		}
	case lua.LNumber:
		p.out = binary.LittleEndian.AppendUint64(append(p.out, packedNumber), math.Float64bits(float64(v)))
	case lua.LString:
		p.out = binary.AppendUvarint(append(p.out, packedText), uint64(len(v)))
		p.out = append(p.out, v...)
	case *lua.LTable:
		return p.table(v, depth)
	default:
		return fmt.Errorf("is a %s; only nil, booleans, numbers, texts and tables of them can be kept", v.Type())
	}
	if len(p.out) > p.most {
		return p.tooLarge()
	}
	return nil
}

func (p *packer) tooLarge() error {
	p.path = nil // that it is here where it didn't fit any more says nothing
	return fmt.Errorf("is larger than %s", byteSize(p.most))
}

func (p *packer) table(t *lua.LTable, depth int) error {
	switch {
	case p.above[t]:
		return errors.New("contains itself")
	case depth == packDepth:
		return fmt.Errorf("is nested deeper than %d tables", packDepth)
	case t.Metatable != nil && t.Metatable != lua.LNil:
		if t.Metatable.Type() == lua.LTTable {
			if name, ok := t.Metatable.(*lua.LTable).RawGetString("__metatable").(lua.LString); ok {
				return fmt.Errorf("is a %s, with methods that can't be kept; keep the fields that you need", name)
			}
		}
		return errors.New("has a metatable, which can't be kept")
	}
	p.above[t] = true
	defer delete(p.above, t)
	pairs := 0
	t.ForEach(func(lua.LValue, lua.LValue) { pairs++ })
	p.out = binary.AppendUvarint(append(p.out, packedTable), uint64(pairs))
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		p.path = append(p.path, k)
		switch k.Type() {
		case lua.LTString, lua.LTNumber, lua.LTBool:
		default:
			return fmt.Errorf("has a key that is a %s", k.Type())
		}
		if err := p.value(k, depth+1); err != nil {
			return err
		}
		if err := p.value(v, depth+1); err != nil {
			return err
		}
		p.path = p.path[:len(p.path)-1]
	}
	return nil
}

func (p *packer) where() string {
	var b strings.Builder
	for _, k := range p.path {
		switch s, ok := k.(lua.LString); {
		case ok && isName(string(s)):
			b.WriteString("." + string(s))
		case ok:
			b.WriteString("[" + quote(clipText(string(s), 40)) + "]")
		default:
			b.WriteString("[" + inspect(nil, k) + "]")
		}
	}
	return b.String()
}

var errPacked = errors.New("luabind: these are no packed data")

// Unpack makes packed data again, as new tables of L's VM.
func Unpack(L *lua.LState, packed []byte) (lua.LValue, error) {
	v, rest, err := unpack(L, packed, 0)
	if err == nil && len(rest) > 0 {
		err = errPacked
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

func unpack(L *lua.LState, in []byte, depth int) (v lua.LValue, rest []byte, err error) {
	if len(in) == 0 || depth > packDepth+1 {
		return nil, nil, errPacked
	}
	kind, in := in[0], in[1:]
	switch kind {
	case packedNil:
		return lua.LNil, in, nil
	case packedFalse, packedTrue:
		return lua.LBool(kind == packedTrue), in, nil
	case packedNumber:
		if len(in) < 8 {
			return nil, nil, errPacked
		}
		return lua.LNumber(math.Float64frombits(binary.LittleEndian.Uint64(in))), in[8:], nil
	}
	n, width := binary.Uvarint(in)
	// Each byte of a text is there, and each pair takes at least two.
	if width <= 0 || n > uint64(len(in)-width) {
		return nil, nil, errPacked
	}
	in = in[width:]
	switch kind {
	case packedText:
		return lua.LString(in[:n]), in[n:], nil
	case packedTable:
		// Without a size gopher-lua makes room for 32 items. What it is given is no
		// more than a start: the number may be wrong.
		list, fields, size := 0, 0, int(min(n, 64))
		if n > 0 && in[0] == packedNumber {
			list = size
		} else {
			fields = size
		}
		t := L.CreateTable(list, fields)
		for range n {
			var k, v lua.LValue
			if k, in, err = unpack(L, in, depth+1); err != nil {
				return nil, nil, err
			}
			switch k.Type() {
			case lua.LTString, lua.LTNumber, lua.LTBool:
			default:
				return nil, nil, errPacked
			}
			if v, in, err = unpack(L, in, depth+1); err != nil {
				return nil, nil, err
			}
			if n, ok := k.(lua.LNumber); ok && n != n {
				return nil, nil, errPacked
			}
			t.RawSet(k, v)
		}
		return t, in, nil
	}
	return nil, nil, errPacked
}

// PackNumber is [Pack] for a number, and UnpackNumber its opposite: ok says
// whether it is one.
func PackNumber(f float64) []byte {
	b, _ := Pack(lua.LNumber(f), 9)
	return b
}

// UnpackNumber returns a number that was packed.
func UnpackNumber(packed []byte) (f float64, ok bool) {
	v, err := Unpack(nil, packed[:min(len(packed), 10)])
	n, ok := v.(lua.LNumber)
	return float64(n), ok && err == nil
}
