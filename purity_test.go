package gatebook_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// edgeOnly names what only the edge may touch, so that everything below it can be
// tested without patience and embedded without surprise.
var edgeOnly = map[string][]string{
	"os":   {"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Stdin", "Stdout", "Stderr", "Args", "Exit", "Getwd", "Chdir"},
	"time": {"Now", "Since", "Until", "Sleep"},
	"fmt":  {"Print", "Printf", "Println"},
	"log":  {"*"},
}

// edgeAllowed lists who below the edge may use one of them all the same, and why.
// An entry that nobody uses any more fails the test.
var edgeAllowed = map[string]string{
	"steps time.Now":   "an action acts on the world and measures it; its tests run in a synctest bubble",
	"steps time.Since": "as time.Now",
	"steps time.Until": "as time.Now",

	"plugins/kubernetes time.Now":   "as in steps",
	"plugins/kubernetes time.Since": "as in steps",
	"plugins/swarm time.Now":        "as in steps",
	"plugins/swarm time.Since":      "as in steps",

	"plugins/kubernetes os.Stderr": "client-go has a credential program write there, and can be told nothing else",
}

// machineImports is all that the pure machine may import from outside this module.
var machineImports = []string{
	"bytes", "cmp", "container/heap", "crypto/sha256", "encoding/binary", "encoding/hex", "encoding/json", "errors",
	"fmt", "hash/fnv", "iter", "maps", "math", "math/bits", "slices", "sort", "strconv", "strings", "time",
}

// roofOf returns the room that a package belongs to, or the house that its room is in.
func roofOf(in map[string]room, path string) string {
	if outer, _, _ := strings.Cut(path, "/internal/"); in[outer].house {
		return outer
	}
	return roomOf(in, path)
}

// maxFileLines is how long a source file may grow before it wants to be two.
const maxFileLines = 400

func TestOnlyTheEdgeTouchesClockEnvironmentAndStreams(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, p := range listPackages(t) {
		if p.atTheEdge() {
			continue
		}
		for _, name := range p.files() {
			fset, file := parse(t, name)
			for _, use := range edgeUses(file) {
				key := roofOf(rooms, p.path()) + " " + use.name
				if _, allowed := edgeAllowed[key]; allowed {
					used[key] = true
					continue
				}
				t.Errorf("%s: %s is for cmd alone: pass it in", fset.Position(use.at), use.name)
			}
		}
	}
	for key, reason := range edgeAllowed {
		if !used[key] {
			t.Errorf("edgeAllowed has %q (%s), which nobody uses", key, reason)
		}
	}
}

func TestNoRoomKeepsStateOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		sources := map[string]*ast.File{}
		fset := token.NewFileSet()
		for _, name := range p.files() {
			file, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			sources[name] = file
		}
		for _, fault := range stateFaults(fset, sources, p.Name == "main") {
			t.Error(fault)
		}
	}
}

func TestMachineIsPure(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, p := range listPackages(t) {
		if p.path() != "engine/machine" {
			continue
		}
		for _, name := range p.files() {
			seen++
			fset, file := parse(t, name)
			for _, fault := range impurities(fset, file) {
				t.Error(fault)
			}
		}
	}
	if seen == 0 {
		t.Error("engine/machine has no source")
	}
}

func TestFilesStayShort(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		for _, name := range p.files() {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if lines := bytes.Count(text, []byte("\n")); lines > maxFileLines && !ast.IsGenerated(mustParse(t, name)) {
				t.Errorf("%s/%s has %d lines, more than %d", p.path(), filepath.Base(name), lines, maxFileLines)
			}
		}
	}
}

// A use is one place where a package's member is named.
type use struct {
	name string // "time.Now"
	at   token.Pos
}

// edgeUses finds the uses of edgeOnly in a file.
func edgeUses(file *ast.File) []use {
	var found []use
	for _, u := range uses(file) {
		pkg, member, _ := strings.Cut(u.name, ".")
		members := edgeOnly[pkg]
		if slices.Contains(members, member) || slices.Contains(members, "*") {
			found = append(found, u)
		}
	}
	return found
}

// uses finds each `package.Member` of a file, by the package's path.
func uses(file *ast.File) []use {
	imported := map[string]string{}
	for _, spec := range file.Imports {
		full := strings.Trim(spec.Path.Value, `"`)
		name := path.Base(full)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imported[name] = full
	}
	var found []use
	ast.Inspect(file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if left, ok := selector.X.(*ast.Ident); ok && imported[left.Name] != "" {
			found = append(found, use{imported[left.Name] + "." + selector.Sel.Name, selector.Pos()})
		}
		return true
	})
	return found
}

// impurities finds what a pure machine must not have: foreign imports, goroutines,
// channels, and any clock but the one in the events.
func impurities(fset *token.FileSet, file *ast.File) []string {
	var found []string
	report := func(at token.Pos, what string) {
		found = append(found, fmt.Sprintf("%s: the machine %s", fset.Position(at), what))
	}
	for _, spec := range file.Imports {
		name := strings.Trim(spec.Path.Value, `"`)
		if !ours(name) && !slices.Contains(machineImports, name) {
			report(spec.Pos(), "imports "+name)
		}
	}
	for _, u := range uses(file) {
		switch u.name {
		case "time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.AfterFunc",
			"time.NewTimer", "time.NewTicker", "time.Tick":
			report(u.at, "reads a clock: "+u.name)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			report(n.Pos(), "starts a goroutine")
		case *ast.ChanType:
			report(n.Pos(), "has a channel")
		case *ast.SelectStmt:
			report(n.Pos(), "selects")
		case *ast.SendStmt:
			report(n.Pos(), "sends")
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				report(n.Pos(), "receives")
			}
		}
		return true
	})
	return found
}

func parse(t *testing.T, name string) (*token.FileSet, *ast.File) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return fset, file
}

func mustParse(t *testing.T, name string) *ast.File {
	t.Helper()
	_, file := parse(t, name)
	return file
}
