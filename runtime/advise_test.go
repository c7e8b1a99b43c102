package runtime_test

import "testing"

// TestFindingsAreLogged: what the checker finds is told after the load, which it
// doesn't hold up.
func TestFindingsAreLogged(t *testing.T) {
	w := newWorld(t, answering("one"), nil)
	w.write("echo.lua", "function on_message(msg)\n  if msg.txt == 'x' then msg:replly('y') end\n  msg:reply('two')\nend\n")
	if r := w.reloaded(); r.Err != nil || r.Generation != 2 {
		t.Fatalf("%+v", r)
	}
	if got := w.ask("hi"); got != "two" {
		t.Fatal(got)
	}
	w.write("echo.lua", answering("three"))
	if r := w.reloaded(); r.Err != nil || r.Generation != 3 {
		t.Fatalf("%+v", r)
	}
	contains(t, w.log.String(), "echo.lua:2:10", "has no txt; did you mean text?", "echo.lua:2:30", "has no replly; did you mean reply?")
}
