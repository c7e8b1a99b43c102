package luabind

import (
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// This file reads what gopher-lua keeps to itself and what weighing a script needs:
// how much room its tables and stacks take. It is why the version is pinned.

// tableParts are a table's parts, some of which may be nil.
type tableParts struct {
	array   []lua.LValue
	strings map[string]lua.LValue
	others  map[lua.LValue]lua.LValue
	// keys are all that were ever set in the maps, those deleted since included:
	// gopher-lua never lets go of them.
	keys []lua.LValue
}

var (
	tableArray   = offset[lua.LTable, []lua.LValue]("array")
	tableStrings = offset[lua.LTable, map[string]lua.LValue]("strdict")
	tableOthers  = offset[lua.LTable, map[lua.LValue]lua.LValue]("dict")
	tableKeys    = offset[lua.LTable, []lua.LValue]("keys")

	threadRegistry = pointerOffset[lua.LState]("reg", "array")
	protoStrings   = offset[lua.FunctionProto, []string]("stringConstants")
)

func partsOf(t *lua.LTable) tableParts {
	return tableParts{
		array: *at[[]lua.LValue](t, tableArray), strings: *at[map[string]lua.LValue](t, tableStrings),
		others: *at[map[lua.LValue]lua.LValue](t, tableOthers), keys: *at[[]lua.LValue](t, tableKeys),
	}
}

// registers are all places of a thread's stack, nil where there is no value.
func registers(th *lua.LState) []lua.LValue {
	registry := *at[*[]lua.LValue](th, threadRegistry) // its first field
	if registry == nil {
		return nil
	}
	return *registry
}

// stringConstants are a prototype's second copy of its texts.
func stringConstants(p *lua.FunctionProto) *[]string { return at[[]string](p, protoStrings) }

// at is the field of type F at an offset in what p points to.
func at[F, T any](p *T, offset uintptr) *F { return (*F)(unsafe.Add(unsafe.Pointer(p), offset)) }

// offset is where T has the named field, which is an F.
func offset[T, F any](name string) uintptr {
	f, ok := reflect.TypeFor[T]().FieldByName(name)
	if !ok || f.Type != reflect.TypeFor[F]() {
		panic("luabind: this version of gopher-lua isn't the one that was looked into: " + name)
	}
	return f.Offset
}

// pointerOffset is where T has the named field, which points to a struct whose
// first field is a list of values with that name.
func pointerOffset[T any](name, first string) uintptr {
	f, ok := reflect.TypeFor[T]().FieldByName(name)
	if !ok || f.Type.Kind() != reflect.Pointer || f.Type.Elem().Field(0).Name != first ||
		f.Type.Elem().Field(0).Type != reflect.TypeFor[[]lua.LValue]() {
		panic("luabind: this version of gopher-lua isn't the one that was looked into: " + name)
	}
	return f.Offset
}
