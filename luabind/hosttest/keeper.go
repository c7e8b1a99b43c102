// Package hosttest has what every [luabind.Host] must do, as tests: of the runtime's
// and of the one in which specs run.
package hosttest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// Keeper tests an empty [luabind.Keeper]. pass has time pass for it.
func Keeper(t *testing.T, k luabind.Keeper, pass func(time.Duration)) {
	t.Helper()
	pack := func(text string) []byte {
		packed, err := luabind.Pack(lua.LString(text), 1000)
		if err != nil {
			t.Fatal(err)
		}
		return packed
	}
	// show writes a result: what was found, the value as a text or number, the keys.
	show := func(r luabind.KVResult, err error) string {
		var he *luabind.HostError
		if errors.As(err, &he) {
			return he.Kind
		} else if err != nil {
			return err.Error()
		}
		value := "-"
		if r.Value != nil {
			v, err := luabind.Unpack(lua.NewState(), r.Value)
			if err != nil {
				t.Fatal(err)
			}
			value = v.String()
		}
		return fmt.Sprintf("%v %s %v", r.Found, value, r.Keys)
	}
	const get, set, del, add, swap, list = luabind.KVGet, luabind.KVSet, luabind.KVDelete, luabind.KVAdd, luabind.KVSwap, luabind.KVList
	for i, step := range []struct {
		after time.Duration
		req   luabind.KVRequest
		want  string
	}{
		{req: luabind.KVRequest{Op: get, Key: "a"}, want: "false - []"},
		{req: luabind.KVRequest{Op: set, Key: "a", Value: pack("x")}},
		{req: luabind.KVRequest{Op: get, Key: "a"}, want: "true x []"},
		{req: luabind.KVRequest{Op: get, Key: "a", User: "alice"}, want: "false - []"},
		{req: luabind.KVRequest{Op: set, Key: "a", User: "alice", Value: pack("hers")}},
		{req: luabind.KVRequest{Op: get, Key: "a"}, want: "true x []"},
		{req: luabind.KVRequest{Op: get, Key: ""}, want: luabind.StatusBadRequest},

		{req: luabind.KVRequest{Op: add, Key: "n", By: 2}, want: "* 2 []"},
		{req: luabind.KVRequest{Op: add, Key: "n", By: 0.5}, want: "* 2.5 []"},
		{req: luabind.KVRequest{Op: add, Key: "a", By: 1}, want: "not_a_number"},

		{req: luabind.KVRequest{Op: swap, Key: "a", Old: pack("y"), Value: pack("z")}, want: "false - []"},
		{req: luabind.KVRequest{Op: swap, Key: "a", Value: pack("z")}, want: "false - []"},
		{req: luabind.KVRequest{Op: swap, Key: "a", Old: pack("x"), Value: pack("z")}, want: "true z []"},
		{req: luabind.KVRequest{Op: swap, Key: "new", Value: pack("v")}, want: "true v []"},
		{req: luabind.KVRequest{Op: swap, Key: "new", Old: pack("v")}},
		{req: luabind.KVRequest{Op: get, Key: "new"}, want: "false - []"},

		{req: luabind.KVRequest{Op: set, Key: "ab", Value: pack("1")}},
		{req: luabind.KVRequest{Op: set, Key: "b", Value: pack("1")}},
		{req: luabind.KVRequest{Op: list}, want: "false - [a ab b n]"},
		{req: luabind.KVRequest{Op: list, Key: "a"}, want: "false - [a ab]"},
		{req: luabind.KVRequest{Op: list, After: "a", Limit: 2}, want: "false - [ab b]"},
		{req: luabind.KVRequest{Op: list, User: "alice"}, want: "false - [a]"},
		{req: luabind.KVRequest{Op: del, Key: "b"}, want: "true - []"},
		{req: luabind.KVRequest{Op: del, Key: "b"}, want: "false - []"},
		{req: luabind.KVRequest{Op: set, Key: "ab"}, want: "true - []"},
		{req: luabind.KVRequest{Op: list}, want: "false - [a n]"},

		// What expires. Adding leaves the first time, and setting begins anew.
		{req: luabind.KVRequest{Op: add, Key: "hits", By: 1, Lifetime: time.Minute}, want: "* 1 []"},
		{after: 50 * time.Second, req: luabind.KVRequest{Op: add, Key: "hits", By: 1, Lifetime: time.Minute}, want: "* 2 []"},
		{req: luabind.KVRequest{Op: set, Key: "s", Value: pack("1"), Lifetime: time.Minute}},
		{req: luabind.KVRequest{Op: swap, Key: "s", Old: pack("1"), Value: pack("2")}, want: "true 2 []"},
		{after: 11 * time.Second, req: luabind.KVRequest{Op: add, Key: "hits", By: 1, Lifetime: time.Minute}, want: "* 1 []"},
		{req: luabind.KVRequest{Op: get, Key: "s"}, want: "true 2 []"},
		{after: 50 * time.Second, req: luabind.KVRequest{Op: get, Key: "s"}, want: "false - []"},
		{req: luabind.KVRequest{Op: list}, want: "false - [a hits n]"},
		{after: time.Hour, req: luabind.KVRequest{Op: list}, want: "false - [a n]"},
	} {
		if step.after > 0 {
			pass(step.after)
		}
		got := show(k.KV(context.Background(), step.req))
		if want := step.want; want != "" && got != want && (want[0] != '*' || got[len(got)-len(want)+1:] != want[1:]) {
			t.Errorf("step %d, %s %q: got %s, want %s", i, step.req.Op, step.req.Key, got, want)
		}
	}
}
