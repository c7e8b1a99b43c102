package bridge

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"sort"
	"strings"
	"testing"
)

// exportData maps packages to the files in which the compiler has put what they
// export: reading those is much faster than checking the sources of net/http.
func exportData(t *testing.T) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", ".")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, stderr.String())
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		pkg, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		files[pkg] = file
	}
	return files
}

func check(t *testing.T, imp types.Importer, fset *token.FileSet, file string, bodies bool) *types.Package {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	conf := types.Config{Importer: imp, IgnoreFuncBodies: !bodies}
	pkg, err := conf.Check(file, fset, []*ast.File{parsed}, nil)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return pkg
}

// describe lists what a package exports, one thing a line: a struct's fields
// with their tags, methods and all.
func describe(pkg *types.Package) map[string]bool {
	lines := map[string]bool{}
	// Package names in place of paths: the two packages have different ones.
	name := func(p *types.Package) string {
		if p == pkg {
			return ""
		}
		return p.Name()
	}
	for _, n := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(n)
		if !obj.Exported() {
			continue
		}
		switch obj := obj.(type) {
		case *types.Const:
			lines[fmt.Sprintf("%s = %s", types.ObjectString(obj, name), obj.Val())] = true
		case *types.TypeName:
			under := obj.Type().Underlying()
			if s, ok := under.(*types.Struct); ok {
				lines["type "+n+" struct"] = true
				for i := range s.NumFields() {
					if f := s.Field(i); f.Exported() {
						lines[fmt.Sprintf("%s.%s %s `%s`", n, f.Name(), types.TypeString(f.Type(), name), s.Tag(i))] = true
					}
				}
			} else {
				// An interface is compared as a whole: others implement it.
				lines["type "+n+" "+types.TypeString(under, name)] = true
			}
			methods := types.NewMethodSet(types.NewPointer(obj.Type()))
			for m := range methods.Methods() {
				if m.Obj().Exported() && !types.IsInterface(obj.Type()) {
					lines["(*"+n+")."+m.Obj().Name()+strings.TrimPrefix(types.TypeString(m.Type(), name), "func")] = true
				}
			}
		default:
			lines[types.ObjectString(obj, name)] = true
		}
	}
	return lines
}

// All of seed B is here, with the same types, fields and tags.
func TestSeedAPI(t *testing.T) {
	files := exportData(t)
	fset := token.NewFileSet()
	imp := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		file, ok := files[path]
		if !ok || file == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(file)
	})
	const self = "github.com/ilinkd/ilinkd/ilink/bridge"
	ours, err := imp.Import(self)
	if err != nil {
		t.Fatal(err)
	}
	have := describe(ours)
	want := describe(check(t, imp, fset, "testdata/seed_api.txt", false))
	if len(want) < 60 {
		t.Errorf("the seed's list has %d lines, that can't be all", len(want))
	}
	var missing []string
	for line := range want {
		if !have[line] {
			missing = append(missing, line)
		}
	}
	sort.Strings(missing)
	for _, line := range missing {
		t.Errorf("missing: %s", line)
	}

	check(t, imp, fset, "testdata/program.txt", true)
}
