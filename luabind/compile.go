package luabind

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"

	"github.com/ilinkd/ilinkd/luabind/internal/compile"
)

// compile makes a prototype of a source text. Errors are *ScriptErrors.
func (vm *VM) compile(display, text string) (proto *lua.FunctionProto, err error) {
	// The parser and the compiler panic at some inputs.
	defer func() {
		if p := recover(); p != nil {
			proto, err = nil, vm.errorAt(KindSyntax, display, 0, fmt.Sprintf("the compiler failed: %v", p))
		}
	}()
	mended, line, why := prescan(withoutHeader(text))
	if why != "" {
		return nil, vm.errorAt(KindSyntax, display, line, why)
	}
	chunk, err := parse.Parse(strings.NewReader(mended), display)
	if err != nil {
		return nil, vm.syntaxError(display, text, err)
	}
	if line, why := tooComplex(chunk); why != "" {
		return nil, vm.errorAt(KindSyntax, display, line, why)
	}
	if strings.Contains(mended, gotoName) {
		renameGoto(chunk)
	}
	if vm.lines != nil {
		vm.lines.file = display
	}
	proto, err = compile.Chunk(chunk, display, vm.compiler)
	if err != nil {
		return nil, vm.syntaxError(display, text, err)
	}
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
	var ce *compile.Error
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
		return vm.errorAt(KindSyntax, display, ce.Line, ce.Message)
	}
	return vm.errorAt(KindSyntax, display, 0, oneLine(err.Error()))
}

// trim gives a prototype and those in it gopher-lua's second copy of their texts,
// and takes the spare room away that growing leaves.
func trim(p *lua.FunctionProto) {
	p.Code = slices.Clip(slices.Clone(p.Code))
	p.Constants = slices.Clip(slices.Clone(p.Constants))
	p.FunctionPrototypes = slices.Clip(slices.Clone(p.FunctionPrototypes))
	p.DbgSourcePositions = slices.Clip(slices.Clone(p.DbgSourcePositions))
	p.DbgCalls = slices.Clip(slices.Clone(p.DbgCalls))
	*stringConstants(p) = compile.Texts(p)
	for _, inner := range p.FunctionPrototypes {
		trim(inner)
	}
}

// CheckSyntax returns why a source text can't be loaded, as a [*ScriptError]
// without an excerpt; nil if it can. file is its name there.
func CheckSyntax(file, text string) error {
	vm := &VM{sources: newSources(file), compiler: compile.Options{}}
	_, err := vm.compile(file, text)
	return err
}
