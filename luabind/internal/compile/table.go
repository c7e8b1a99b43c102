package compile

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// table makes a table in a register, above which there is none in use.
func (f *function) table(e *ast.TableExpr, to int) {
	line := e.Line()
	created := f.emitABC(lua.OP_NEWTABLE, to, 0, 0, line)
	listed, named, waiting := 0, 0, 0
	// store stores the list fields that wait in registers: n, or with 0 all up to the top.
	store := func(n int) {
		batch := (listed-waiting)/lua.FieldsPerFlush + 1
		if batch <= maxC {
			f.emitABC(lua.OP_SETLIST, to, n, batch, line)
		} else {
			f.emitABC(lua.OP_SETLIST, to, n, 0, line)
			f.emit(uint32(batch), line)
		}
		f.free, waiting = to+1, 0
	}
	for i, field := range e.Fields {
		if field.Key != nil {
			mark := f.free
			t := target{kind: toField, object: to, line: line}
			t.key = f.operand(field.Key)
			_, t.text = field.Key.(*ast.StringExpr)
			f.storeField(t, f.operand(field.Value))
			f.free = mark
			named++
			continue
		}
		if i == len(e.Fields)-1 && manyValued(field.Value) {
			f.pushMany(field.Value, all)
			store(0)
			break // the last one
		}
		f.push(field.Value)
		listed++
		if waiting++; waiting == lua.FieldsPerFlush {
			store(waiting)
		}
	}
	if waiting > 0 {
		store(waiting)
	}
	// A table without fields gets room for 32 of them when the first one comes, 2 KiB;
	// this is room for a few.
	f.proto.Code[created] |= uint32(min(max(named, 1), maxC))<<shiftC | uint32(min(listed, maxC))
	f.free = to + 1
}
