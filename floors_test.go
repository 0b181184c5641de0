// Package gatebook_test holds what must be true of the whole repository and of no
// one package: who may import whom, and what no room below cmd may touch.
package gatebook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/gatebook/gatebook"

// A room is one package of this module. Production code imports only rooms on
// floors below its own, so that bytes flow upward and nothing knows who uses it.
type room struct {
	floor int
	// forTests rooms help tests: production code must not import them.
	forTests bool
	// edge rooms are where a program meets the outside: clock, environment, streams.
	edge bool
	// roof rooms bring the others together, and may know as many as there are.
	roof bool
	// A house of its own has internal packages that are rooms, and no part of it.
	house bool
}

// rooms is the house that CONTRIBUTING.md describes, as data. A package that is not here
// fails the test: a new room is a decision, and this is where it is written down.
var rooms = map[string]room{
	"schema":                {floor: 0},
	"engine/source":         {floor: 0},
	"engine/dag":            {floor: 0},
	"engine/window":         {floor: 0},
	"engine/internal/shape": {floor: 0, forTests: true},
	"engine/internal/tally": {floor: 0, forTests: true},
	"engine/patience":       {floor: 0},
	"plugins/proto/v1":      {floor: 0},
	"cmd/gatebook/script":   {floor: 0, forTests: true},

	"engine/report/placement":        {floor: 0},
	"engine/report/internal/browser": {floor: 0, forTests: true, edge: true},

	"engine/diag":              {floor: 1},
	"engine/people/signature":  {floor: 1},
	"engine/people/permission": {floor: 3},
	"engine/people":            {floor: 4},
	"engine/value":             {floor: 1},
	"plugins/sdk":              {floor: 1},

	"engine/diag/diagtest": {floor: 2, forTests: true},
	"engine/diag/render":   {floor: 2},
	"engine/syntax":        {floor: 2},
	"engine/expr":          {floor: 2},
	"engine/catalog":       {floor: 2},
	"engine/event":         {floor: 2},
	"plugins/sdk/sdktest":  {floor: 2, forTests: true},
	"plugins/sdk/truthful": {floor: 2},
	"plugins/sdk/wire":     {floor: 2},
	"steps":                {floor: 2},

	"engine/data":          {floor: 3},
	"engine/limit":         {floor: 3},
	"engine/model":         {floor: 3},
	"engine/journal":       {floor: 3},
	"engine/report/layout": {floor: 3},
	"plugins/host":         {floor: 3},
	"plugins/sdk/serve":    {floor: 3, edge: true},

	"engine/check":           {floor: 4},
	"engine/opening":         {floor: 4},
	"engine/inclusion":       {floor: 5},
	"engine/input":           {floor: 5},
	"engine/plan":            {floor: 5},
	"engine/machine":         {floor: 6},
	"engine/seal":            {floor: 6},
	"engine/look":            {floor: 6},
	"engine/preview":         {floor: 6},
	"engine/compare":         {floor: 7},
	"engine/compare/sides":   {floor: 6},
	"engine/review":          {floor: 6},
	"engine/agreed":          {floor: 6},
	"engine/run":             {floor: 7},
	"engine/drill/proof":     {floor: 5},
	"engine/drill/world":     {floor: 6},
	"engine/drill/suppose":   {floor: 7},
	"engine/drill/rehearsal": {floor: 7},
	"engine/drill":           {floor: 8},
	"engine":                 {floor: 8, roof: true},

	"engine/check/checktest":         {floor: 6, forTests: true},
	"engine/inclusion/inclusiontest": {floor: 7, forTests: true},
	"engine/plugintest":              {floor: 9, forTests: true, roof: true},

	"engine/journal/ledger": {floor: 4},

	"engine/report/internal/example": {floor: 6, forTests: true},
	"engine/report/graph":            {floor: 5},
	"engine/report/standing":         {floor: 6},
	"engine/report/wording":          {floor: 4},
	"engine/report/history":          {floor: 7},
	"engine/report":                  {floor: 7},
	"engine/report/dossier":          {floor: 7},
	"engine/report/drilled":          {floor: 6},
	"engine/report/differences":      {floor: 8},
	"engine/report/live":             {floor: 7},

	"cmd/gatebook/cli": {floor: 9, roof: true},
	"cmd/gatebook":     {floor: 10},

	// A plugin is a house of its own, on the same ground: its rooms know the sdk and
	// nothing of the engine. Its program may know all of them.
	"plugins/kubernetes/internal/diff":       {floor: 0},
	"plugins/kubernetes/internal/predicate":  {floor: 0},
	"plugins/kubernetes/internal/request":    {floor: 0},
	"plugins/kubernetes/internal/connection": {floor: 2},
	"plugins/kubernetes/internal/fields":     {floor: 4},
	"plugins/kubernetes/internal/cluster":    {floor: 3},
	"plugins/kubernetes/internal/lab":        {floor: 4, forTests: true, edge: true},
	"plugins/kubernetes/internal/container":  {floor: 4},
	"plugins/kubernetes/internal/contents":   {floor: 5},
	"plugins/kubernetes/internal/edit":       {floor: 5},
	"plugins/kubernetes/internal/manifest":   {floor: 4},
	"plugins/kubernetes/internal/own":        {floor: 4},
	"plugins/kubernetes/internal/revision":   {floor: 4},
	"plugins/kubernetes/internal/replacing":  {floor: 5},
	"plugins/kubernetes/internal/setting":    {floor: 5},
	"plugins/kubernetes/internal/keeping":    {floor: 6},
	"plugins/kubernetes/internal/nodes":      {floor: 5},
	"plugins/kubernetes/internal/preflight":  {floor: 4},
	"plugins/kubernetes/internal/automation": {floor: 6},
	"plugins/kubernetes/internal/jobs":       {floor: 5},
	"plugins/kubernetes/internal/objects":    {floor: 6},
	"plugins/kubernetes/internal/pods":       {floor: 5},
	"plugins/kubernetes/internal/traffic":    {floor: 6},
	"plugins/kubernetes/internal/velero":     {floor: 5},
	"plugins/kubernetes/internal/volumes":    {floor: 5},
	"plugins/kubernetes/internal/workloads":  {floor: 6},
	"plugins/kubernetes/internal/apply":      {floor: 7},
	"plugins/kubernetes/internal/endtoend":   {floor: 10, forTests: true},
	"plugins/kubernetes":                     {floor: 10, roof: true, house: true},

	"plugins/swarm/internal/compose":    {floor: 1},
	"plugins/swarm/internal/request":    {floor: 0},
	"plugins/swarm/internal/spec":       {floor: 0},
	"plugins/swarm/internal/connection": {floor: 2, edge: true},
	"plugins/swarm/internal/file":       {floor: 2},
	"plugins/swarm/internal/engine":     {floor: 3},
	"plugins/swarm/internal/lab":        {floor: 4, forTests: true, edge: true},
	"plugins/swarm/internal/lab/demo":   {floor: 0, forTests: true},
	"plugins/swarm/internal/lab/here":   {floor: 5, forTests: true, edge: true},
	"plugins/swarm/internal/printed":    {floor: 4},
	"plugins/swarm/internal/registry":   {floor: 4},
	"plugins/swarm/internal/state":      {floor: 4},
	"plugins/swarm/internal/vault":      {floor: 4},
	"plugins/swarm/internal/stack":      {floor: 5},
	"plugins/swarm/internal/capacity":   {floor: 5},
	"plugins/swarm/internal/change":     {floor: 5},
	"plugins/swarm/internal/tasks":      {floor: 6},
	"plugins/swarm/internal/images":     {floor: 7},
	"plugins/swarm/internal/nodes":      {floor: 7},
	"plugins/swarm/internal/preflight":  {floor: 7},
	"plugins/swarm/internal/reading":    {floor: 7},
	"plugins/swarm/internal/service":    {floor: 7},
	"plugins/swarm/internal/rotation":   {floor: 8},
	"plugins/swarm/internal/services":   {floor: 8},
	"plugins/swarm/internal/stacks":     {floor: 8},
	"plugins/swarm/internal/endtoend":   {floor: 10, forTests: true},
	"plugins/swarm":                     {floor: 10, roof: true, house: true},

	// Programs of the repository that nobody imports.
	"engine/internal/bench": {floor: 10, forTests: true},
	"runbooks/fleet":        {floor: 10, forTests: true},

	// This test itself.
	"": {floor: 10, forTests: true},
}

// maxOwnImports is how many rooms one room may know. More is a god package.
const maxOwnImports = 8

// listed is what `go list` says of a package.
type listed struct {
	ImportPath     string
	Name           string
	Dir            string
	GoFiles        []string
	IgnoredGoFiles []string // for other platforms
}

// path is the package's path inside the module.
func (l listed) path() string { return inModule(l.ImportPath) }

// files returns the package's production sources, of all platforms.
func (l listed) files() []string {
	var paths []string
	for _, name := range slices.Concat(l.GoFiles, l.IgnoredGoFiles) {
		if !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, ".pb.go") {
			paths = append(paths, filepath.Join(l.Dir, name))
		}
	}
	return paths
}

// imports returns what the production sources import, each once.
func (l listed) imports(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, name := range l.files() {
		for _, spec := range mustParse(t, name).Imports {
			paths = append(paths, strings.Trim(spec.Path.Value, `"`))
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// atTheEdge reports whether the package may touch clock, environment and streams:
// the command line, programs, which are their own edge, and the rooms that are one.
func (l listed) atTheEdge() bool {
	return l.Name == "main" || rooms[l.path()].edge || l.path() == "cmd" || strings.HasPrefix(l.path(), "cmd/")
}

// ours reports whether an import path is of this module.
func ours(path string) bool { return path == module || strings.HasPrefix(path, module+"/") }

func inModule(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
}

// modules lists the folders of the modules that are one house: the root, and each
// plugin, which is a module of its own so that what it needs stays out of ours.
func modules(t *testing.T) []string {
	t.Helper()
	plugins, err := filepath.Glob("plugins/*/go.mod")
	if err != nil || len(plugins) == 0 {
		t.Fatalf("there are no modules of plugins: %v", err)
	}
	folders := []string{"."}
	for _, file := range plugins {
		folders = append(folders, filepath.Dir(file))
	}
	return folders
}

// listPackages lists the packages of all modules. Nothing is downloaded for it: what
// they import is read from their files.
func listPackages(t *testing.T) []listed {
	t.Helper()
	var all []listed
	for _, folder := range modules(t) {
		command := exec.CommandContext(t.Context(), "go", "list", "-C", folder, "-find",
			"-json=ImportPath,Name,Dir,GoFiles,IgnoredGoFiles", "./...")
		out, err := command.Output()
		if err != nil {
			t.Fatalf("go list in %s: %v", folder, err)
		}
		for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
			var one listed
			if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("go list in %s: %v", folder, err)
			}
			all = append(all, one)
		}
	}
	return all
}

// roomOf returns the room that a package belongs to: itself, or the room whose
// internal package it is.
func roomOf(in map[string]room, path string) string {
	if _, known := in[path]; known {
		return path
	}
	outer, _, _ := strings.Cut(path, "/internal/")
	if in[outer].house {
		return path
	}
	return outer
}

// faults returns what is wrong with the imports of one package of the house.
func faults(in map[string]room, path string, imports []string) []string {
	home := roomOf(in, path)
	here, known := in[home]
	if !known {
		return []string{path + " is not in the table of rooms"}
	}
	var found []string
	others := map[string]bool{}
	for _, imported := range imports {
		if !ours(imported) {
			continue
		}
		name := roomOf(in, inModule(imported))
		if name == home {
			continue
		}
		others[imported] = true
		switch there, known := in[name]; {
		case !known:
			found = append(found, path+" imports "+name+", which is not in the table of rooms")
		case there.floor >= here.floor:
			found = append(found, path+" imports "+name+", which is not on a floor below")
		case there.forTests && !here.forTests:
			found = append(found, path+" imports "+name+", which is for tests")
		}
	}
	if len(others) > maxOwnImports && !here.roof {
		found = append(found, path+" knows too many rooms")
	}
	return found
}

// Imports of test files are not held to the floors: a test may look down on its
// room from above, and Go itself forbids the cycles that would matter.
func TestEachRoomImportsOnlyFloorsBelow(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	if len(packages) < 5 {
		t.Fatalf("go list found only %d packages", len(packages))
	}
	found := map[string]bool{}
	for _, p := range packages {
		found[p.path()] = true
		for _, fault := range faults(rooms, p.path(), p.imports(t)) {
			t.Error(fault)
		}
	}
	for name := range rooms {
		if !found[name] {
			t.Errorf("the table has a room %q, which has no package", name)
		}
	}
}

func TestFloorsAreEnforced(t *testing.T) {
	t.Parallel()
	house := map[string]room{
		"cellar": {floor: 0},
		"hall":   {floor: 1},
		"lounge": {floor: 1},
		"bench":  {floor: 0, forTests: true},
		"attic":  {floor: 2, forTests: true},
		"roof":   {floor: 3, forTests: true, roof: true},
		"villa":  {floor: 3, house: true},
		"c1":     {}, "c2": {}, "c3": {}, "c4": {}, "c5": {},
	}
	tests := map[string]struct {
		path, imports, want string
	}{
		"below":             {"hall", "cellar", ""},
		"beside":            {"hall", "lounge", "hall imports lounge, which is not on a floor below"},
		"above":             {"cellar", "hall", "cellar imports hall, which is not on a floor below"},
		"for tests":         {"hall", "bench", "hall imports bench, which is for tests"},
		"tests for tests":   {"attic", "bench", ""},
		"unknown":           {"shed", "cellar", "shed is not in the table of rooms"},
		"imports unknown":   {"hall", "shed", "hall imports shed, which is not in the table of rooms"},
		"own inside":        {"hall", "hall/internal/coat", ""},
		"inside beside":     {"hall/internal/coat", "lounge", "hall/internal/coat imports lounge, which is not on a floor below"},
		"inside below":      {"hall/internal/coat", "cellar hall/internal/hat", ""},
		"a house's rooms":   {"villa/internal/den", "cellar", "villa/internal/den is not in the table of rooms"},
		"too many":          {"attic", "cellar hall lounge bench c1 c2 c3 c4 c5", "attic knows too many rooms"},
		"a roof":            {"roof", "cellar hall lounge bench attic c1 c2 c3 c4 c5", ""},
		"as many as may be": {"attic", "cellar hall lounge bench c1 c2 c3 c4", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			imports := []string{"fmt", "example.com/other"}
			for path := range strings.FieldsSeq(test.imports) {
				imports = append(imports, module+"/"+path)
			}
			if got := strings.Join(faults(house, test.path, imports), "; "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
