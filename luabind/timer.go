package luabind

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// TimerEvent is a timer that is due, or a schedule's time.
type TimerEvent struct {
	// Schedule is the schedule's name, "" for a timer that a handler started; ID is
	// then what [Timers.StartTimer] has returned.
	Schedule string
	ID       string
	// Function and Data are from the [TimerRequest].
	Function string
	Data     []byte
	// Due is when it was due.
	Due time.Time
	// Line is where it was started.
	Line string
	// Journal is what the calls of an earlier run for it brought.
	Journal []Record

	// Message or Timer is what the handler that started it was called with, with all
	// that the calls of that handler have brought. It is looked at where the function
	// has no name.
	Message *Event
	Timer   *TimerEvent
}

// timerBinding is what a VM knows of timers. The VM's lock guards it.
type timerBinding struct {
	schedules []Schedule
	functions map[string]*lua.LFunction // of the schedules, by name
	// names are the functions that there are once the file is loaded, and named the
	// same the other way round.
	names map[*lua.LFunction]string
	named map[string]*lua.LFunction
	// live are the functions of timers that handlers have started in this VM. Where
	// one is missing, the handler is run again to make it.
	live  map[string]*lua.LFunction
	class *lua.LTable
}

// maxLive is how many functions of timers are kept, for each may hold a message and
// more.
const maxLive = 1000

func newTimerBinding(vm *VM) timerBinding {
	class := vm.main.NewTable()
	class.RawSetString("__index", vm.functions(map[string]lua.LGFunction{"cancel": vm.timerCancel}))
	class.RawSetString("__metatable", lua.LString("timer"))
	return timerBinding{
		functions: map[string]*lua.LFunction{}, live: map[string]*lua.LFunction{},
		names: map[*lua.LFunction]string{}, named: map[string]*lua.LFunction{}, class: class,
	}
}

func (vm *VM) ilinkAfter(L *lua.LState) int {
	const function = "ilink.after"
	var d time.Duration
	switch v := L.Get(1).(type) {
	case lua.LNumber:
		d = seconds(L, function, v)
	case lua.LString:
		span, ok := ReadSpan(string(v))
		if !ok {
			raiseMistake(L, `ilink.after: %s is no span: write it as "10m", "2h" or as seconds`, quote(clipText(string(v), 40)))
		}
		d = seconds(L, function, lua.LNumber(span))
	default:
		raiseMistake(L, `ilink.after needs a span, as in 600 (seconds) or "10m", got %s`, describe(v))
	}
	f := functionArgument(L, 2, function)
	data := timerData(L, Options(L, 3, function, "data"), function)
	vm.handling(L, function)
	return vm.startTimer(L, function, f, data, func() time.Time { return vm.Now().Add(d) })
}

func (vm *VM) ilinkAt(L *lua.LState) int {
	const function = "ilink.at"
	if b := budgetOf(L); b != nil && b.run.loading {
		options := Options(L, 3, function, "name", "zone", "missed")
		return vm.addSchedule(L, function, Schedule{At: pointInTime(L, zoneOption(L, options, function), vm.Now(), false)})
	}
	f := functionArgument(L, 2, function)
	options := Options(L, 3, function, "zone", "data")
	at := pointInTime(L, zoneOption(L, options, function), vm.Now(), true)
	return vm.startTimer(L, function, f, timerData(L, options, function), func() time.Time { return at })
}

// maxTimerData is how much a timer may be given: it is kept with it.
const maxTimerData = 8 << 10

// timerData packs the option data, nil if there is none.
func timerData(L *lua.LState, options *lua.LTable, function string) []byte {
	v := options.RawGetString("data")
	if v == lua.LNil {
		return nil
	}
	data, err := Pack(v, maxTimerData)
	var np *NotPlainError
	if errors.As(err, &np) {
		raiseMistake(L, "%s: %s", function, np.About("data"))
	} else if err != nil {
		raiseMistake(L, "%s: data: %v", function, err)
	}
	return data
}

// startTimer starts a timer and returns its handle. The function can't be kept: either
// it has a name, or the handler that made it is run again to have it once more.
func (vm *VM) startTimer(L *lua.LState, function string, f *lua.LFunction, data []byte, at func() time.Time) int {
	b := budgetOf(L)
	name := vm.timers.names[f]
	if name == "" && (b == nil || b.run.journal == nil) {
		raiseMistake(L, "%s: here it takes a function that the file defines at its top level, as in function remind() … end and %s(…, remind): "+
			"another one couldn't be made again after a restart", function, function)
	}
	if name == "" {
		vm.complete(L, function)
	}
	req := TimerRequest{Line: strings.TrimSuffix(positionAt(L, 0), ":"), Function: name, Data: data}
	call := Call{Name: function, Args: []any{L.Get(1).String()}, Effect: true}
	id, err := Do(vm, L, call, func(ctx context.Context) (string, error) {
		req.At = at()
		return vm.host.StartTimer(ctx, req)
	})
	if err != nil {
		return vm.fail(L, err)
	}
	switch {
	case name != "":
	case b.run.wanted == id:
		b.run.captured = f
	case b.run.wanted == "" && len(vm.timers.live) < maxLive:
		vm.timers.live[id] = f
	}
	L.Push(vm.newTimer(L, id))
	return 1
}

// ilinkTimer returns the handle of a timer by its id.
func (vm *VM) ilinkTimer(L *lua.LState) int {
	id, ok := L.Get(1).(lua.LString)
	if !ok || id == "" {
		raiseMistake(L, "ilink.timer needs the id of a timer, got %s", describe(L.Get(1)))
	}
	L.Push(vm.newTimer(L, string(id)))
	return 1
}

func (vm *VM) newTimer(L *lua.LState, id string) *lua.LTable {
	t := L.CreateTable(0, 1)
	t.RawSetString("id", lua.LString(id))
	t.Metatable = vm.timers.class
	return t
}

func (vm *VM) timerCancel(L *lua.LState) int {
	t, ok := L.Get(1).(*lua.LTable)
	if !ok || t.Metatable != vm.timers.class {
		raiseMistake(L, "cancel was called on %s instead of a timer: write timer:cancel(), with a colon", describe(L.Get(1)))
	}
	id := t.RawGetString("id").String()
	vm.handling(L, "timer:cancel")
	call := Call{Name: "timer:cancel", Args: []any{id}, Effect: true}
	stopped, err := Do(vm, L, call, func(ctx context.Context) (bool, error) { return vm.host.StopTimer(ctx, id) })
	if err != nil {
		return vm.fail(L, err)
	}
	delete(vm.timers.live, id)
	L.Push(lua.LBool(stopped))
	return 1
}

// OnTimer calls the function of a timer or of a schedule, as [Sandbox.OnMessage]
// calls on_message.
func (s *Sandbox) OnTimer(ctx context.Context, ev *TimerEvent) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	f, err := s.timerFunction(ctx, ev)
	if err != nil {
		return err
	}
	return s.callTimer(ctx, ev, f, &journaled{before: ev.Journal}, func(*run) {})
}

// callTimer calls a timer's function; prepare is called with the run before.
func (s *Sandbox) callTimer(ctx context.Context, ev *TimerEvent, f *lua.LFunction, j *journaled, prepare func(*run)) error {
	r, err := s.begin(ctx, nil)
	if err != nil {
		return err
	}
	defer s.end(r)
	r.lock()
	defer s.vm.mu.Unlock()
	r.journal, r.slotted = j, true
	prepare(r)
	args := []lua.LValue{lua.LNumber(float64(ev.Due.UnixMilli()) / 1000)}
	if ev.Data != nil {
		data, err := Unpack(s.vm.main, ev.Data)
		if err != nil {
			return fmt.Errorf("read a timer's data: %w", err)
		}
		args = append(args, data)
	}
	_, err = s.vm.call(r, "the timer", f, args...)
	return err
}

// timerFunction finds a timer's function, or has the handler that started it make it
// again.
func (s *Sandbox) timerFunction(ctx context.Context, ev *TimerEvent) (*lua.LFunction, error) {
	if f := s.knownFunction(ev); f != nil {
		return f, nil
	}
	var captured *run
	want := func(r *run) { r.wanted, captured = ev.ID, r }
	var err error
	switch {
	case ev.Schedule != "":
		return nil, s.timerGone(ev, fmt.Sprintf("the script has no schedule %s any more", quote(ev.Schedule)))
	case ev.Function != "":
		return nil, s.timerGone(ev, fmt.Sprintf("the script has no function %s any more", ev.Function))
	case ev.Message != nil:
		_, err = s.callGlobalWith(ctx, messageHook, ev.Message, nil, func(r *run) {
			r.journal = &journaled{before: ev.Message.Journal, only: true}
			want(r)
		})
	case ev.Timer != nil:
		var f *lua.LFunction
		if f, err = s.timerFunction(ctx, ev.Timer); err != nil {
			return nil, err
		}
		err = s.callTimer(ctx, ev.Timer, f, &journaled{before: ev.Timer.Journal, only: true}, want)
	default:
		return nil, s.timerGone(ev, "the handler that started it isn't known any more")
	}
	if captured != nil && captured.captured != nil {
		return captured.captured, nil
	}
	var se *ScriptError
	if err != nil && !(errors.As(err, &se) && (se.Kind == KindChanged || se.Kind == KindRuntime)) {
		return nil, err // such as the end of ctx
	}
	why := "the handler that started it doesn't do so any more"
	if err != nil {
		why += ": " + err.Error()
	}
	return nil, s.timerGone(ev, why)
}

// knownFunction returns a timer's function if it has a name, or was made in this VM.
func (s *Sandbox) knownFunction(ev *TimerEvent) *lua.LFunction {
	s.vm.mu.Lock()
	defer s.vm.mu.Unlock()
	b := &s.vm.timers
	switch {
	case ev.Schedule != "":
		return b.functions[ev.Schedule]
	case ev.Function != "":
		return b.named[ev.Function]
	}
	f := b.live[ev.ID]
	// A second try begins with what the handler left, as the first did.
	delete(b.live, ev.ID)
	return f
}

// timerGone is the error of a timer whose function there isn't: the script was changed.
func (s *Sandbox) timerGone(ev *TimerEvent, why string) *ScriptError {
	what := "the timer"
	if ev.Line != "" {
		what += " that was started at " + ev.Line
	}
	e := s.vm.errorAt(KindRuntime, s.vm.sources.display, 0, what+" can't be run: "+why)
	e.certain = true
	return e
}

// nameFunctions notes the functions that there are once the file is loaded and that
// handlers get at: global ones, those in global tables, and local ones that other
// functions use. They have the names that they have in the script; of two of the
// same name the second has none.
func (vm *VM) nameFunctions() {
	const most = 5000
	b := &vm.timers
	var queue []*lua.LFunction
	add := func(name string, v lua.LValue) {
		f, ok := v.(*lua.LFunction)
		if !ok || f.IsG || len(queue) >= most {
			return
		}
		if _, seen := b.names[f]; seen {
			return
		}
		queue = append(queue, f)
		if name == "" || b.named[name] != nil {
			b.names[f] = ""
			return
		}
		b.names[f], b.named[name] = name, f
	}
	look := func(name string, v lua.LValue) {
		add(name, v)
		if t, ok := v.(*lua.LTable); ok && t != vm.main.G.Global && name != "" {
			for k, field := t.Next(lua.LNil); k != lua.LNil; k, field = t.Next(k) {
				if key, ok := k.(lua.LString); ok {
					add(name+"."+string(key), field)
				}
			}
		}
	}
	globals := vm.main.G.Global
	for k, v := globals.Next(lua.LNil); k != lua.LNil; k, v = globals.Next(k) {
		if name, ok := k.(lua.LString); ok && vm.builtin[string(name)] == nil {
			look(string(name), v)
		}
	}
	for _, s := range b.schedules {
		add("", b.functions[s.Name])
	}
	for _, f := range vm.routes.middleware {
		add("", f)
	}
	for _, r := range append(slices.Clone(vm.routes.commands), vm.routes.hears...) {
		add("", r.handler)
	}
	for i := 0; i < len(queue); i++ {
		f := queue[i]
		for n, up := range f.Upvalues {
			if up != nil && n < len(f.Proto.DbgUpvalues) {
				look(f.Proto.DbgUpvalues[n], up.Value())
			}
		}
	}
}
