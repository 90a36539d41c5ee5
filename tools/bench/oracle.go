// What Go's own type checker says of a tree: files, definitions and calls, in the lines that tools/bench_oracles.sh
// reads.  A package is checked file by file as `go build` would choose them, its tests with it; what it imports is taken from the
// tree where a go.mod says so, from the standard library, or is an empty package.
//
//	go run oracle.go DIR
package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

type oracle struct {
	root   string
	fset   *token.FileSet
	std    types.Importer
	loaded map[string]*types.Package
	seen   map[string]bool
}

func (o *oracle) place(pos token.Pos) (string, int) {
	p := o.fset.Position(pos)
	rel, err := filepath.Rel(o.root, p.Filename)
	if err != nil || strings.HasPrefix(rel, "..") {
		return "", 0
	}
	return rel, p.Line
}

func (o *oracle) define(kind string, name *ast.Ident, start token.Pos) {
	file, line := o.place(name.Pos())
	_, first := o.place(start)
	fmt.Printf("D\t%s\t%d\t%d\t%s\t%s\n", file, first, line, name.Name, kind)
}

// The directory of an import path, by the go.mod at or above dir; "": it is not of this tree.
func (o *oracle) directory(dir, path string) string {
	for ; strings.HasPrefix(dir, o.root); dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err != nil {
			continue
		}
		m := regexp.MustCompile(`(?m)^module\s+"?([^\s"]+)`).FindSubmatch(text)
		if m != nil && (path == string(m[1]) || strings.HasPrefix(path, string(m[1])+"/")) {
			return filepath.Join(dir, strings.TrimPrefix(path, string(m[1])))
		}
	}
	return ""
}

type importing struct {
	o   *oracle
	dir string
}

func (i importing) Import(path string) (*types.Package, error) {
	if dir := i.o.directory(i.dir, path); dir != "" {
		if p, there := i.o.loaded[dir]; there {
			return p, nil
		}
		i.o.loaded[dir] = types.NewPackage(path, filepath.Base(path)) // of a circle
		if b, err := build.ImportDir(dir, 0); err == nil {
			i.o.loaded[dir], _, _ = i.o.check(dir, path, b.GoFiles)
		}
		return i.o.loaded[dir], nil
	}
	if p, err := i.o.std.Import(path); err == nil {
		return p, nil
	}
	p := types.NewPackage(path, filepath.Base(path))
	p.MarkComplete()
	return p, nil
}

func (o *oracle) check(dir, path string, names []string) (*types.Package, []*ast.File, *types.Info) {
	var files []*ast.File
	for _, n := range names {
		if f, err := parser.ParseFile(o.fset, filepath.Join(dir, n), nil, parser.SkipObjectResolution); err == nil {
			files = append(files, f)
		}
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
		Types: map[ast.Expr]types.TypeAndValue{}}
	conf := types.Config{Importer: importing{o, dir}, Error: func(error) {}, FakeImportC: true}
	p, _ := conf.Check(path, o.fset, files, info)
	return p, files, info
}

func (o *oracle) call(info *types.Info, c *ast.CallExpr, from string) {
	fun := c.Fun
	for {
		if p, ok := fun.(*ast.ParenExpr); ok {
			fun = p.X
		} else if x, ok := fun.(*ast.IndexExpr); ok {
			fun = x.X
		} else if x, ok := fun.(*ast.IndexListExpr); ok {
			fun = x.X
		} else {
			break
		}
	}
	var id *ast.Ident
	switch f := fun.(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		id = f.Sel
	default:
		return
	}
	switch obj := info.Uses[id].(type) {
	case *types.Func:
		if file, line := o.place(obj.Origin().Pos()); file != "" {
			fmt.Printf("C\t%s\t%s\t%d\t%s\n", from, file, line, obj.Name())
		}
	case *types.Builtin, *types.TypeName:
	default: // a value, or something that is not known here
		_, line := o.place(c.Pos())
		fmt.Printf("U\t%s\t%s\t%d\n", from, id.Name, line)
	}
}

func (o *oracle) tell(f *ast.File, info *types.Info) {
	file, _ := o.place(f.Package)
	if o.seen[file] {
		return
	}
	o.seen[file] = true
	fmt.Printf("F\t%s\n", file)
	for _, d := range f.Decls {
		from := file + "\t0\t"
		if fn, ok := d.(*ast.FuncDecl); ok {
			o.define("function", fn.Name, fn.Type.Func)
			_, line := o.place(fn.Name.Pos())
			from = fmt.Sprintf("%s\t%d\t%s", file, line, fn.Name.Name)
		}
		ast.Inspect(d, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.TypeSpec:
				o.define("type", x.Name, x.Pos())
			case *ast.InterfaceType:
				for _, m := range x.Methods.List {
					for _, name := range m.Names {
						o.define("function", name, name.Pos())
					}
				}
			case *ast.CallExpr:
				o.call(info, x, from)
			}
			return true
		})
	}
}

func main() {
	root, _ := filepath.Abs(os.Args[1])
	fset := token.NewFileSet()
	o := &oracle{root, fset, importer.ForCompiler(fset, "source", nil), map[string]*types.Package{}, map[string]bool{}}
	_ = filepath.Walk(root, func(dir string, i os.FileInfo, err error) error {
		if err != nil || !i.IsDir() {
			return nil
		}
		if i.Name() == "testdata" {
			return filepath.SkipDir
		}
		b, err := build.ImportDir(dir, 0)
		if b == nil || (err != nil && len(b.GoFiles)+len(b.TestGoFiles)+len(b.XTestGoFiles) == 0) {
			return nil
		}
		for _, names := range [][]string{append(append([]string{}, b.GoFiles...), b.TestGoFiles...), b.XTestGoFiles} {
			_, files, info := o.check(dir, dir, names)
			for _, f := range files {
				o.tell(f, info)
			}
		}
		return nil
	})
}
