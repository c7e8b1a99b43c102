package spec

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules"
	"github.com/ilinkd/ilinkd/runtime/spec/world"
)

// file is a spec file in its VM. While a function of it runs, the VM's lock guards
// the fields; functions of it run one at a time.
type file struct {
	name string
	opts Options
	vm   *luabind.VM
	// sandbox has the VM, once the file is loaded.
	sandbox *luabind.Sandbox

	root    *group
	handles []*botHandle // what load_bot has returned
	group   *group       // the one that is being described, nil once the file is loaded
	cases   []*specCase
	// now is the case that runs, nil if none does.
	now *running
}

// group is a describe.
type group struct {
	parent        *group
	text          string
	before, after []*lua.LFunction
}

// specCase is an it.
type specCase struct {
	group *group
	text  string
	line  int
	f     *lua.LFunction // nil for one that is pending
}

// running is a case that runs, and what is its own.
type running struct {
	world  *world.World
	bots   map[*botHandle]*world.Bot
	loaded []*world.Bot // in order

	mu       sync.Mutex
	output   []string
	stubs    []stub
	requests []httpRequest
	problems []string // that bots had with the spec
	failures []error  // of functions of the spec that bots called
}

// limits are what a spec may use up: more than a bot, as it plays many users, but
// an endless loop must end.
var limits = luabind.Limits{
	Instructions: 1_000_000_000, CPU: 20 * time.Second, Wall: 5 * time.Minute, LoadWall: 20 * time.Second,
}

// runFile loads and runs a file.
func runFile(ctx context.Context, name string, opts Options) (result File) {
	began := time.Now()
	result.Name = name
	defer func() { result.Took = time.Since(began) }()
	f := &file{name: name, opts: opts, root: &group{}}
	f.group = f.root
	sandbox, err := luabind.Load(ctx, luabind.Config{
		Name: "spec", Script: name, Host: printer{f: f}, NoBot: true, Limits: limits, Modules: f.modules(),
	})
	if err == nil && len(f.cases) == 0 {
		sandbox.Close(context.Background())
		err = &luabind.ScriptError{File: name, Message: `the file has no cases: they are written as it("does this", function() … end)`}
	}
	if err != nil {
		failure := failureOf(err)
		result.Failure = &failure
		return result
	}
	defer sandbox.Close(context.Background())
	f.group, f.sandbox = nil, sandbox
	for _, c := range f.cases {
		r := Case{Groups: c.group.path(), Text: c.text, Line: c.line, Pending: c.f == nil}
		if f.opts.Match != nil && !f.opts.Match.MatchString(r.Name()) {
			continue
		}
		if c.f != nil && ctx.Err() == nil {
			f.runCase(ctx, c, &r)
		}
		result.Cases = append(result.Cases, r)
	}
	return result
}

// path are the texts of a group and those around it, the outermost first.
func (g *group) path() []string {
	var texts []string
	for ; g.parent != nil; g = g.parent {
		texts = append(texts, g.text)
	}
	slices.Reverse(texts)
	return texts
}

// runCase runs a case with what goes before and after it, in a world of its own.
func (f *file) runCase(ctx context.Context, c *specCase, r *Case) {
	began := time.Now()
	f.now = &running{world: world.New(), bots: map[*botHandle]*world.Bot{}}
	var around []*group
	for g := c.group; g != nil; g = g.parent {
		around = append(around, g)
	}
	var failures []error
	run := func(what string, fn *lua.LFunction) bool {
		err := f.sandbox.Run(ctx, what, func(L *lua.LState) { luabind.CallFunction(L, fn) })
		if err != nil {
			failures = append(failures, err)
		}
		return err == nil
	}
	ok := true
	for _, g := range slices.Backward(around) {
		for _, fn := range g.before {
			ok = ok && run("before_each", fn)
		}
	}
	if ok {
		run("the case", c.f)
	}
	for _, g := range around {
		for _, fn := range g.after {
			run("after_each", fn)
		}
	}
	for _, err := range append(failures, f.now.failures...) {
		r.Failures = append(r.Failures, failureOf(err))
	}
	for _, problem := range f.now.problems {
		r.Failures = append(r.Failures, Failure{File: f.name, Line: c.line, Message: problem})
	}
	for _, b := range f.now.loaded {
		for _, err := range b.TakeErrors() {
			failure := failureOf(err)
			failure.Message = "the bot failed: " + failure.Message
			r.Failures = append(r.Failures, failure)
		}
		r.Talk = append(r.Talk, b.Talk()...)
		for _, e := range b.Log() {
			r.Log = append(r.Log, fmt.Sprintf("%s %-5s %s", e.At.Format(time.TimeOnly), e.Level, e.Text))
		}
	}
	if err := f.now.world.Close(); err != nil {
		r.Failures = append(r.Failures, failureOf(err))
	}
	r.Output = f.now.output
	f.now = nil
	r.Took = time.Since(began)
}

// failureOf makes a failure of an error.
func failureOf(err error) Failure {
	var se *luabind.ScriptError
	if !errors.As(err, &se) {
		return Failure{Message: err.Error()}
	}
	failure := Failure{File: se.File, Line: se.Line, Message: se.Message, Excerpt: se.Excerpt}
	if strings.Contains(se.Traceback, "\n") { // else it says what the position says
		failure.Trace = se.Traceback
	}
	return failure
}

// modules are what a spec sees.
func (f *file) modules() []luabind.Module {
	list := []luabind.Module{
		f.function("describe", f.describe), f.function("it", f.it),
		f.function("before_each", f.around("before_each", func(g *group) *[]*lua.LFunction { return &g.before })),
		f.function("after_each", f.around("after_each", func(g *group) *[]*lua.LFunction { return &g.after })),
		f.function("expect", f.expect), f.function("load_bot", f.loadBot),
		global{"clock", f.clock}, global{"http", f.httpModule}, global{"llm", f.llmModule},
	}
	for _, m := range modules.Standard(modules.Options{}) {
		if slices.Contains(pure, m.Name()) {
			list = append(list, m)
		}
	}
	return append(list, f.opts.probes...)
}

// pure are the bots' modules that a spec has too: those that need no host.
var pure = []string{"json", "re", "base64", "hex", "hash", "url", "text", "time", "log"}

// global is a global of a spec's.
type global struct {
	name string
	open func(vm *luabind.VM) lua.LValue
}

// Name returns its name.
func (g global) Name() string { return g.name }

// Open makes its value.
func (g global) Open(vm *luabind.VM) (lua.LValue, error) { return g.open(vm), nil }

// function is a global that is a function.
func (f *file) function(name string, fn lua.LGFunction) global {
	return global{name, func(vm *luabind.VM) lua.LValue {
		f.vm = vm
		return vm.State().NewFunction(fn)
	}}
}

// printer is a spec's host, of which it can reach what prints only.
type printer struct {
	luabind.Host
	f *file
}

// Log keeps what is printed in a case.
func (p printer) Log(_ context.Context, _ slog.Level, text string) {
	if now := p.f.now; now != nil {
		now.mu.Lock()
		defer now.mu.Unlock()
		now.output = append(now.output, text)
	}
}

// describing returns the group that is described, or raises an error.
func (f *file) describing(L *lua.LState, function string) *group {
	if f.group == nil {
		luabind.Mistake(L, "%s belongs into the file or a describe, not into a case", function)
	}
	return f.group
}

// describe names a group of cases.
func (f *file) describe(L *lua.LState) int {
	text := luabind.Text(L, 1, "describe", "what is described, as a text")
	outer := f.describing(L, "describe")
	f.group = &group{parent: outer, text: text}
	luabind.CallFunction(L, functionArg(L, 2, "describe"))
	f.group = outer
	return 0
}

// it names a case.
func (f *file) it(L *lua.LState) int {
	c := &specCase{group: f.describing(L, "it"), text: luabind.Text(L, 1, "it", "what the bot does, as a text"), line: line(L)}
	if L.Get(2) != lua.LNil {
		c.f = functionArg(L, 2, "it")
	}
	f.cases = append(f.cases, c)
	return 0
}

// around makes before_each and after_each.
func (f *file) around(name string, list func(*group) *[]*lua.LFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		l := list(f.describing(L, name))
		*l = append(*l, functionArg(L, 1, name))
		return 0
	}
}

// functionArg returns the function that is argument n.
func functionArg(L *lua.LState, n int, name string) *lua.LFunction {
	fn, ok := L.Get(n).(*lua.LFunction)
	if !ok {
		luabind.Mistake(L, "%s needs a function there, got %s", name, luabind.Describe(L.Get(n)))
	}
	return fn
}

// line is where the script calls.
func line(L *lua.LState) int {
	at, ok := L.GetStack(1)
	if !ok {
		return 0
	}
	if _, err := L.GetInfo("l", at, lua.LNil); err != nil {
		return 0
	}
	return at.CurrentLine
}

// running returns the case that runs, or raises an error.
func (f *file) running(L *lua.LState, function string) *running {
	if f.now == nil {
		luabind.Mistake(L, "%s works in a case only: put it into it, before_each or after_each", function)
	}
	return f.now
}

// path is where a file lies that the spec names.
func (f *file) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(f.name), filepath.FromSlash(name))
}
