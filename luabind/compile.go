package luabind

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// compile makes a prototype of a source text. Errors are *ScriptErrors.
func (vm *VM) compile(display, text string) (proto *lua.FunctionProto, err error) {
	// The parser and the compiler panic at some inputs.
	defer func() {
		if p := recover(); p != nil {
			proto, err = nil, vm.errorAt(KindSyntax, display, 0, fmt.Sprintf("the compiler failed: %v", p))
		}
	}()
	chunk, err := parse.Parse(strings.NewReader(withoutHeader(text)), display)
	if err != nil {
		return nil, vm.syntaxError(display, text, err)
	}
	if line, why := tooComplex(chunk); why != "" {
		return nil, vm.errorAt(KindSyntax, display, line, why)
	}
	vm.rewriter.begin(display)
	proto, err = lua.Compile(vm.rewriter.stmts(chunk), display)
	if err != nil {
		return nil, vm.syntaxError(display, text, err)
	}
	vm.rewriter.link(proto)
	trim(proto)
	return proto, nil
}

// withoutHeader takes away what editors and shells put before the code: a byte
// order mark, and a first line that starts with #. Line numbers stay.
func withoutHeader(text string) string {
	text = strings.TrimPrefix(text, "\uFEFF")
	if !strings.HasPrefix(text, "#") {
		return text
	}
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		return text[i:]
	}
	return ""
}

// syntaxError puts the parser's and the compiler's errors into one form.
func (vm *VM) syntaxError(display, text string, err error) *ScriptError {
	var pe *parse.Error
	var ce *lua.CompileError
	switch {
	case errors.As(err, &pe):
		message := strings.TrimSpace(pe.Message)
		if pe.Pos.Line == parse.EOF {
			lines := strings.Count(strings.TrimRight(text, "\n"), "\n") + 1
			if message == "syntax error" {
				message = "the file ends too early: an 'end', 'until' or closing bracket may be missing" + unclosedAdvice(text)
			}
			return vm.errorAt(KindSyntax, display, lines, message)
		}
		if r := wideRune(text, pe); r != 0 {
			return vm.errorAt(KindSyntax, display, pe.Pos.Line, wideMessage(r))
		}
		if pe.Token != "" {
			message += fmt.Sprintf(" near '%s'", clipText(oneLine(pe.Token), 40))
		}
		line := pe.Pos.Line
		if pe.Pos.Column == 0 && line > 1 {
			line-- // the scanner has just read the line's end
		} else {
			message += syntaxAdvice(withoutHeader(text), line, pe.Pos.Column-len(pe.Token)+1)
		}
		return vm.errorAt(KindSyntax, display, line, message)
	case errors.As(err, &ce):
		line := ce.Line
		// For a goto the compiler names the block's end, and the line in words; for a
		// label it names the line after.
		if m := gotoLine.FindStringSubmatch(ce.Message); m != nil {
			line, _ = strconv.Atoi(m[1])
		} else if strings.HasPrefix(ce.Message, "label ") {
			line--
		}
		return vm.errorAt(KindSyntax, display, line, ce.Message)
	}
	return vm.errorAt(KindSyntax, display, 0, oneLine(err.Error()))
}

var gotoLine = regexp.MustCompile(` at line (\d+)`)

// trim mends a prototype and those in it.
func trim(p *lua.FunctionProto) {
	const opcodeShift, fieldsShift = 26, 9
	for i, inst := range p.Code {
		// A table without fields gets room for 32 of them when the first one comes,
		// 2 KiB; this is room for a few.
		if int(inst>>opcodeShift) == lua.OP_NEWTABLE && inst>>fieldsShift&0x1ff == 0 {
			p.Code[i] |= 1 << fieldsShift
		}
		// gopher-lua counts tail calls and writes a line for each into tracebacks:
		// endless ones took 1.6 GB. As plain calls they end at the call limit, and
		// tracebacks show who called.
		if int(inst>>opcodeShift) == lua.OP_TAILCALL {
			p.Code[i] = inst&(1<<opcodeShift-1) | uint32(lua.OP_CALL)<<opcodeShift
		}
	}
	// The compiler leaves slices with several times the room they need.
	p.Code = slices.Clone(p.Code)
	p.Constants = slices.Clone(p.Constants)
	p.FunctionPrototypes = slices.Clone(p.FunctionPrototypes)
	p.DbgSourcePositions = slices.Clone(p.DbgSourcePositions)
	p.DbgLocals = slices.Clone(p.DbgLocals)
	p.DbgCalls = slices.Clone(p.DbgCalls)
	p.DbgUpvalues = slices.Clone(p.DbgUpvalues)
	texts := stringConstants(p)
	*texts = slices.Clone(*texts)
	for _, inner := range p.FunctionPrototypes {
		trim(inner)
	}
}

// CheckSyntax returns why a source text can't be loaded, as a [*ScriptError]
// without an excerpt; nil if it can. file is its name there.
func CheckSyntax(file, text string) error {
	vm := &VM{sources: newSources(file), rewriter: newRewriter(nil)}
	_, err := vm.compile(file, text)
	return err
}
