package ilink_test

import (
	"bufio"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ilinkd/ilinkd/ilink"
)

// NewClient is generic so that it takes what the documentation passes: a token,
// and the pointer to one that a login returns.
var (
	_ func(ilink.Token, ...ilink.Option) *ilink.Client  = ilink.NewClient
	_ func(*ilink.Token, ...ilink.Option) *ilink.Client = ilink.NewClient
)

// ourPackage is this package, type-checked from its source, and an importer for
// programs that use it.
var ourPackage = sync.OnceValues(func() (*checker, error) {
	c := &checker{fset: token.NewFileSet()}
	exports, err := standardExports()
	if err != nil {
		return nil, err
	}
	c.std = importer.ForCompiler(c.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	dir, err := build.ImportDir(".", 0)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range dir.GoFiles {
		f, err := parser.ParseFile(c.fset, name, nil, 0)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	c.pkg, err = (&types.Config{Importer: c.std}).Check(importPath, c.fset, files, nil)
	return c, err
})

// standardExports are the files with the compiled declarations of the standard
// library: its source would take ten times as long.
func standardExports() (map[string]string, error) {
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}",
		".", "encoding/json", "fmt", "log", "os", "os/signal").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	exports := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[path] = file
	}
	return exports, nil
}

const importPath = "github.com/ilinkd/ilinkd/ilink"

type checker struct {
	fset *token.FileSet
	std  types.Importer
	pkg  *types.Package
}

func (c *checker) Import(path string) (*types.Package, error) {
	if path == importPath {
		return c.pkg, nil
	}
	return c.std.Import(path)
}

func checked(t *testing.T) *checker {
	t.Helper()
	c, err := ourPackage()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDocumentedProgramsCompile type-checks the programs and the pieces of code
// of the documentation as they are printed there.
func TestDocumentedProgramsCompile(t *testing.T) {
	c := checked(t)
	programs, err := filepath.Glob("testdata/seed/*.go")
	if err != nil || len(programs) != 6 {
		t.Fatalf("%q, %v", programs, err)
	}
	for _, name := range programs {
		f, err := parser.ParseFile(c.fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		config := types.Config{Importer: c, Error: func(err error) { t.Errorf("%s: %v", name, err) }}
		if pkg, err := config.Check("main", c.fset, []*ast.File{f}, nil); err == nil && len(pkg.Scope().Names()) == 0 {
			t.Errorf("%s: nothing in it", name)
		}
	}
}

// TestDocumentedAPI compares the exported names with the documented ones.
func TestDocumentedAPI(t *testing.T) {
	c := checked(t)
	list, err := os.Open("testdata/seed_api.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	n := 0
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		n++
		kind, rest, _ := strings.Cut(line, " ")
		name, want, _ := strings.Cut(rest, " ")
		got, err := c.describe(kind, name, want)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		} else if got != want {
			t.Errorf("%s %s:\n got %s\nwant %s", kind, name, got, want)
		}
	}
	if lines.Err() != nil || n < 120 {
		t.Errorf("%d lines, %v", n, lines.Err())
	}
}

// describe tells what the package has under a name, in the form of the list.
func (c *checker) describe(kind, name, want string) (string, error) {
	if kind == "method" || kind == "field" {
		member, _, _ := strings.Cut(want, " ")
		return c.describeMember(kind, name, member)
	}
	obj := c.pkg.Scope().Lookup(name)
	if obj == nil {
		return "", errors.New("there is no such name")
	}
	switch o := obj.(type) {
	case *types.Const:
		return fmt.Sprintf("%s = %s", typeName(o.Type()), o.Val()), nil
	case *types.Var:
		return fmt.Sprintf("%s = %s", typeName(o.Type()), errorText(name)), nil
	case *types.Func:
		return typeName(o.Type()), nil
	case *types.TypeName:
		if o.IsAlias() {
			return "alias " + typeName(types.Unalias(o.Type())), nil
		}
		switch u := o.Type().Underlying().(type) {
		case *types.Struct:
			return "struct", nil
		case *types.Interface:
			return "interface", nil
		default:
			return typeName(u), nil
		}
	}
	return "", fmt.Errorf("it is a %T", obj)
}

func (c *checker) describeMember(kind, name, member string) (string, error) {
	obj := c.pkg.Scope().Lookup(strings.TrimPrefix(name, "*"))
	if obj == nil {
		return "", errors.New("there is no such type")
	}
	typ := obj.Type()
	if kind == "field" {
		s, ok := typ.Underlying().(*types.Struct)
		if !ok {
			return "", errors.New("it is no struct")
		}
		for i := range s.NumFields() {
			if f := s.Field(i); f.Name() == member {
				return strings.TrimSpace(member + " " + typeName(f.Type()) + " " + s.Tag(i)), nil
			}
		}
		return "", errors.New("there is no such field")
	}
	if strings.HasPrefix(name, "*") {
		typ = types.NewPointer(typ)
	}
	sel := types.NewMethodSet(typ).Lookup(c.pkg, member)
	if sel == nil {
		return "", errors.New("there is no such method")
	}
	return member + " " + typeName(sel.Type()), nil
}

// typeName writes a type with no parameter names and without our package's.
func typeName(t types.Type) string {
	if sig, ok := t.(*types.Signature); ok {
		t = types.NewSignatureType(nil, nil, nil, unnamed(sig.Params()), unnamed(sig.Results()), sig.Variadic())
	}
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == importPath {
			return ""
		}
		return p.Path()
	})
}

func unnamed(tuple *types.Tuple) *types.Tuple {
	var vars []*types.Var
	for i := range tuple.Len() {
		vars = append(vars, types.NewVar(token.NoPos, nil, "", tuple.At(i).Type()))
	}
	return types.NewTuple(vars...)
}

func errorText(name string) string {
	err := map[string]error{
		"ErrQRCodeExpired": ilink.ErrQRCodeExpired, "ErrQRCodeCancelled": ilink.ErrQRCodeCancelled,
		"ErrLoginTimeout": ilink.ErrLoginTimeout, "ErrSessionTimeout": ilink.ErrSessionTimeout,
	}[name]
	if err == nil {
		return "unknown"
	}
	return err.Error()
}

// Every exported thing says what it is for.
func TestEverythingIsDocumented(t *testing.T) {
	dir, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	for _, name := range dir.GoFiles {
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
					t.Errorf("%s: %s has no comment", name, d.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if s, ok := spec.(*ast.TypeSpec); ok && s.Name.IsExported() && s.Doc == nil && d.Doc == nil {
						t.Errorf("%s: %s has no comment", name, s.Name)
					}
				}
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	id, ok := typ.(*ast.Ident)
	return ok && id.IsExported()
}
