package luabind

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// TestPrograms compares what random functions do with what they do in PUC Lua 5.1,
// Debian's lua5.1: statements and expressions of all kinds, closures, coroutines,
// metamethods and errors. A function that does something else is made as small as it
// can be. CI runs 10,000, and a million are
//
//	ILINKD_PROGRAMS=1000000 go test -run TestPrograms -v -timeout 60m ./luabind
//
// ILINKD_ORACLE_SEED gives other ones.
func TestPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	path, err := exec.LookPath("lua5.1")
	if err != nil {
		if os.Getenv("ILINKD_REQUIRE_ORACLE") == "1" {
			t.Fatal("lua5.1 isn't installed, and ILINKD_REQUIRE_ORACLE is set")
		}
		t.Skip("lua5.1 isn't installed")
	}
	total, seed := envNumber(t, "ILINKD_PROGRAMS", 1000), envNumber(t, "ILINKD_ORACLE_SEED", 1)
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		t.Run(strconv.Itoa(w), func(t *testing.T) {
			t.Parallel()
			gen := &programGenerator{Rand: rand.New(rand.NewPCG(uint64(seed), uint64(w)))}
			both := programRunners{ours: newOurPrograms(t), theirs: startTheirPrograms(t, path)}
			start := time.Now()
			compared := both.compare(t, gen, (total+workers-1)/workers)
			t.Logf("seed %d: %d functions in %v", seed, compared, time.Since(start).Round(time.Millisecond))
		})
	}
}

// compare runs functions until some of them differ.
func (r *programRunners) compare(t *testing.T, gen *programGenerator, total int) (compared int) {
	t.Helper()
	const batch, most = 50, 5
	failures := 0
	for ; compared < total && failures < most; compared += batch {
		functions := make([]*programNode, batch)
		for i := range functions {
			functions[i] = gen.function()
		}
		ours, theirs := r.run(t, functions)
		for i, f := range functions {
			if ours[i] == theirs[i] {
				continue
			}
			if strings.HasPrefix(ours[0]+theirs[0], "failed") { // all of them
				if ours, theirs := r.run(t, functions[i:i+1]); ours[0] == theirs[0] {
					continue
				}
			}
			if failures++; failures > most {
				break
			}
			small := r.shrink(t, f)
			ours, theirs := r.run(t, []*programNode{small})
			t.Errorf("function %d:\n%s\nours\n%s\ntheirs\n%s", compared+i, small, ours[0], theirs[0])
		}
	}
	return compared
}

// programPrelude is what the functions use. What they do is written to a trace.
const programPrelude = `
local out, ticks, steps, kept
local T, M, G, P, obj
local function show(v, d)
  local t = type(v)
  if t == "table" then
    if (d or 0) > 2 then return "{...}" end
    local s = {}
    for k, x in pairs(v) do s[#s + 1] = show(type(k) == "number" and k + 0 or k, 3) .. "=" .. show(x, (d or 0) + 1) end
    table.sort(s)
    return "{" .. table.concat(s, ",") .. "}"
  elseif t == "function" or t == "thread" then return t
  elseif t == "string" then return '"' .. v .. '"'
  elseif t == "number" then
    if v ~= v then return "nan" end
    return string.format("%.10g", v)
  end
  return tostring(v)
end
local function plain(e) -- errors of the machine's have words of their own
  if type(e) == "string" and e:find("^[^|]-:%d+: ") then return "error" end
  return e
end
local function log(...)
  local s = {}
  for i = 1, select("#", ...) do s[i] = show((select(i, ...))) end
  out[#out + 1] = table.concat(s, " ")
  if #out > 60 then error("full", 0) end
end
local function tick() ticks = ticks + 1 if ticks > 300 then error("ticks", 0) end end
local protected = pcall
local function pcall(...) return (function(ok, e, ...) if not ok then return ok, plain(e) end return ok, e, ... end)(protected(...)) end
local function step(n) steps = steps + 1 return steps % n ~= 0 end
local function num(x)
  tick()
  if type(x) == "number" then if x ~= x or x > 1e6 or x < -1e6 then return 1 end return x end
  if x == nil then return 0 elseif x == true then return 1 elseif type(x) == "string" then return #x % 7 end
  return 5
end
local odds = { 1/0, -1/0, 0/0, 0*-1, 2^53, -2^53 - 2, 1e300, 1e-300, 2.5, -1/3, 0.1, 7, -7, 1e15 + 0.5 }
local function odd(x) tick() return odds[#show(x) % #odds + 1] end
local function str(x) tick() local s = show(x) if #s > 40 then return s:sub(1, 40) end return s end
local function id(...) tick() return ... end
local function two(a, b) tick() return b, a end
local function tab(t) tick() return t[2] or t.k end
local function sel(...) tick() return select("#", ...), ... end
local function iter(x)
  local n = 0
  return function(s, c) n = n + 1 log("iter", s, c) if n > 2 then return nil end return n end
end
local bare_n
local function bare(s, c) bare_n = bare_n + 1 log("bare", s, c) if bare_n % 3 == 0 then return nil end return bare_n, c end
local function three(x) local n = 0 return function(s, c) n = n + 1 log(s, c) if n <= 2 then return n, x end end, x, 7 end
local function keep(f) kept[#kept + 1] = f end
local function co(f)
  local c, s = coroutine.create(f), {}
  local arg = coroutine.yield
  for i = 1, 4 do
    local r = { coroutine.resume(c, arg) }
    if not r[1] then r[2] = plain(r[2]) end
    s[#s + 1], arg = show(r), i
    s[#s + 1] = coroutine.status(c)
  end
  return table.concat(s, ";")
end
local number = {}
number.__index = number
local function value(x) if type(x) == "table" and getmetatable(x) == number then return x.n end return num(x) end
local function made(n) return setmetatable({ n = n }, number) end
number.__add = function(a, b) log("add", value(a), value(b)) return made(value(a) + value(b)) end
number.__unm = function(a) return made(-value(a)) end
number.__concat = function(a, b) return "<" .. (type(a) == "string" and a or value(a)) .. ">" end
number.__lt = function(a, b) return value(a) < value(b) end
number.__le = function(a, b) return value(a) <= value(b) end
number.__eq = function(a, b) return value(a) == value(b) end
number.__call = function(self, x) return self.n, x end
local function add(a, b) return made(value(a)) + b end
local F = {}
`

// programRun runs one of the functions.
const programRun = `
local function run(i)
  out, ticks, steps, kept, bare_n = {}, 0, 0, {}, 0
  T = setmetatable({ 1, 2, x = "tx", f = function(...) return ... end }, { __index = function(t, k) tick() return type(k) == "number" and k or nil end })
  P = setmetatable({}, { __newindex = function(t, k, v) log("set", k, v) rawset(t, k, v) end })
  M = { get = function(self, x) tick() return self.v, x end, v = 8 }
  obj = setmetatable({ v = 3 }, { __index = { get = function(self, x) tick() return x, self.v end }, __call = function(self, x) return x end })
  G = "g"
  local function go(...) return log(F[i](...)) end
  local function caught(what, ...)
    local ok, e = pcall(...)
    if not ok then
      out[#out + 1] = what .. show(plain(e))
    end
  end
  caught("E ", go, 1, "two", nil, "va", false)
  for j = 1, #kept do caught("K ", function() log(kept[j]()) end) end
  out[#out + 1] = show(T) .. show(P) .. show(obj) .. show(G)
  return table.concat(out, "|")
end
`

// program is a source that returns what the functions do, a line each.
func program(functions []*programNode) string {
	var b strings.Builder
	b.WriteString(programPrelude)
	for i, f := range functions {
		fmt.Fprintf(&b, "F[%d] = %s\n", i+1, f)
	}
	b.WriteString(programRun)
	fmt.Fprintf(&b, "local all = {}\nfor i = 1, %d do all[i] = run(i) end\nreturn table.concat(all, '\\n')\n", len(functions))
	return b.String()
}

type programRunners struct {
	ours   *VM
	theirs *theirPrograms
}

// run returns what the functions do in ours and in theirs.
func (r *programRunners) run(t *testing.T, functions []*programNode) (ours, theirs []string) {
	t.Helper()
	text := program(functions)
	their, err := r.theirs.run(text)
	if err != nil {
		t.Fatalf("lua5.1: %v", err)
	}
	our, err := runOurProgram(r.ours, text)
	if err != nil {
		our = "failed: " + err.Error()
	}
	split := func(s string) []string {
		lines := strings.Split(s, "\n")
		for len(lines) < len(functions) {
			lines = append(lines, lines[0])
		}
		return lines
	}
	return split(our), split(their)
}

// shrink returns the smallest form of a function that it finds in which ours and theirs
// differ.
func (r *programRunners) shrink(t *testing.T, f *programNode) *programNode {
	differs := func() bool {
		ours, theirs := r.run(t, []*programNode{f})
		return ours[0] != theirs[0] && !strings.HasPrefix(theirs[0], "failed")
	}
	for again := true; again; {
		again = false
		f.walk(func(n *programNode) {
			before, size := n.parts, len(n.String())
			for _, parts := range n.smaller() {
				if n.parts = parts; len(n.String()) < size && differs() {
					again = true
					return
				}
				n.parts = before
			}
		})
	}
	return f
}

func (n *programNode) walk(visit func(*programNode)) {
	visit(n)
	for _, p := range n.parts {
		if child, ok := p.(*programNode); ok {
			child.walk(visit)
		}
	}
}

// smaller are texts to try in a node's place.
func (n *programNode) smaller() (all [][]any) {
	text := n.String()
	switch n.kind {
	case listNode:
		for i := 0; i+1 < len(n.parts); i += 2 {
			all = append(all, append(append([]any{}, n.parts[:i]...), n.parts[i+2:]...))
		}
	case stmtNode:
		if strings.HasPrefix(text, "function(a") {
			return nil
		}
		for _, p := range n.parts {
			if child, ok := p.(*programNode); ok && child.kind != exprNode && child.String() != "" {
				all = append(all, []any{child})
			}
		}
	case exprNode:
		for _, p := range n.parts {
			if child, ok := p.(*programNode); ok && child.kind == exprNode && len(child.String()) < len(text) {
				all = append(all, []any{child})
			}
		}
		if len(text) > 3 {
			all = append(all, []any{"nil"}, []any{"1"})
		}
	}
	return all
}

func newOurPrograms(t *testing.T) *VM {
	return load(t, "function on_message() end", withLimits(Limits{Instructions: 50_000_000, Memory: 1 << 30})).vm
}

// runOurProgram runs a source in our VM.
func runOurProgram(vm *VM, text string) (string, error) {
	vm.mu.Lock()
	defer vm.mu.Unlock()
	proto, err := vm.compile("program", text)
	if err != nil {
		return "", err
	}
	r := vm.newRun(context.Background(), nil)
	defer r.release()
	v, err := vm.call(r, "program", vm.main.NewFunctionFromProto(proto))
	if err != nil {
		return "", err
	}
	return lua.LVAsString(v), nil
}

// theirPrograms is a lua5.1 that runs sources one after the other.
type theirPrograms struct {
	in  io.WriteCloser
	out *bufio.Reader
}

const theirDriver = `
while true do
  local n = io.read("*n")
  if not n then break end
  io.read("*l")
  local f, e = loadstring(io.read(n), "program")
  local ok, r = false, e
  if f then ok, r = pcall(f) end
  if not ok then r = "failed: " .. tostring(r) end
  io.write(#r, "\n", r)
  io.flush()
end
`

func startTheirPrograms(t *testing.T, path string) *theirPrograms {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, "-e", theirDriver)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	return &theirPrograms{in: in, out: bufio.NewReader(out)}
}

func (p *theirPrograms) run(text string) (string, error) {
	if _, err := fmt.Fprintf(p.in, "%d\n%s", len(text), text); err != nil {
		return "", err
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		return "", err
	}
	n, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return "", err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(p.out, b)
	return string(b), err
}
