package luabind

import (
	"sort"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// tables is the table library of a VM: gopher-lua's functions do any amount of work
// for one instruction, and its concat puts all items on the stack, its remove takes
// what isn't the last item, its sort looks at a list that the script may change.
//
// The operator # and next look for the last item, and for the next, in any number
// of empty places, which nothing can charge for. The time of one step is bounded by
// lua.MaxArrayIndex, 1 to 2 ms, and that of many by [Limits.CPU].
type tables struct{ vm *VM }

func tableLibrary(vm *VM) lib {
	t := tables{vm: vm}
	return lib{
		name: lua.TabLibName,
		open: lua.OpenTable,
		own: map[string]lua.LGFunction{
			"concat": t.concat, "getn": t.getn, "insert": t.insert, "maxn": t.maxn, "move": t.move,
			"pack": t.pack, "remove": t.remove, "sort": t.sort, "unpack": vm.unpack,
		},
	}
}

// moved is how many items can be moved in the time of one instruction.
const moved = 16

func (t tables) getn(L *lua.LState) int {
	L.Push(lua.LNumber(L.CheckTable(1).Len()))
	return 1
}

// maxn returns the largest index, whether there are gaps before it or not.
func (t tables) maxn(L *lua.LState) int {
	largest, count := lua.LNumber(0), 0
	L.CheckTable(1).ForEach(func(k, _ lua.LValue) {
		if n, ok := k.(lua.LNumber); ok && n > largest {
			largest = n
		}
		count++
	})
	t.vm.Charge(L, count)
	L.Push(largest)
	return 1
}

func (t tables) insert(L *lua.LState) int {
	list := L.CheckTable(1)
	switch L.GetTop() {
	case 2:
		list.Append(L.Get(2))
	case 3:
		at, n := checkInt(L, 2), list.Len()
		switch {
		case at >= lua.MaxArrayIndex: // it isn't moved up to there
		case at > n:
			t.vm.Charge(L, (at-n)/moved)
		case at > 0:
			t.vm.Charge(L, (n-at)/moved)
		}
		list.Insert(at, L.Get(3))
	default:
		L.RaiseError("wrong number of arguments to 'insert'")
	}
	return 0
}

func (t tables) remove(L *lua.LState) int {
	list := L.CheckTable(1)
	n := list.Len()
	at := optInt(L, 2, n)
	if at < 1 || at > n {
		return 0
	}
	if at < n {
		t.vm.Charge(L, (n-at)/moved)
		L.Push(list.Remove(at))
		return 1
	}
	for { // empty places may follow the last item
		if v := list.Remove(-1); v != lua.LNil {
			L.Push(v)
			return 1
		}
	}
}

// concat builds the string in Go.
func (t tables) concat(L *lua.LState) int {
	list := L.CheckTable(1)
	sep, ok := concatText(L.Get(2))
	if !ok && L.Get(2) != lua.LNil {
		L.TypeError(2, lua.LTString)
	}
	first := optInt(L, 3, 1)
	last := 0
	if L.Get(4) == lua.LNil {
		last = list.Len()
	} else {
		last = checkInt(L, 4)
	}
	longest := t.vm.limits.StringBytes
	var b strings.Builder
	for i := first; i <= last; i++ {
		v := list.RawGet(lua.LNumber(i))
		text, ok := concatText(v)
		if !ok {
			L.RaiseError("table.concat: item %d is a %s; only strings and numbers can be joined", i, v.Type())
		}
		if b.Len()+len(sep)+len(text) > longest {
			L.RaiseError("table.concat: the result would be longer than %s", byteSize(longest))
		}
		if i > first {
			b.WriteString(sep)
		}
		b.WriteString(text)
		t.vm.Charge(L, 1+(len(sep)+len(text))/16)
		if i == last {
			break // last may be the largest integer
		}
	}
	L.Push(lua.LString(b.String()))
	return 1
}

func (t tables) pack(L *lua.LState) int {
	n := L.GetTop()
	list := L.CreateTable(n, 1)
	for i := 1; i <= n; i++ {
		list.RawSetInt(i, L.Get(i))
	}
	list.RawSetString("n", lua.LNumber(n))
	t.vm.Charge(L, n)
	L.Push(list)
	return 1
}

// maxUnpacked is somewhat less than a thread can hold.
const maxUnpacked = 30_000

func (vm *VM) unpack(L *lua.LState) int {
	list, first := L.CheckTable(1), optInt(L, 2, 1)
	last := 0
	if L.Get(3) == lua.LNil {
		last = list.Len()
	} else {
		last = checkInt(L, 3)
	}
	if first > last {
		return 0
	}
	if n := last - first; n < 0 || n >= maxUnpacked {
		L.RaiseError("registry overflow")
	}
	n := last - first + 1
	vm.Charge(L, n)
	for i := range n {
		L.Push(list.RawGet(lua.LNumber(first + i)))
	}
	return n
}

// move copies items to another place or table, as Lua 5.3 does.
func (t tables) move(L *lua.LState) int {
	from, first, last, to := L.CheckTable(1), checkInt64(L, 2), checkInt64(L, 3), checkInt64(L, 4)
	into := from
	if L.GetTop() >= 5 {
		into = L.CheckTable(5)
	}
	// Numbers are exact up to here, which also keeps sums from running over.
	const largest = int64(1) << 53
	for _, n := range []int64{first, last, to} {
		if n < -largest || n > largest {
			L.RaiseError("table.move: %d is too large for an index", n)
		}
	}
	move := func(i int64) {
		t.vm.Charge(L, 2)
		L.SetTable(into, lua.LNumber(to+i), L.GetTable(from, lua.LNumber(first+i)))
	}
	if to > last || to <= first || into != from {
		for i := range last - first + 1 {
			move(i)
		}
	} else { // they overlap
		for i := last - first; i >= 0; i-- {
			move(i)
		}
	}
	L.Push(into)
	return 1
}

func (t tables) sort(L *lua.LState) int {
	list := L.CheckTable(1)
	s := sorter{vm: t.vm, L: L}
	if L.Get(2) != lua.LNil {
		s.before = L.CheckFunction(2)
	}
	// What is compared may change the list.
	n := list.Len()
	t.vm.Charge(L, n/moved)
	s.values = make([]lua.LValue, n)
	hold(L, &s)
	for i := range n {
		s.values[i] = list.RawGetInt(i + 1)
	}
	sort.Sort(&s)
	for i, v := range s.values {
		list.RawSetInt(i+1, v)
	}
	return 0
}

// sorter sorts values. An order that makes no sense, such as one that is random,
// makes a result that makes none, and takes no longer.
type sorter struct {
	vm     *VM
	L      *lua.LState
	before *lua.LFunction // nil for <
	values []lua.LValue
}

func (s *sorter) weight() int64 { return valueSize * int64(cap(s.values)) }

func (s *sorter) Len() int      { return len(s.values) }
func (s *sorter) Swap(i, j int) { s.values[i], s.values[j] = s.values[j], s.values[i] }

func (s *sorter) Less(i, j int) bool {
	L, a, b := s.L, s.values[i], s.values[j]
	if s.before == nil {
		work := 1
		if text, ok := a.(lua.LString); ok {
			work += len(text) / 16
		}
		s.vm.Charge(L, work)
		return L.LessThan(a, b)
	}
	L.Push(s.before)
	L.Push(a)
	L.Push(b)
	L.Call(2, 1)
	less := L.ToBool(-1)
	L.Pop(1)
	return less
}
