package luabind

import lua "github.com/yuin/gopher-lua"

// Charge counts n instructions for work that a function of Go's does for a
// script, beside the one that its call counts as; a [Module] charges what may be
// long: about one per 20 ns, such as one per 16 bytes copied. It raises the
// reason if the handler must end, so that a function may also call it now and
// then to find out.
func (vm *VM) Charge(L *lua.LState, n int) {
	if b := budgetOf(L); b != nil {
		b.charge(L, n)
	}
}

// charge is [VM.Charge] for a thread's budget.
func (b *budget) charge(L *lua.LState, n int) {
	b.left -= int64(n)
	b.run.take(n * bytesPerInstruction)
	b.check(L)
}

// check raises why the run must end, if it must.
func (b *budget) check(L *lua.LState) {
	if (b.left < 0 || b.run.attention.Load()) && b.attend() != nil {
		b.end(L)
	}
}

// end raises why the run must end.
func (b *budget) end(L *lua.LState) { L.RaiseError("%s", b.Err().Error()) }
