package arith

import (
	"fmt"
	"math"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// TestInstalled: the VM's insides are as they are known here.
func TestInstalled(t *testing.T) {
	if !Installed() {
		t.Fatal("this is another gopher-lua than the one that is known: look at its types, and at what it computes")
	}
}

func TestArithmetic(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	for expression, want := range map[string]string{
		"1/(0*-1)":               "-inf",
		"1/(0/-3)":               "-inf",
		"1/(-1 * n(0))":          "-inf",
		"1/((0*-1)^1)":           "-inf",
		"1/(0*1)":                "inf",
		"1/(1-1)":                "inf",
		"1/(n(-3) % n(3))":       "inf",
		"7 % 3":                  "1",
		"-7 % 3":                 "2",
		"7 % -3":                 "-2",
		"-7 % -3":                "-1",
		"5.5 % 2":                "1.5",
		"n(5) % n(1/3)":          "0",
		"n(5) % n(1/0)":          "nan",
		"n(1/0) % n(5)":          "nan",
		"n(5) % n(0)":            "nan",
		"n(2)^53 % n(3)":         "2",
		"n(1e300) % n(7) == 0":   "true",
		"n(0.1) + n(0.2) == 0.3": "false",
		"n(6) - n(2) * n(3)":     "0",
		"n(200) + n(100)":        "300",
		"('10') + 5":             "15",
		"('x'):len() % 2":        "1",
	} {
		L.SetGlobal("n", L.NewFunction(func(L *lua.LState) int { L.Push(L.Get(1)); return 1 }))
		if err := L.DoString("local r = " + expression + " result = r"); err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		got := fmt.Sprint(L.GetGlobal("result"))
		if n, ok := L.GetGlobal("result").(lua.LNumber); ok {
			switch {
			case math.IsInf(float64(n), 1):
				got = "inf"
			case math.IsInf(float64(n), -1):
				got = "-inf"
			case math.IsNaN(float64(n)):
				got = "nan"
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", expression, got, want)
		}
	}
}

// TestManyRegisters: results go where they belong, whatever the depth of calls.
func TestManyRegisters(t *testing.T) {
	L := lua.NewState(lua.Options{RegistrySize: 128, RegistryMaxSize: 1 << 16, RegistryGrowStep: 16})
	defer L.Close()
	if err := L.DoString(`
local function f(n, a, b, c) local x, y, z = a + n, b * 2, c - n if n == 0 then return x + y + z end return 1 + f(n - 1, x, y % 7, z) end
result = f(150, 1, 2, 3)
function meta(a, b) return "called" end
called = setmetatable({}, { __mod = meta }) % 3`); err != nil {
		t.Fatal(err)
	}
	if got := L.GetGlobal("result"); got != lua.LNumber(158) {
		t.Errorf("%v", got)
	}
	if got := L.GetGlobal("called"); got != lua.LString("called") {
		t.Errorf("%v", got)
	}
}

func BenchmarkInstructions(b *testing.B) {
	L := lua.NewState()
	defer L.Close()
	f, err := L.LoadString(`local n = ... local x = 1 for i = 1, n do x = (x * 3 + i) % 1009 - 1 / 2 end return x`)
	if err != nil {
		b.Fatal(err)
	}
	ours := instructions
	for name, table := range map[string]func(){
		"ours": func() {},
		"theirs": func() {
			for op := lua.OP_ADD; op <= lua.OP_POW; op++ {
				instructions[op] = original
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			table()
			defer func() { instructions = ours }()
			L.Push(f)
			L.Push(lua.LNumber(b.N))
			L.Call(1, 0)
		})
	}
}
