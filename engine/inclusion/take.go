package inclusion

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/syntax"
)

// ErrOutside says that a file is not to be read, as it lies outside of the repository.
var ErrOutside = errors.New("lies outside of the repository that the runbook is in, or, as that is in none, of its folder")

// takeAll takes in the runbooks of all steps, and returns them by what their files are called
// there.
func (t *taker) takeAll(u *unit, runbook *model.Runbook) (map[string]*check.Runbook, diag.List) {
	var found diag.List
	taken := map[string]*check.Runbook{}
	for _, step := range slices.Concat(runbook.Steps.Items, runbook.Finally.Items) {
		if !isInclusion(step) {
			continue
		}
		file, _ := step.With.Get("file")
		if file.Node.Kind() != syntax.String {
			continue // the check's finding
		}
		inner, fault := t.take(file.Node)
		if fault == nil {
			fault = t.bound(u, inner, file.Node)
		}
		if fault != nil {
			found = append(found, *fault)
			continue
		}
		taken[file.Node.Text()] = inner.checked
		for _, window := range inner.windows {
			u.windows = append(u.windows, step.ID.Value+"."+window)
		}
	}
	return taken, found
}

// bound says where a runbook with what one more step takes in would be too much.
func (t *taker) bound(u, inner *unit, node *syntax.Node) *diag.Diagnostic {
	var d diag.Diagnostic
	switch {
	case len(t.path)+inner.depth > maxDepth:
		d = tooDeep(node, len(t.path)+inner.depth)
	case u.steps+inner.steps > maxSteps:
		d = diag.InclusionDeep.At(node.Range(), "With what is taken in here the runbook has more than %d steps.", maxSteps)
	default:
		u.steps, u.depth = u.steps+inner.steps, max(u.depth, inner.depth+1)
		return nil
	}
	return &d
}

func tooDeep(node *syntax.Node, depth int) diag.Diagnostic {
	return diag.InclusionDeep.At(node.Range(), "Here %d runbooks are taken in, one by the other; at most %d are allowed.", depth, maxDepth)
}

// take takes in one runbook, which a node names, or says why that cannot be.
func (t *taker) take(node *syntax.Node) (*unit, *diag.Diagnostic) {
	fault := func(rule *diag.Rule, format string, args ...any) (*unit, *diag.Diagnostic) {
		d := rule.At(node.Range(), format, args...)
		return nil, &d
	}
	said := node.Text()
	switch {
	case said == "":
		return fault(diag.InclusionUnread, "The name of the file is empty.")
	case strings.ContainsRune(said, 0):
		return fault(diag.InclusionUnread, "The name %q has a zero byte in it, which no file has.", said)
	case strings.Contains(said, "${{"):
		return fault(diag.InclusionUnread, "The file is named by an expression, so that nobody knows before a run what it does.")
	case t.Read == nil:
		return fault(diag.InclusionUnread, "Of this runbook it is not known where it lies, and so not what %q is.", diag.Clean(said))
	case path.IsAbs(said), strings.Contains(said, `\`):
		return fault(diag.InclusionOutside, "A path is written as it is seen from the runbook's folder, with slashes, and %q is not.", diag.Clean(said))
	}
	name := path.Join(path.Dir(t.path[len(t.path)-1].file), said)
	got := t.bring(name)
	switch {
	case errors.Is(got.err, ErrOutside):
		return fault(diag.InclusionOutside, "The file %s %s.", diag.Clean(said), ErrOutside)
	case errors.Is(got.err, fs.ErrNotExist):
		return fault(diag.InclusionUnread, "There is no file %q.", diag.Clean(said))
	case got.err != nil:
		return fault(diag.InclusionUnread, "%s", diag.OfError(got.err))
	}
	if at := slices.IndexFunc(t.path, func(l link) bool { return l.file == got.real }); at >= 0 {
		d := cycle(append(slices.Clone(t.path[at+1:]), link{got.real, node}))
		return nil, &d
	}
	u, known := t.units[got.real]
	if !known {
		if len(t.path) > maxDepth {
			d := tooDeep(node, len(t.path))
			return nil, &d
		}
		u = t.unit(got, node)
		t.units[got.real] = u
	}
	if u == nil {
		return fault(diag.InclusionUnread, "The file %s is no runbook.", diag.Clean(said))
	}
	t.alias(name, got.real)
	return u, nil
}

// bring reads a file, once by each name.
func (t *taker) bring(name string) answer {
	got, known := t.read[name]
	if !known {
		got.file, got.real, got.err = t.Read(name)
		t.read[name] = got
	}
	return got
}

// cycle reports files of which each takes in the next, at the first place of all that do so: it is
// the same finding whichever of them is checked.
func cycle(links []link) diag.Diagnostic {
	first := 0
	for i, l := range links {
		if l.by.Range().Compare(links[first].by.Range()) < 0 {
			first = i
		}
	}
	links = slices.Concat(links[first:], links[:first+1])
	names := make([]string, len(links))
	for i, l := range links {
		names[i] = l.by.Range().File.Name()
	}
	return diag.InclusionCycle.At(links[0].by.Range(), "Each takes in the next: %s.", diag.Clean(strings.Join(names, " -> ")))
}

// unit checks a file that is taken in; nil where it is no runbook.
func (t *taker) unit(got answer, by *syntax.Node) *unit {
	tree, found := syntax.Parse(got.file)
	if kind := tree.Get("kind"); tree != nil && !found.HasErrors() && kind.Text() != model.Kind {
		return nil
	}
	t.keep(got.real, got.file.Text(), true)
	decoded, more := model.Decode(tree)
	found = append(found, more...)
	u := &unit{}
	at := len(t.found)
	if decoded != nil {
		t.path = append(t.path, link{got.real, by})
		u, more = t.check(got.file.Name(), got.real, decoded)
		t.path = t.path[:len(t.path)-1]
		found = append(found, more...)
	}
	// What is wrong with a runbook is said before what is wrong with those that it takes in.
	t.found = slices.Insert(t.found, at, found.Sorted()...)
	return u
}
