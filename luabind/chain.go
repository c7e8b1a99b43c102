package luabind

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// link is a Lua thread that a run has under way. The handler's own is the first;
// a pcall and a coroutine each add one, and the last is the one that runs.
type link struct {
	thread *lua.LState
	co     *coroutine // nil if it is none
	// depth is how many calls were under way in the thread before, as far as that
	// was counted.
	depth int
}

const (
	// maxThreads is how deep pcalls and coroutines nest: each adds to the Go stack,
	// and two coroutines that resume each other without end overflow it, which ends
	// the process.
	maxThreads = 100
	// freeThreads is how many of them may have maxCalls each. Where more are under
	// way, the calls of the further ones are counted together, so that a run has at
	// most (1 + freeThreads) times maxCalls on the Go stack.
	freeThreads = 3
)

// push adds a thread, on which the caller runs something next, and then calls pop.
// L is the thread that runs.
func (b *budget) push(L, thread *lua.LState, co *coroutine) {
	l := link{thread: thread, co: co}
	if len(b.chain) > freeThreads {
		l.depth = depth(L)
	}
	if b.depth += l.depth; b.depth > maxCalls || len(b.chain) >= maxThreads {
		b.depth -= l.depth
		L.RaiseError("stack overflow")
	}
	b.chain = append(b.chain, l)
	thread.SetContext(b)
	L.G.CurrentThread = thread
}

// pop takes the last thread off again. L is the one before.
func (b *budget) pop(L *lua.LState) {
	n := len(b.chain) - 1
	b.depth -= b.chain[n].depth
	b.chain[n] = link{}
	b.chain = b.chain[:n]
	L.G.CurrentThread = L
}

// depth counts the calls that are under way in a thread.
func depth(L *lua.LState) int {
	low, high := 0, 1
	for high <= maxCalls && hasLevel(L, high) {
		low, high = high, 2*high
	}
	for high-low > 1 {
		if middle := (low + high) / 2; hasLevel(L, middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

func hasLevel(L *lua.LState, level int) bool {
	_, ok := L.GetStack(level)
	return ok
}

// note records where the end was met first: a pcall may move the error on.
func (b *budget) note() {
	if b.hit {
		return
	}
	b.hit = true
	b.at = positionAt(b.chain[len(b.chain)-1].thread, 0)
	b.inner = b.trace(1)
}

// positionAt is where the Lua function is that runs at a level of the stack, or the
// next one outwards, "" if there is none. Level 0 is what runs.
func positionAt(L *lua.LState, level int) string {
	if at := positionFrom(L, level); at != "" {
		return at
	}
	b := budgetOf(L)
	if b == nil {
		return ""
	}
	for i := len(b.chain) - 2; i >= 0; i-- {
		if at := positionFrom(b.chain[i].thread, 0); at != "" {
			return at
		}
	}
	return ""
}

func positionFrom(L *lua.LState, level int) string {
	for ; ; level++ {
		if at := L.Where(level); !strings.HasPrefix(at, "[G]") {
			return at // "" at the stack's end
		}
	}
}

// trace writes the calls of the threads from index n on, in gopher-lua's form, the
// innermost first.
func (b *budget) trace(n int) string {
	const most = 20
	var lines []string
	for i := len(b.chain) - 1; i >= n && len(lines) < most; i-- {
		L := b.chain[i].thread
		for level := 0; len(lines) < most; level++ {
			d, ok := L.GetStack(level)
			if !ok {
				break
			}
			at := L.Where(level)
			if strings.HasPrefix(at, "[G]") {
				continue
			}
			what := "function <>"
			if _, err := L.GetInfo("n", d, nil); err == nil && isName(d.Name) && d.Name != "corountine" {
				what = fmt.Sprintf("function '%s'", d.Name)
			}
			lines = append(lines, "\t"+at+" in "+what)
		}
	}
	return strings.Join(lines, "\n")
}
