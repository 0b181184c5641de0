// Package inclusion checks a runbook together with those that its steps take in: it finds
// their files, each once, checks each as a runbook of its own, and hands what they give to the
// check of those that take them in.
//
// It reads no disk: whoever checks a runbook brings its files, as for calendars. What a step
// may say that takes a runbook in is the business of check. Floor 5.
package inclusion

import (
	"path"
	"slices"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/opening"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

// Read brings a file by its path from the folder of the runbook that is checked. real is the
// path to what was found, whatever led to it, so that one file has one. Its error says in a
// way that people understand why the file cannot be read; it is an [fs.ErrNotExist] where
// there is none, and an [ErrOutside] where it is not to be read.
type Read func(name string) (file *source.File, real string, err error)

// Options say what a runbook is checked with.
type Options struct {
	Version string // gatebook's own
	Read    Read   // nil: nobody knows where the runbook lies
	// Actions are those that a runbook may use; file is its name for people.
	Actions func(file string, runbook *model.Runbook) (*catalog.Catalog, diag.List)
	// People holds a runbook against the policy.
	People func(*model.Runbook) diag.List
}

// Checked is a checked runbook with all that it takes in.
type Checked struct {
	Runbook *check.Runbook
	Actions *catalog.Catalog
	// Files are the calendars and runbooks that were read, each once.
	Files []File
	// Windows are the names of its windows; those of a runbook that is taken in begin with
	// the step that takes it in.
	Windows []string
}

// File is a file that a runbook takes in, by its path from the folder of that runbook.
type File struct {
	Name    string
	As      []string // other names that led to it
	Runbook bool     // whether it is one; else it is a calendar
	Text    []byte
}

// maxDepth is how many runbooks may be taken in one by the other, and maxSteps how many steps
// a runbook may have with all that it takes in, each as often as it does: two that take in two
// that take in two are soon a million.
const (
	maxDepth = 16
	maxSteps = 100_000
)

// Check checks a typed runbook, whose name is that of its file, and all that it takes in. others
// is what is wrong with the files that it takes in, one file after the other.
func Check(name string, runbook *model.Runbook, options Options) (checked *Checked, own, others diag.List) {
	t := &taker{Options: options, read: map[string]answer{}, units: map[string]*unit{}, files: map[string]int{}, path: []link{{file: path.Base(name)}}}
	if options.Read != nil && takesIn(runbook) {
		if answer := t.bring(path.Base(name)); answer.err == nil {
			t.path[0].file = answer.real
		}
	}
	top, own := t.check(name, "", runbook)
	return &Checked{Runbook: top.checked, Actions: top.actions, Files: t.made, Windows: top.windows}, own, t.found
}

func takesIn(runbook *model.Runbook) bool {
	return slices.ContainsFunc(runbook.Steps.Items, isInclusion) || slices.ContainsFunc(runbook.Finally.Items, isInclusion)
}

func isInclusion(step *model.Step) bool { return step.Uses.Value == catalog.Included }

// taker takes in the runbooks of one.
type taker struct {
	Options
	read  map[string]answer // by the name that was asked for
	units map[string]*unit  // by the path of what was found
	path  []link            // the files that are being checked, each taken in by the one before
	made  []File
	files map[string]int // where a file is in made
	found diag.List      // what is wrong with runbooks that were taken in
}

// link is a file that another takes in.
type link struct {
	file string
	by   *syntax.Node // what names it there; nil: nothing takes it in
}

// answer is what was found under a name.
type answer struct {
	file *source.File
	real string
	err  error
}

// unit is one runbook.
type unit struct {
	checked *check.Runbook // nil: it is none
	actions *catalog.Catalog
	windows []string
	steps   int // with those of all that it takes in
	depth   int // how many runbooks are taken in, one by the other, at most
}

// check checks a runbook. self is its path, for one that is taken in.
func (t *taker) check(name, self string, runbook *model.Runbook) (*unit, diag.List) {
	u := &unit{steps: len(runbook.Steps.Items) + len(runbook.Finally.Items)}
	var found, more diag.List
	u.actions, found = t.Actions(name, runbook)
	windows, more := opening.Of(runbook, t.calendars(self))
	found = append(found, more...)
	for _, file := range windows.Files {
		t.keep(beside(self, file.Name), file.Text, false)
	}
	for _, w := range runbook.Windows.Entries {
		u.windows = append(u.windows, w.Key.Value)
	}
	taken, more := t.takeAll(u, runbook)
	found = append(found, more...)
	u.checked, more = check.Check(runbook, u.actions, check.Options{Version: t.Version, Windows: windows.ByName, TakenInAs: self, Runbooks: taken})
	found = append(found, more...)
	return u, append(found, t.People(runbook)...)
}

// calendars reads those of a runbook.
func (t *taker) calendars(self string) opening.Read {
	if t.Read == nil {
		return nil
	}
	return func(name string) (*source.File, error) {
		file, _, err := t.Read(beside(self, name))
		return file, err
	}
}

// beside is what the runbook that is checked calls a file which another, whose path it is given,
// calls so.
func beside(self, name string) string {
	if self == "" || path.IsAbs(name) {
		return name
	}
	return path.Join(path.Dir(self), name)
}

// keep notes a file that was read.
func (t *taker) keep(name string, text []byte, runbook bool) {
	if _, known := t.files[name]; !known {
		t.files[name] = len(t.made)
		t.made = append(t.made, File{Name: name, Text: text, Runbook: runbook})
	}
}

// alias notes another name of a file.
func (t *taker) alias(name, real string) {
	if of := &t.made[t.files[real]]; name != real && !slices.Contains(of.As, name) {
		of.As = append(of.As, name)
	}
}
