package luabind

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// TestOracle compares the string library, tonumber and tostring with those of PUC
// Lua 5.1, Debian's lua5.1, on random cases. All of them, and not only those of a
// usual test:
//
//	ILINKD_ORACLE_CASES=1000000 go test -run TestOracle -v -timeout 30m ./luabind
//
// ILINKD_ORACLE_SEED gives other cases. The documented differences are
// [oracleDifferences] and, in errors' words, [oracleWordings].
func TestOracle(t *testing.T) {
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
	cases, seed := envNumber(t, "ILINKD_ORACLE_CASES", 20_000), envNumber(t, "ILINKD_ORACLE_SEED", 1)
	gen := &oracleGenerator{rand.New(rand.NewPCG(uint64(seed), 0))}
	subject := newOracleSubject(t)
	oracle := startOracle(t, path)

	type asked struct {
		c    oracleCase
		ours string
	}
	queue := make(chan asked, 4096)
	skipped := 0
	start := time.Now()
	go func() {
		defer close(queue)
		defer oracle.stdin.Close()
		w := bufio.NewWriter(oracle.stdin)
		defer w.Flush()
		for n := 0; n < cases; {
			c := gen.next()
			ours, ok := subject.answer(c)
			if !ok { // C's matcher would take long, too
				skipped++
				continue
			}
			if _, err := w.WriteString(c.encode() + "\n"); err != nil {
				t.Errorf("write to lua5.1: %v", err)
				return
			}
			queue <- asked{c, ours}
			n++
		}
	}()

	found := make(map[string]int)
	perOp := make(map[string]int)
	failures, compared, faults := 0, 0, 0
	for a := range queue {
		line, err := oracle.out.ReadString('\n')
		if err != nil {
			t.Fatalf("lua5.1 has ended at %v: %v", a.c, err)
		}
		compared++
		perOp[a.c.op]++
		theirs := normalError(strings.TrimSuffix(line, "\n"))
		if strings.HasPrefix(theirs, "error") {
			faults++
		}
		if ours := normalError(a.ours); ours != theirs {
			if d := documented(a.c, ours, theirs); d != "" {
				found[d]++
			} else if failures++; failures <= 20 {
				t.Errorf("%v\n ours   %s\n theirs %s", a.c, readable(ours), readable(theirs))
			}
		}
	}
	if err := oracle.cmd.Wait(); err != nil {
		t.Errorf("lua5.1: %v", err)
	}
	t.Logf("seed %d: %d cases compared in %v, %d of them errors; %d undocumented differences; %d cases skipped as too slow",
		seed, compared, time.Since(start).Round(time.Millisecond), faults, failures, skipped)
	t.Logf("cases: %v", perOp)
	t.Logf("documented differences met: %v", found)
}

func envNumber(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// oracleCase is a call to be compared.
type oracleCase struct {
	op   string
	args []any // string, float64, bool, nil or oracleRef
}

// oracleRef is a value of oraclePrelude's.
type oracleRef string

func (c oracleCase) String() string {
	words := make([]string, len(c.args))
	for i, a := range c.args {
		switch a := a.(type) {
		case string:
			words[i] = strconv.Quote(a)
		case oracleRef:
			words[i] = string(a)
		default:
			words[i] = fmt.Sprint(a)
		}
	}
	return c.op + "(" + strings.Join(words, ", ") + ")"
}

// encode writes the case for the oracle.
func (c oracleCase) encode() string {
	var b strings.Builder
	b.WriteString(c.op)
	for _, a := range c.args {
		switch a := a.(type) {
		case nil:
			b.WriteString("\tz")
		case bool:
			fmt.Fprintf(&b, "\tb%t", a)
		case string:
			b.WriteString("\ts" + hex.EncodeToString([]byte(a)))
		case oracleRef:
			b.WriteString("\tr" + string(a))
		case float64:
			text := strconv.FormatFloat(a, 'g', -1, 64)
			if math.IsNaN(a) && math.Signbit(a) {
				text = "-NaN"
			}
			b.WriteString("\tn" + text)
		}
	}
	return b.String()
}

// oraclePrelude is run on both sides.
const oraclePrelude = `
local function pack(...) return { n = select("#", ...), ... } end
local calls = {
  byte = function(...) return pack(string.byte(...)) end,
  char = function(...) return pack(string.char(...)) end,
  find = function(...) return pack(string.find(...)) end,
  format = function(...) return pack(string.format(...)) end,
  gsub = function(...) return pack(string.gsub(...)) end,
  len = function(...) return pack(string.len(...)) end,
  lower = function(...) return pack(string.lower(...)) end,
  match = function(...) return pack(string.match(...)) end,
  rep = function(...) return pack(string.rep(...)) end,
  reverse = function(...) return pack(string.reverse(...)) end,
  sub = function(...) return pack(string.sub(...)) end,
  tonumber = function(...) return pack(tonumber(...)) end,
  tostring = function(...) return pack(tostring(...)) end,
  upper = function(...) return pack(string.upper(...)) end,
  gmatch = function(...)
    local all = { n = 0 }
    local iterator = string.gmatch(...)
    for turn = 1, 60 do
      local found = pack(iterator())
      if found[1] == nil then break end
      for i = 1, found.n do all.n = all.n + 1 all[all.n] = found[i] end
      all.n = all.n + 1
      all[all.n] = false
    end
    return all
  end,
}
refs = {
  empty = {},
  letters = { a = "1", b = 2, [1] = "one", ["ab"] = false, [""] = "-", ["1"] = 0.5 },
  wrong = { a = true, b = {} },
  inherits = setmetatable({}, { __index = function(t, k) return type(k) .. ":" .. k end }),
  nothing = function() end,
  all = function(...) return "<" .. table.concat({ ... }, "|") .. ">" end,
  number = function(s) return #tostring(s) / 4 end,
  no = function() return false end,
  yes = function() return true end,
  table = function() return {} end,
  fails = function() error("by itself", 0) end,
}
function answer(op, ...)
  return pack(pcall(calls[op], ...))
end
`

// oracleDriver is the oracle's side: a case a line, and an answer a line.
const oracleDriver = oraclePrelude + `
local byteOf, hexOf = {}, {}
for i = 0, 255 do
  local h = string.format("%02x", i)
  byteOf[h], hexOf[string.char(i)] = string.char(i), h
end
local decode = {
  z = function() return nil end,
  b = function(v) return v == "true" end,
  s = function(v) return (string.gsub(v, "..", byteOf)) end,
  r = function(v) return refs[v] end,
  n = function(v)
    if v == "NaN" then return -(0/0) end -- on x86-64
    if v == "-NaN" then return 0/0 end
    return tonumber(v)
  end,
}
local function encode(v)
  local t = type(v)
  if t == "string" then return "s" .. string.gsub(v, ".", hexOf)
  elseif t == "number" then
    if v ~= v then return "nnan" end
    return "n" .. string.format("%.17g", v)
  elseif t == "boolean" then return "b" .. tostring(v)
  end
  return t
end
for line in io.lines() do
  local op = string.match(line, "^%a+")
  local args, n = {}, 0
  for kind, v in string.gmatch(line, "\t(%a)([^\t]*)") do
    n = n + 1
    args[n] = decode[kind](v)
  end
  local r = answer(op, unpack(args, 1, n))
  local out = { r[1] and "ok" or "error" }
  local values, first = r, 2
  if r[1] then values, first = r[2], 1 end
  for i = first, values.n do out[#out + 1] = encode(values[i]) end
  io.write(table.concat(out, " "), "\n")
end
`

// oracle is a running lua5.1.
type oracle struct {
	cmd   *exec.Cmd
	stdin interface {
		Write([]byte) (int, error)
		Close() error
	}
	out *bufio.Reader
}

func startOracle(t *testing.T, path string) *oracle {
	t.Helper()
	cmd := exec.Command(path, "-e", oracleDriver)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	return &oracle{cmd: cmd, stdin: stdin, out: bufio.NewReaderSize(stdout, 1<<16)}
}

// oracleSubject is our side.
type oracleSubject struct {
	vm   *VM
	refs *lua.LTable
	call *lua.LFunction
}

func newOracleSubject(t *testing.T) *oracleSubject {
	b := load(t, oraclePrelude+"function on_message() end", withLimits(Limits{Instructions: 20_000}))
	g := b.vm.main.G.Global
	return &oracleSubject{
		vm: b.vm, refs: g.RawGetString("refs").(*lua.LTable), call: g.RawGetString("answer").(*lua.LFunction),
	}
}

// answer returns our answer, in the oracle's form; ok is false if the case hit the
// instruction limit.
func (s *oracleSubject) answer(c oracleCase) (text string, ok bool) {
	s.vm.mu.Lock()
	defer s.vm.mu.Unlock()
	args := []lua.LValue{lua.LString(c.op)}
	for _, a := range c.args {
		switch a := a.(type) {
		case nil:
			args = append(args, lua.LNil)
		case bool:
			args = append(args, lua.LBool(a))
		case string:
			args = append(args, lua.LString(a))
		case float64:
			args = append(args, lua.LNumber(a))
		case oracleRef:
			args = append(args, s.refs.RawGetString(string(a)))
		}
	}
	r := s.vm.newRun(context.Background(), nil)
	defer r.release()
	v, err := s.vm.call(r, "answer", s.call, args...)
	if err != nil {
		var se *ScriptError
		if errors.As(err, &se) && se.Kind == KindLimit {
			return "", false
		}
		return "failed: " + err.Error(), true
	}
	out := []string{"ok"}
	values, first := v.(*lua.LTable), 2
	if values.RawGetInt(1) == lua.LTrue {
		values, first = values.RawGetInt(2).(*lua.LTable), 1
	} else {
		out[0] = "error"
	}
	n := int(values.RawGetString("n").(lua.LNumber))
	for i := first; i <= n; i++ {
		switch v := values.RawGetInt(i).(type) {
		case lua.LString:
			out = append(out, "s"+hex.EncodeToString([]byte(v)))
		case lua.LNumber:
			f := float64(v)
			text := strconv.FormatFloat(f, 'g', 17, 64)
			switch {
			case f != f:
				text = "nan"
			case math.IsInf(f, 0):
				text = strings.ToLower(strings.TrimPrefix(text, "+"))
			}
			out = append(out, "n"+text)
		case lua.LBool:
			out = append(out, "b"+v.String())
		default:
			out = append(out, v.Type().String())
		}
	}
	return strings.Join(out, " "), true
}

// oracleWordings are where our errors are in gopher-lua's words, as all about
// arguments are in all libraries.
var oracleWordings = []struct {
	theirs *regexp.Regexp
	ours   string
}{
	// Functions' names aren't in quotes.
	{regexp.MustCompile(`^bad argument #(\d+) to '(\w+)' `), "bad argument #$1 to $2 "},
	// An argument that isn't there is nil.
	{regexp.MustCompile(`got no value\)$`), "got nil)"},
}

var oraclePosition = regexp.MustCompile(`^(?:\(command line\)|[^ ]*):\d+: `)

// normalError takes the position off an error, and the differences in wording.
func normalError(answer string) string {
	text, ok := strings.CutPrefix(answer, "error s")
	if !ok {
		return answer
	}
	raw, err := hex.DecodeString(text)
	if err != nil {
		return answer
	}
	message := oraclePosition.ReplaceAllString(string(raw), "")
	for _, w := range oracleWordings {
		message = w.theirs.ReplaceAllString(message, w.ours)
	}
	return "error " + message
}

var hexWord = regexp.MustCompile(` s([0-9a-f]*)`)

// readable shows the strings of an answer.
func readable(answer string) string {
	if strings.HasPrefix(answer, "error") {
		return answer
	}
	return hexWord.ReplaceAllStringFunc(answer, func(w string) string {
		raw, _ := hex.DecodeString(w[2:])
		return " " + strconv.Quote(string(raw))
	})
}
