package luabind

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Kinds of a [ScriptError].
const (
	KindSyntax  = "syntax"  // the source is no Lua
	KindRuntime = "runtime" // the script raised an error
	KindLimit   = "limit"   // the script hit a limit, named in Limit
	KindKilled  = "killed"  // the host stopped the script
	KindChanged = "changed" // a handler that is run again does something else
	KindLoad    = "load"    // a file is missing, too large, or defines no on_message
)

// Limits that a [ScriptError] may name.
const (
	LimitInstructions = "instructions"
	LimitWall         = "wall time"
	LimitCPU          = "cpu time"
	LimitMemory       = "memory"
	LimitSends        = "sends"
)

// ScriptError is a fault of a script's.
type ScriptError struct {
	// Kind is one of the Kind constants.
	Kind string
	// Bot is the bot's name.
	Bot string
	// File is the source file as the user named it, such as "scripts/echo.lua",
	// and Line the line, 0 if it isn't known.
	File string
	Line int
	// Message says what is wrong, without the position.
	Message string
	// Excerpt is the source around the line, numbered, with a mark at the line.
	Excerpt string
	// Traceback is how the script got there, one call a line, the innermost
	// first.
	Traceback string
	// Limit says which limit was hit, where Kind is KindLimit.
	Limit string
	// Used is how much of it was used, such as "503ms" or "65 MiB".
	Used string
	// NotBegun says that the handler was not begun: the script held too much already,
	// through no fault of the handler's.
	NotBegun bool

	cause   error
	certain bool
}

// Error returns position and message, in one line.
func (e *ScriptError) Error() string {
	switch {
	case e.File == "":
		return oneLine(e.Message)
	case e.Line == 0:
		return e.File + ": " + oneLine(e.Message)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, oneLine(e.Message))
}

// Detail returns the error, the code around it and the traceback, in lines, for
// a log or a terminal.
func (e *ScriptError) Detail() string {
	var b strings.Builder
	b.WriteString(e.Error())
	if e.Used != "" {
		b.WriteString(" (it used " + e.Used + ")")
	}
	if e.Excerpt != "" {
		b.WriteString("\n\n" + indent(e.Excerpt, "  "))
	}
	if e.Traceback != "" {
		b.WriteString("\n\ncalled from:\n" + indent(e.Traceback, "  "))
	}
	return b.String()
}

// Unwrap returns the context's error, where that was what ended the script, and
// [ErrInterrupted], where the script failed after it was interrupted.
func (e *ScriptError) Unwrap() error { return e.cause }

func indent(s, by string) string {
	return by + strings.ReplaceAll(s, "\n", "\n"+by)
}

// oneLine makes a text fit for a line of a log.
func oneLine(s string) string {
	const longest = 2000
	return clipText(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), " "), longest)
}

// errorAt makes an error about a place in the source.
func (vm *VM) errorAt(kind, file string, line int, message string) *ScriptError {
	return &ScriptError{
		Kind: kind, Bot: vm.bot, File: file, Line: line, Message: message,
		Excerpt: vm.sources.excerpt(file, line),
	}
}

// scriptError makes a ScriptError of what a protected call returned. name is what
// was called.
func (vm *VM) scriptError(b *budget, err error, name string) *ScriptError {
	var ae *lua.ApiError
	if !errors.As(err, &ae) {
		return vm.errorAt(KindRuntime, vm.sources.display, 0, err.Error())
	}
	frames := vm.traceback(ae.StackTrace, name)
	message, kind := vm.messageOf(ae), KindRuntime
	if fault := vm.fault; fault != nil && message == fault.Error() {
		kind = fault.Kind
	}
	file, line, rest := vm.sources.splitPositions(message)
	if file == "" {
		rest = message
		if len(frames) > 0 {
			file, line = frames[0].file, frames[0].line
		} else {
			file = vm.sources.display
		}
	}
	e := vm.errorAt(kind, file, line, clipText(reword(rest), longestMessage))
	e.Traceback = frames.String()
	e.certain = vm.isCertain(b, ae, rest)
	if b.run.look() {
		e.cause = ErrInterrupted
	}
	return e
}

// stoppedError makes the error of a run that met its end.
func (vm *VM) stoppedError(b *budget, err error, name string) *ScriptError {
	why := b.run.stopped.Load()
	file, line, _ := vm.sources.splitPositions(b.at + " ")
	if file == "" {
		file = vm.sources.display
	}
	e := vm.errorAt(why.kind, file, line, why.message)
	e.Limit, e.Used, e.cause = why.limit, why.used, why.cause
	switch why.limit {
	case LimitInstructions:
		e.Used = strconv.FormatInt(vm.limits.Instructions-b.left, 10)
	case LimitCPU:
		e.Used = b.run.clock.elapsed().Round(time.Millisecond).String()
	case LimitWall:
		e.Used = time.Since(b.run.began).Round(time.Millisecond).String()
	case LimitSends:
		e.Used = strconv.Itoa(b.run.sends)
	}
	trace := b.inner
	var ae *lua.ApiError
	if errors.As(err, &ae) {
		trace += "\n" + ae.StackTrace
	}
	e.Traceback = vm.traceback(trace, name).String()
	return e
}

// longestMessage is how many runes of a script's own error are kept.
const longestMessage = 4000

// messageOf is what an error value says.
func (vm *VM) messageOf(ae *lua.ApiError) string {
	if ae.Type == lua.ApiErrorPanic {
		if text := ae.Object.String(); strings.Contains(text, "callstack overflow") {
			return "stack overflow"
		}
		return "a function of the host failed: " + ae.Object.String()
	}
	switch v := ae.Object.(type) {
	case lua.LString:
		return string(v)
	case *lua.LNilType:
		return "error was called without a message"
	case *lua.LTable:
		if m, ok := v.RawGetString("message").(lua.LString); ok {
			return string(m)
		}
	}
	return "the error is not a text: " + inspect(nil, ae.Object)
}
