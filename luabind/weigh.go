package luabind

import (
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// scale estimates how much memory a script holds, by walking through all that its
// VM can reach: tables, strings, functions with their variables, and the stacks of
// threads. It is a fifth or so off; what it doesn't see at all is what [Module]s
// keep in Go.
type scale struct {
	seen  places
	queue queue
	total int64
	// most is where it may stop.
	most int64
	// block is the last block of numbers.
	block uintptr
}

// heavy is what a function of Go's puts on the stack, in a userdata, while it calls
// the script back and holds what that has made large.
type heavy interface{ weight() int64 }

// hold shows what a running function of Go's holds to who weighs the script, until
// the function returns.
func hold(L *lua.LState, h heavy) { L.Push(&lua.LUserData{Value: h}) }

// Sizes in bytes, of Go's objects on 64 bits.
const (
	valueSize    = 16 // an interface
	tableSize    = 112
	mapSize      = 48
	smallMap     = 8  // entries, for which a map has room at once
	stringEntry  = 33 // of a map by strings
	otherEntry   = 33
	indexEntry   = 25 // of the index that a table has of its keys
	functionSize = 80
	upvalueSize  = 64
	threadSize   = 2 << 10 // without its registers and calls
	callSize     = 96
	userDataSize = 48
	// numberBlock is how many bytes gopher-lua allocates for numbers at once; one
	// that is kept keeps all.
	numberBlock = 256
)

// weigh estimates the memory in bytes that is held by the script, or stops once it
// is more than most. The VM is locked.
func (vm *VM) weigh(most int64) int64 {
	s := &scale{seen: make(places), most: most}
	g := vm.main.G
	s.add(g.Global)
	s.add(g.Registry)
	s.add(vm.main)
	for _, th := range vm.spare {
		s.add(th)
	}
	for _, v := range vm.builtin {
		s.add(v)
	}
	for _, m := range vm.required {
		if m.value != nil {
			s.add(m.value)
		}
	}
	for b := range vm.budgets {
		for _, l := range b.chain {
			s.add(l.thread)
		}
	}
	s.walk()
	return s.total
}

// weighValue is weigh for what a value holds.
func (vm *VM) weighValue(v lua.LValue, most int64) int64 {
	s := &scale{seen: make(places), most: most}
	s.add(v)
	s.walk()
	return s.total
}

func (s *scale) walk() {
	for s.total <= s.most {
		switch v := s.queue.take().(type) {
		case nil:
			return
		case *lua.LTable:
			s.table(v)
		case *lua.LFunction:
			s.function(v)
		case *lua.LState:
			s.thread(v)
		case *lua.LUserData:
			s.total += userDataSize
			s.add(v.Metatable)
			if h, ok := v.Value.(heavy); ok {
				s.total += h.weight()
			}
		}
	}
}

// add counts a value at once, or takes it up for the walk.
func (s *scale) add(value lua.LValue) {
	switch v := value.(type) {
	case lua.LNumber:
		s.number(value)
	case lua.LString:
		s.total += valueSize
		s.text(string(v))
	case *lua.LTable:
		if s.first(uintptr(unsafe.Pointer(v))) {
			s.queue.put(v)
		}
	case *lua.LFunction:
		if s.first(uintptr(unsafe.Pointer(v))) {
			s.queue.put(v)
		}
	case *lua.LState:
		if s.first(uintptr(unsafe.Pointer(v))) {
			s.queue.put(v)
		}
	case *lua.LUserData:
		if s.first(uintptr(unsafe.Pointer(v))) {
			s.queue.put(v)
		}
	}
}

// queue has what is still to be weighed, the last first. It grows by blocks: if it
// moved as it grew, weighing would leave more dead memory behind than it weighs.
type queue struct{ blocks [][]lua.LValue }

// queueBlock is how many values a block has.
const queueBlock = 1024

func (q *queue) put(v lua.LValue) {
	last := len(q.blocks) - 1
	if last < 0 || len(q.blocks[last]) == queueBlock {
		last++
		if last < cap(q.blocks) && q.blocks[:last+1][last] != nil {
			q.blocks = q.blocks[:last+1]
			q.blocks[last] = q.blocks[last][:0] // it was there before
		} else {
			q.blocks = append(q.blocks, make([]lua.LValue, 0, queueBlock))
		}
	}
	q.blocks[last] = append(q.blocks[last], v)
}

// take returns nil if there is nothing left.
func (q *queue) take() lua.LValue {
	last := len(q.blocks) - 1
	if last < 0 {
		return nil
	}
	block := q.blocks[last]
	v := block[len(block)-1]
	if block = block[:len(block)-1]; len(block) == 0 {
		q.blocks = q.blocks[:last]
	} else {
		q.blocks[last] = block
	}
	return v
}

// number counts the block in which a number lies.
func (s *scale) number(v lua.LValue) {
	word := (*[2]uintptr)(unsafe.Pointer(&v))[1] // the address in an interface
	block := word &^ (numberBlock - 1)
	if block == s.block {
		return // as nearly always: they come one after the other
	}
	s.block = block
	if s.first(block) {
		s.total += numberBlock
	}
}

// text counts a string's bytes. Strings are shared.
func (s *scale) text(text string) {
	const small = 64 // sharing it would save little
	if len(text) < small || s.first(uintptr(unsafe.Pointer(unsafe.StringData(text)))) {
		s.total += int64(len(text)+15) &^ 15
	}
}

// first reports whether an address comes up for the first time.
func (s *scale) first(p uintptr) bool { return p != 0 && s.seen.add(p) }

// places is a set of addresses: a bit for each 16 bytes, in which no two values begin.
// It is small, for it comes on top of what is weighed. All that is looked at is
// reachable, so that nothing else moves in.
type places map[uintptr]*[512 / 64]uint64

// add reports whether an address wasn't there.
func (s places) add(p uintptr) bool {
	bits := s[p>>13]
	if bits == nil {
		bits = new([512 / 64]uint64)
		s[p>>13] = bits
	}
	word, bit := &bits[p>>10&7], uint64(1)<<(p>>4&63)
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	return true
}

func (s *scale) table(t *lua.LTable) {
	p := partsOf(t)
	s.total += tableSize + int64(cap(p.array)+cap(p.keys))*valueSize
	s.add(t.Metatable)
	for _, v := range p.array {
		s.add(v)
	}
	// A map keeps the room that it had when it was largest.
	deleted := len(p.keys) - len(p.strings) - len(p.others)
	if p.strings != nil {
		s.total += mapBytes(len(p.strings)+deleted, stringEntry)
	}
	if p.others != nil {
		s.total += mapBytes(len(p.others)+deleted, otherEntry)
	}
	if p.keys != nil {
		s.total += mapBytes(len(p.keys), indexEntry)
	}
	if s.total > s.most {
		return
	}
	for _, v := range p.keys {
		s.add(v)
	}
	for _, v := range p.strings {
		s.add(v)
	}
	for _, v := range p.others {
		s.add(v)
	}
}

// mapBytes is about what a map has taken for n entries: beyond the first few, half
// of its room is empty on the average.
func mapBytes(n, entry int) int64 {
	switch {
	case n == 0:
		return mapSize
	case n <= smallMap:
		return int64(mapSize + smallMap*entry)
	}
	return int64(mapSize + n*entry*2)
}

func (s *scale) function(f *lua.LFunction) {
	s.total += functionSize + int64(len(f.Upvalues))*8
	for _, u := range f.Upvalues {
		if u != nil && s.first(uintptr(unsafe.Pointer(u))) {
			s.total += upvalueSize
			s.add(u.Value())
		}
	}
}

// thread counts what is on a thread's stack, and what was: gopher-lua clears the
// places when they are used again.
func (s *scale) thread(th *lua.LState) {
	places := registers(th)
	s.total += threadSize + int64(len(places))*valueSize + int64(depth(th))*callSize
	for _, v := range places {
		s.add(v)
	}
	if co, ok := th.Context().(*coroutine); ok {
		s.add(co.fn)
	}
}
