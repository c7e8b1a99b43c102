package luabind

import (
	"errors"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// packed runs a script that returns a value, packs it, unpacks it in another VM
// and writes it.
func repacked(t *testing.T, source string) (string, error) {
	t.Helper()
	b := load(t, "value = "+source+"\nfunction on_message() end")
	b.vm.mu.Lock()
	defer b.vm.mu.Unlock()
	data, err := Pack(b.vm.main.G.Global.RawGetString("value"), 1<<20)
	if err != nil {
		return "", err
	}
	other := lua.NewState()
	defer other.Close()
	v, err := Unpack(other, data)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return inspect(nil, v), nil
}

func TestPack(t *testing.T) {
	for source, want := range map[string]string{
		`nil`:                          `nil`,
		`true`:                         `true`,
		`-0.5`:                         `-0.5`,
		`1/0`:                          `inf`,
		`"语🙂\0\255"`:                   "语🙂\x00\xff",
		`{}`:                           `{}`,
		`{1, 2, nil, 4}`:               `{1, 2, [4] = 4}`,
		`{a = {b = {false}}, [7] = 1}`: `{[7] = 1, a = {b = {false}}}`,
		`{[true] = "x", ["a b"] = 1}`:  `{[true] = "x", ["a b"] = 1}`,
		`(function() local t = {} return {t, t} end)()`: `{{}, {}}`,
	} {
		got, err := repacked(t, source)
		if err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", source, got, err, want)
		}
	}
}

func TestPackNamesWhatItCannot(t *testing.T) {
	for source, want := range map[string]string{
		`print`:                            "the value is a function",
		`{users = {alice = {cb = print}}}`: "the value.users.alice.cb is a function",
		`{[3] = {["a b"] = coroutine.create(print)}}`:                           `the value[3]["a b"] is a thread`,
		`(function() local t = {} t.x = {t} return t end)()`:                    "the value.x[1] contains itself",
		`{p = setmetatable({}, {})}`:                                            "the value.p has a metatable",
		`{[{}] = 1}`:                                                            "has a key that is a table",
		`(function() local t = {} for i = 1, 99 do t = {t} end return t end)()`: "is nested deeper than 64 tables",
		`{a = ("x"):rep(2^20)}`:                                                 "the value is larger than 1 MiB",
	} {
		_, err := repacked(t, source)
		var np *NotPlainError
		if !errors.As(err, &np) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", source, err, want)
		}
	}
}

func TestPackNumber(t *testing.T) {
	if f, ok := UnpackNumber(PackNumber(-1.5)); !ok || f != -1.5 {
		t.Error(f, ok)
	}
	for _, not := range []string{"", "t", "d1234567", "d123456789", "s\x02ab"} {
		if f, ok := UnpackNumber([]byte(not)); ok {
			t.Errorf("%q is taken for %v", not, f)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte("{\x02s\x01at{\x00n"))
	f.Add([]byte("{\x01d12345678f"))
	L := lua.NewState()
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := Unpack(L, in)
		if err != nil {
			return
		}
		again, err := Pack(v, 1<<30)
		if err != nil {
			t.Fatalf("%q was unpacked, and can't be packed: %v", in, err)
		}
		if _, err := Unpack(L, again); err != nil {
			t.Fatal(err)
		}
	})
}
