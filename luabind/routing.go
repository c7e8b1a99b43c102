package luabind

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind/internal/lstring"
)

// routes say which function of the script's a message goes to.
type routes struct {
	middleware []*lua.LFunction
	commands   []route
	hears      []route
}

// route is one entry: a command's name, or patterns or a kind of message.
type route struct {
	name     string
	help     string
	patterns []lua.LString
	kind     lua.LString
	handler  *lua.LFunction
}

// helpCommand is made up of the others if the script has none of its own.
const helpCommand = "/help"

func (r *routes) empty() bool {
	return len(r.middleware)+len(r.commands)+len(r.hears) == 0
}

func (r *routes) command(name string) (route, bool) {
	for _, c := range r.commands {
		if c.name == name {
			return c, true
		}
	}
	return route{}, false
}

// whileLoading raises an error in a handler: what is said there would be forgotten
// with the next version of the script.
func (vm *VM) whileLoading(L *lua.LState, function string) {
	if b := budgetOf(L); b == nil || !b.run.loading {
		raiseMistake(L, "%s works while the file is loaded only: call it at the top of the file, not in a function", function)
	}
}

func handlerArgument(L *lua.LState, n int, function, example string) *lua.LFunction {
	f, ok := L.Get(n).(*lua.LFunction)
	if !ok {
		raiseMistake(L, "%s needs a function there, as in %s, got %s", function, example, describe(L.Get(n)))
	}
	return f
}

// ilinkCommand has a function called for messages that begin with a word.
func (vm *VM) ilinkCommand(L *lua.LState) int {
	const function = "ilink.command"
	vm.whileLoading(L, function)
	name, ok := L.Get(1).(lua.LString)
	if !ok || name == "" || strings.ContainsFunc(string(name), unicode.IsSpace) {
		raiseMistake(L, `%s needs the command's name first, a word such as "/weather", got %s`, function, describe(L.Get(1)))
	}
	c := route{name: commandName(string(name))}
	c.handler = handlerArgument(L, 2, function, `ilink.command("/hello", function(msg, args) … end)`)
	switch v := L.Get(3).(type) {
	case *lua.LNilType:
	case lua.LString:
		c.help = string(v)
	default:
		raiseMistake(L, "%s takes the help text third, got %s", function, describe(v))
	}
	if _, twice := vm.routes.command(c.name); twice {
		raiseMistake(L, "%s: there is a command %s already", function, c.name)
	}
	vm.routes.commands = append(vm.routes.commands, c)
	return 0
}

// ilinkHears has a function called for messages that match.
func (vm *VM) ilinkHears(L *lua.LState) int {
	const function = "ilink.hears"
	const needs = `needs a pattern first, such as "^hello", a list of them, or a kind as in { kind = "image" }`
	vm.whileLoading(L, function)
	var r route
	switch v := L.Get(1).(type) {
	case lua.LString:
		r.patterns = []lua.LString{v}
	case *lua.LTable:
		for i := 1; i <= v.Len(); i++ {
			p, ok := v.RawGetInt(i).(lua.LString)
			if !ok {
				raiseMistake(L, "%s: pattern %d is %s", function, i, describe(v.RawGetInt(i)))
			}
			r.patterns = append(r.patterns, p)
		}
		v.ForEach(func(k, value lua.LValue) {
			if k.Type() == lua.LTNumber {
				return
			}
			kind, ok := value.(lua.LString)
			if k != lua.LString("kind") || !ok {
				raiseMistake(L, `%s doesn't know %s = %s; it %s`, function, clipText(inspect(nil, k), 40), describe(value), needs)
			}
			r.kind = kind
		})
	}
	if len(r.patterns) == 0 && r.kind == "" {
		raiseMistake(L, "%s %s, got %s", function, needs, describe(L.Get(1)))
	}
	for _, p := range r.patterns {
		if err := lstring.Compile(string(p), true).Err(); err != nil {
			raiseMistake(L, "%s: the pattern %s: %v", function, quote(clipText(string(p), 40)), err)
		}
	}
	r.handler = handlerArgument(L, 2, function, `ilink.hears("^hello", function(msg) … end)`)
	vm.routes.hears = append(vm.routes.hears, r)
	return 0
}

// ilinkUse puts a function before all others.
func (vm *VM) ilinkUse(L *lua.LState) int {
	const function = "ilink.use"
	vm.whileLoading(L, function)
	f := handlerArgument(L, 1, function, "ilink.use(function(msg, next) … next() end)")
	vm.routes.middleware = append(vm.routes.middleware, f)
	return 0
}

// dispatch is what is called for a message: it hands it on to the middleware.
func (vm *VM) dispatch(L *lua.LState) int {
	msg, ok := L.Get(1).(*lua.LTable)
	if !ok {
		return 0
	}
	vm.through(L, msg, 0)
	return 0
}

// through calls the middleware from the nth on, and then what the message is for.
func (vm *VM) through(L *lua.LState, msg *lua.LTable, n int) {
	if n == len(vm.routes.middleware) {
		vm.route(L, msg)
		return
	}
	called := false
	next := L.NewFunction(func(L *lua.LState) int {
		if called {
			raiseMistake(L, "next was called twice: each call handles the message")
		}
		called = true
		vm.through(L, msg, n+1)
		return 0
	})
	CallFunction(L, vm.routes.middleware[n], msg, next)
}

// route calls the first that the message is for: a command, what hears it, and
// else on_message.
func (vm *VM) route(L *lua.LState, msg *lua.LTable) {
	text, _ := msg.RawGetString("text").(lua.LString)
	word, rest := splitCommand(visible(string(text)))
	name := commandName(word)
	c, ok := vm.routes.command(name)
	if !ok {
		if c, ok = vm.routes.stuck(name); ok {
			rest = strings.TrimSpace(string([]rune(word)[len([]rune(c.name)):]) + " " + rest)
		}
	}
	if ok {
		CallFunction(L, c.handler, msg, commandArguments(L, rest))
		return
	}
	if help := vm.routes.help(); name == helpCommand && help != "" {
		L.Push(lua.LString(help))
		in := vm.inboundOf(msg)
		if in != nil {
			L.Pop(vm.send(L, "reply", in.From, in.Message, L.GetTop()))
		}
		L.Pop(1)
		return
	}
	for _, r := range vm.routes.hears {
		if args, ok := vm.matches(L, r, msg, text); ok {
			CallFunction(L, r.handler, append([]lua.LValue{msg}, args...)...)
			return
		}
	}
	if f, ok := vm.main.G.Global.RawGetString(messageHook.name).(*lua.LFunction); ok {
		CallFunction(L, f, msg)
	}
}

// matches reports whether a message is one that is to be heard, with the captures of
// the pattern.
func (vm *VM) matches(L *lua.LState, r route, msg *lua.LTable, text lua.LString) (captures []lua.LValue, ok bool) {
	if r.kind != "" && msg.RawGetString("kind") != r.kind {
		return nil, false
	}
	if len(r.patterns) == 0 {
		return nil, true
	}
	for _, p := range r.patterns {
		captures = callAll(L, vm.matcher, text, p)
		if captures[0] != lua.LNil {
			return captures, true
		}
	}
	return nil, false
}

// help lists the commands that have a help text.
func (r *routes) help() string {
	var lines []string
	for _, c := range r.commands {
		if c.help != "" {
			lines = append(lines, c.name+"  "+c.help)
		}
	}
	return strings.Join(lines, "\n")
}

// commandName makes one name of those that are typed: in any case, with the slash of
// a Chinese keyboard.
func commandName(word string) string {
	return strings.ToLower(halfWidth(word))
}

// stuck finds the command with which a word begins, as in /天气北京: Chinese is written
// without spaces. Only commands that begin with a sign are meant so, or any text could
// be one.
func (r *routes) stuck(word string) (found route, ok bool) {
	for _, c := range r.commands {
		rest, begins := strings.CutPrefix(word, c.name)
		next, _ := utf8.DecodeRuneInString(rest)
		first, _ := utf8.DecodeRuneInString(c.name)
		if begins && unicode.Is(unicode.Han, next) && !unicode.IsLetter(first) && len(c.name) > len(found.name) {
			found, ok = c, true
		}
	}
	return found, ok
}

// splitCommand returns a text's first word and the rest.
func splitCommand(text string) (word, rest string) {
	text = strings.TrimSpace(text)
	i := strings.IndexFunc(text, unicode.IsSpace)
	if i < 0 {
		return text, ""
	}
	return text[:i], strings.TrimSpace(text[i:])
}

// closing are the quotation marks that hold words together.
var closing = map[rune]rune{'"': '"', '\'': '\'', '“': '”', '「': '」'}

// commandWords splits what follows a command: at spaces, but not within quotation
// marks. A mark within a word, as in it's, is part of it; one that isn't closed too.
func commandWords(s string) []string {
	var words []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		word, rest, quoted := quotedWord(s)
		if !quoted {
			word, rest = splitCommand(s)
		}
		words, s = append(words, word), rest
	}
	return words
}

func quotedWord(s string) (word, rest string, ok bool) {
	for open, end := range closing {
		if inside, found := strings.CutPrefix(s, string(open)); found {
			return strings.Cut(inside, string(end))
		}
	}
	return "", "", false
}

// commandArguments makes the table of a command's words, with all of it as text.
func commandArguments(L *lua.LState, rest string) *lua.LTable {
	words := commandWords(rest)
	t := L.CreateTable(len(words), 1)
	for _, w := range words {
		t.Append(lua.LString(w))
	}
	t.RawSetString("text", lua.LString(rest))
	return t
}

// handlesMessages reports whether the script does something with messages or at
// times, else what is missing.
func (vm *VM) handlesMessages() error {
	if !vm.routes.empty() || len(vm.timers.schedules) > 0 || vm.main.G.Global.RawGetString(messageHook.name) != lua.LNil {
		return nil
	}
	instead := ""
	vm.main.G.Global.ForEach(func(k, v lua.LValue) {
		plain := strings.ToLower(strings.ReplaceAll(k.String(), "_", ""))
		if v.Type() == lua.LTFunction && nearest(plain, []string{"onmessage"}) != "" {
			instead = "; is " + k.String() + " meant to be it?"
		}
	})
	return vm.errorAt(KindLoad, vm.sources.display, 0,
		fmt.Sprintf("the script defines no %s: add function %s(%s) … end%s", messageHook.name, messageHook.name, messageHook.params, instead))
}
