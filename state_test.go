package gatebook_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// stateFaults finds what makes a package remember: init functions, package-level
// variables that are not given their value where they are declared or by a file, or that hold
// a lock or an empty map to fill, and assignments to any of them. It reads the
// syntax alone, so a name that a function declares itself counts as its own.
//
// main's variables may be assigned to once by the linker, and so have no value.
func stateFaults(fset *token.FileSet, files map[string]*ast.File, isMain bool) []string {
	var found []string
	report := func(at token.Pos, what string) {
		found = append(found, fmt.Sprintf("%s: %s", fset.Position(at), what))
	}
	variables := map[string]bool{}
	for _, file := range files {
		for _, spec := range packageVars(file) {
			for _, name := range spec.Names {
				variables[name.Name] = name.Name != "_"
			}
			if fault := varFault(spec, isMain); fault != "" {
				report(spec.Pos(), spec.Names[0].Name+" "+fault)
			}
		}
	}
	for _, file := range files {
		for _, decl := range file.Decls {
			function, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if function.Name.Name == "init" && function.Recv == nil {
				report(function.Pos(), "an init function hides work in an import")
			}
			own := declaredIn(function)
			for _, target := range assignedIn(function) {
				if variables[target.Name] && !own[target.Name] {
					report(target.Pos(), target.Name+" is of the package and is assigned to")
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

func packageVars(file *ast.File) []*ast.ValueSpec {
	var specs []*ast.ValueSpec
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.VAR {
			continue
		}
		for _, spec := range group.Specs {
			value := spec.(*ast.ValueSpec)
			if value.Doc == nil {
				value.Doc = group.Doc
			}
			specs = append(specs, value)
		}
	}
	return specs
}

// embedded reports whether a variable has its value from a file.
func embedded(spec *ast.ValueSpec) bool {
	return spec.Doc != nil && slices.ContainsFunc(spec.Doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

func varFault(spec *ast.ValueSpec, isMain bool) string {
	if selector, ok := spec.Type.(*ast.SelectorExpr); ok {
		if pkg, ok := selector.X.(*ast.Ident); ok && (pkg.Name == "sync" || pkg.Name == "atomic") {
			return "is shared state"
		}
	}
	if len(spec.Values) == 0 && !isMain && !embedded(spec) {
		return "has no value, so somebody must give it one later"
	}
	for _, value := range spec.Values {
		if call, ok := value.(*ast.CallExpr); ok {
			if function, ok := call.Fun.(*ast.Ident); ok && (function.Name == "make" || function.Name == "new") {
				return "is made empty, so somebody must fill it later"
			}
		}
	}
	return ""
}

// declaredIn returns the names that a function declares, in whatever scope.
func declaredIn(function *ast.FuncDecl) map[string]bool {
	names := map[string]bool{}
	add := func(exprs ...ast.Expr) {
		for _, e := range exprs {
			if name, ok := e.(*ast.Ident); ok {
				names[name.Name] = true
			}
		}
	}
	ast.Inspect(function, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, name := range n.Names {
				add(name)
			}
		case *ast.ValueSpec:
			for _, name := range n.Names {
				add(name)
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				add(n.Lhs...)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				add(n.Key, n.Value)
			}
		}
		return true
	})
	return names
}

// assignedIn returns the outermost name of everything that a function assigns to.
func assignedIn(function *ast.FuncDecl) []*ast.Ident {
	var names []*ast.Ident
	add := func(exprs ...ast.Expr) {
		for _, e := range exprs {
			if name := outermost(e); name != nil {
				names = append(names, name)
			}
		}
	}
	ast.Inspect(function, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				add(n.Lhs...)
			}
		case *ast.IncDecStmt:
			add(n.X)
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				add(n.Key, n.Value)
			}
		}
		return true
	})
	return names
}

func outermost(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return outermost(e.X)
	case *ast.IndexExpr:
		return outermost(e.X)
	case *ast.StarExpr:
		return outermost(e.X)
	case *ast.ParenExpr:
		return outermost(e.X)
	default:
		return nil
	}
}

func TestStateIsFound(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ code, want string }{
		"sentinel":       {`var ErrGone = errors.New("gone")`, ""},
		"guard":          {`var _ Reader = (*file)(nil)`, ""},
		"table":          {`var words = map[string]int{"a": 1}`, ""},
		"init":           {`func init() { println() }`, "an init function hides work in an import"},
		"method init":    {`type T int; func (T) init() {}`, ""},
		"no value":       {`var count int`, "count has no value, so somebody must give it one later"},
		"embedded":       {"//go:embed a.css\nvar style string", ""},
		"spoken of":      {"// go:embed would give it one.\nvar style string", "style has no value, so somebody must give it one later"},
		"made":           {`var seen = make(map[string]bool)`, "seen is made empty, so somebody must fill it later"},
		"lock":           {`var mu sync.Mutex`, "mu is shared state"},
		"assigned":       {`var level = 1; func raise() { level = 2 }`, "level is of the package and is assigned to"},
		"counted":        {`var level = 1; func raise() { level++ }`, "level is of the package and is assigned to"},
		"filled":         {`var words = map[string]int{}; func add() { words["a"] = 1 }`, "words is of the package and is assigned to"},
		"shadowed":       {`var level = 1; func raise() { level := 1; level = 2; _ = level }`, ""},
		"parameter":      {`var level = 1; func raise(level int) { level = 2 }`, ""},
		"through a step": {`var s = &state{}; func raise() { (*s).a.b[1] = 2 }`, "s is of the package and is assigned to"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fset, file := snippet(t, test.code)
			got := strings.Join(stateFaults(fset, map[string]*ast.File{"a.go": file}, false), "\n")
			if _, message, _ := strings.Cut(got, ": "); message != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestImpurityIsFound(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ code, want string }{
		"a duration":       {`import "time"; const day = 24 * time.Hour`, ""},
		"the clock":        {`import "time"; func f() { _ = time.Now() }`, "reads a clock: time.Now"},
		"a renamed clock":  {`import t "time"; func f() { t.Sleep(1) }`, "reads a clock: time.Sleep"},
		"a foreign import": {`import "os"`, "imports os"},
		"a goroutine":      {`func f() { go f() }`, "starts a goroutine"},
		"a channel":        {`type c chan int`, "has a channel"},
		"a receive":        {`func f(c stream) { <-c }`, "receives"},
		"a send":           {`func f(c stream) { c <- 1 }`, "sends"},
		"a select":         {`func f() { select {} }`, "selects"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fset, file := snippet(t, test.code)
			got := strings.Join(impurities(fset, file), "\n")
			if _, message, _ := strings.Cut(got, ": the machine "); message != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestEdgeUsesAreFound(t *testing.T) {
	t.Parallel()
	_, file := snippet(t, `import ("os"; clock "time"; "fmt"); func f() {
		os.Getenv("A"); clock.Now(); fmt.Println(); fmt.Sprint(os.ReadFile); os.Stdout.Write(nil) }`)
	var got []string
	for _, u := range edgeUses(file) {
		got = append(got, u.name)
	}
	if want := "os.Getenv time.Now fmt.Println os.Stdout"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func snippet(t *testing.T, code string) (*token.FileSet, *ast.File) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "a.go", "package a\n"+code, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return fset, file
}
