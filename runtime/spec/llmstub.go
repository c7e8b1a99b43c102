package spec

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// modelAnswer is what a language model answers once.
type modelAnswer struct {
	says  string
	calls []modelCall
}

// modelCall is a tool that it calls.
type modelCall struct{ name, arguments string }

// completions is where services with the API of OpenAI are asked.
var completions = regexp.MustCompile(`/chat/completions$`)

// llmModule makes the table llm of a spec.
func (f *file) llmModule(vm *luabind.VM) lua.LValue {
	return vm.Table("llm", map[string]lua.LGFunction{"stub": func(L *lua.LState) int {
		now := f.running(L, "llm.stub")
		var answers []modelAnswer
		for i := 1; i <= max(1, L.GetTop()); i++ {
			answers = append(answers, readModelAnswer(L, i))
		}
		next := 0
		respond := L.NewFunction(func(L *lua.LState) int {
			events := L.NewTable()
			for _, e := range answers[min(next, len(answers)-1)].events() {
				events.Append(lua.LString(e))
			}
			next++
			response := L.NewTable()
			response.RawSetString("events", events)
			L.Push(response)
			return 1
		})
		now.mu.Lock()
		defer now.mu.Unlock()
		now.stubs = append(now.stubs, stub{method: "POST", url: completions, answer: respond})
		return 0
	}}, nil)
}

// readModelAnswer reads an argument of llm.stub.
func readModelAnswer(L *lua.LState, n int) (a modelAnswer) {
	const example = `llm.stub("Hello!") or llm.stub({ calls = { menu = {} } }, "There is soup.")`
	switch v := L.Get(n).(type) {
	case lua.LString:
		return modelAnswer{says: string(v)}
	case *lua.LTable:
	default:
		luabind.Mistake(L, "llm.stub needs what the model answers, texts or tables, as in %s, got %s", example, luabind.Describe(v))
	}
	t := luabind.Options(L, n, "llm.stub", "says", "calls")
	a.says = textOption(L, t, "llm.stub", "says")
	switch calls := t.RawGetString("calls").(type) {
	case *lua.LNilType:
	case *lua.LTable:
		calls.ForEach(func(name, arguments lua.LValue) {
			table, ok := arguments.(*lua.LTable)
			if _, named := name.(lua.LString); !named || !ok {
				luabind.Mistake(L, `llm.stub: calls has the arguments of each tool by its name, as in { calls = { weather = { city = "Paris" } } }`)
			}
			call := modelCall{name.String(), "{}"}
			if k, _ := table.Next(lua.LNil); k != lua.LNil { // an empty table would be a list
				call.arguments = textOrJSON(L, table)
			}
			a.calls = append(a.calls, call)
		})
	default:
		luabind.Mistake(L, "llm.stub: calls is a table of tools and their arguments, got %s", luabind.Describe(calls))
	}
	if a.says == "" && len(a.calls) == 0 {
		luabind.Mistake(L, "llm.stub: answer %d has neither says nor calls, as in %s", n, example)
	}
	slices.SortFunc(a.calls, func(a, b modelCall) int { return strings.Compare(a.name, b.name) }) // each time the same
	return a
}

// events is the answer as a service streams it: word by word.
func (a *modelAnswer) events() (events []string) {
	piece := func(finish string, delta map[string]any) {
		choice := map[string]any{"index": 0, "delta": delta}
		if finish != "" {
			choice["finish_reason"] = finish
		}
		// Texts, numbers, and tables of them can be written.
		data, _ := json.Marshal(map[string]any{"choices": []any{choice}})
		events = append(events, string(data))
	}
	if a.says != "" {
		for _, word := range strings.SplitAfter(a.says, " ") {
			piece("", map[string]any{"content": word})
		}
	}
	for i, c := range a.calls {
		piece("", map[string]any{"tool_calls": []any{map[string]any{
			"index": i, "id": fmt.Sprintf("call-%d", i+1), "type": "function",
			"function": map[string]any{"name": c.name, "arguments": c.arguments},
		}}})
	}
	finish := "stop"
	if len(a.calls) > 0 {
		finish = "tool_calls"
	}
	piece(finish, map[string]any{})
	return append(events, "[DONE]")
}
