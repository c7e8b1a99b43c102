package random_test

import (
	"context"
	"testing"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
	"github.com/ilinkd/ilinkd/luabind/modules/random"
)

func TestRandom(t *testing.T) {
	modulestest.Run(t, []modulestest.Case{
		{Name: "int", Script: `local seen = {} for i = 1, 1000 do local n = random.int(-1, 1) assert(n >= -1 and n <= 1 and n % 1 == 0) seen[n] = true end
			print(seen[-1] and seen[0] and seen[1], random.int(5, 5))`, Want: "true\t5"},
		{Name: "float", Script: `for i = 1, 1000 do local f = random.float() assert(f >= 0 and f < 1) end`},
		{Name: "bytes", Script: `print(#random.bytes(10), #random.hex(10), random.hex(8):match("^%x+$") ~= nil, random.bytes(0) == "", random.hex(16) ~= random.hex(16))`,
			Want: "10\t20\ttrue\ttrue\ttrue"},
		{Name: "uuid", Script: `print(random.uuid():match("^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$") ~= nil)`, Want: "true"},
		{Name: "choice", Script: `local seen = 0 for i = 1, 100 do local v, at = random.choice{ "a", "b" } assert(({ "a", "b" })[at] == v) seen = seen + (v == "a" and 1 or 0) end print(seen > 0 and seen < 100)`, Want: "true"},
		{Name: "shuffle", Script: `local l = {} for i = 1, 100 do l[i] = i end local s = random.shuffle(l) local same = true
			for i = 1, 100 do assert(l[i] == i) same = same and s[i] == i end table.sort(s) print(same, #s, s[1], s[100], #random.shuffle{})`, Want: "false\t100\t1\t100\t0"},
		{Name: "wrong way round", Script: `random.int(6, 1)`, Error: "random.int: there is nothing between 6 and 1"},
		{Name: "one integer", Script: `random.int(6)`, Error: "random.int needs two integers, as in random.int(1, 6), got nil"},
		{Name: "no integer", Script: `random.int(1, 0/0)`, Error: "random.int needs two integers"},
		{Name: "too many bytes", Script: `random.bytes(1e9)`, Error: "random.bytes needs a number of bytes from 0 to 1048576, got number"},
		{Name: "empty", Script: `random.choice{}`, Error: "random.choice: the list is empty"},
		{Name: "no list", Script: `random.shuffle("ab")`, Error: "random.shuffle needs a list, got the text"},
	}, random.Module{})
}

// recorder keeps the records that a send comes with.
type recorder struct {
	luabind.Host
	records []luabind.Record
}

func (r *recorder) Send(ctx context.Context, req luabind.SendRequest) (luabind.SendResult, error) {
	if s := luabind.StepOf(ctx); s != nil {
		r.records = s.Pending
	}
	return r.Host.Send(ctx, req)
}

func TestRepeats(t *testing.T) {
	host := &recorder{Host: librarytest.NewHost(t)}
	bot := modulestest.NewBot(t, host, `function on_message(msg)
		print(random.int(1, 1e9), random.uuid(), random.choice{ 1, 2, 3, 4, 5 })
		msg:reply("x")
	end`, random.Module{})
	first, err := bot.Handle(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(host.records) != 1 {
		t.Errorf("%d records, one seed is enough", len(host.records))
	}
	if again, err := bot.Handle(host.records); err != nil || again != first {
		t.Errorf("again: %s, %v; at first %s", again, err, first)
	}
	if other, err := bot.Handle(nil); err != nil || other == first {
		t.Errorf("another: %s, %v", other, err)
	}
}

func TestDefinitions(t *testing.T) { librarytest.Module(t, random.Module{}, nil, "") }
