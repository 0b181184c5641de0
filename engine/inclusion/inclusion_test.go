package inclusion_test

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/diag/diagtest"
	"github.com/gatebook/gatebook/engine/inclusion"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps"
)

// folder is what there is to read, by path. Nothing above it may be read.
type folder struct {
	files map[string]string
	links map[string]string // to what they lead
	reads int
}

func (f *folder) read(name string) (*source.File, string, error) {
	f.reads++
	real := cmp.Or(f.links[path.Clean(name)], path.Clean(name))
	if strings.HasPrefix(real, "../") {
		return nil, "", fmt.Errorf("the file %s %w", name, inclusion.ErrOutside)
	}
	text, ok := f.files[real]
	if !ok {
		return nil, "", fs.ErrNotExist
	}
	return source.NewFile(real, []byte(text)), real, nil
}

// check checks the runbook site.yaml of a folder.
func (f *folder) check(t testing.TB) (*inclusion.Checked, diag.List, diag.List) {
	t.Helper()
	actions := testActions(t)
	tree, found := syntax.Parse(source.NewFile("site.yaml", []byte(f.files["site.yaml"])))
	decoded, more := model.Decode(tree)
	found = append(found, more...)
	checked, own, others := inclusion.Check("site.yaml", decoded, inclusion.Options{
		Read:    f.read,
		Actions: func(string, *model.Runbook) (*catalog.Catalog, diag.List) { return actions, nil },
		People:  func(*model.Runbook) diag.List { return nil },
	})
	return checked, append(found, own...), others
}

func testActions(t testing.TB) *catalog.Catalog {
	t.Helper()
	handlers, err := steps.Builtin(steps.Options{})
	if err != nil {
		t.Fatal(err)
	}
	drop, err := sdk.Action[struct{}, struct{}]{
		Name: "test.drop", Summary: "Drop", Description: "It drops.", Effect: sdk.Destroy, NothingToUndo: "it is a test",
		Apply: func(context.Context, *sdk.Call[struct{}]) (struct{}, error) { return struct{}{}, nil },
	}.Handler()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := catalog.New(append(handlers, drop)...)
	if err != nil {
		t.Fatal(err)
	}
	return catalogue
}

// TestFixtures holds what is found of each folder of testdata against what its files expect.
func TestFixtures(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/*/site.yaml")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, site := range folders {
		dir := filepath.Dir(site)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			f := load(t, dir)
			_, own, others := f.check(t)
			var want, got []string
			for name, text := range f.files {
				for _, expected := range diagtest.Expected(source.NewFile(name, []byte(text))) {
					want = append(want, name+":"+expected)
				}
			}
			for _, d := range append(own, others...) {
				got = append(got, fmt.Sprintf("%s:%4d: %s %s: %s", d.Range.File.Name(), d.Range.From().Line, d.Rule.Severity, d.Rule.Code, d.Rule.Summary))
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("findings (-expected +found):\n%s", diff)
			}
		})
	}
}

func load(t *testing.T, dir string) *folder {
	t.Helper()
	f := &folder{files: map[string]string{}}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		inside, _ := filepath.Rel(dir, name)
		f.files[filepath.ToSlash(inside)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const head = "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: test, version: 1.0.0}\n"

// takes is a step that takes in a runbook.
func takes(id, file string) string {
	return fmt.Sprintf("- {id: %s, uses: runbook, with: {file: %s}}\n", id, file)
}

const does = head + "steps: [{id: a, uses: exec.check, with: {command: [a]}}]\n"

func TestTheCycleIsToldAsAPath(t *testing.T) {
	t.Parallel()
	f := &folder{files: map[string]string{
		"site.yaml":   head + "steps:\n" + takes("a", "sub/b.yaml"),
		"sub/b.yaml":  head + "steps:\n" + takes("a", "./c.yaml"),
		"sub/c.yaml":  head + "steps:\n" + takes("a", "../link.yaml"),
		"sub/d.yaml":  does,
		"unused.yaml": "",
	}, links: map[string]string{"link.yaml": "sub/b.yaml"}}
	_, own, others := f.check(t)
	if len(own) != 0 || len(others) != 1 {
		t.Fatalf("found %v and %v", own, others)
	}
	if want := "Each takes in the next: sub/b.yaml -> sub/c.yaml -> sub/b.yaml."; others[0].Detail != want || others[0].Range.String() != "sub/b.yaml:5:39" {
		t.Errorf("%s: %s", others[0].Range, others[0].Detail)
	}
}

func TestAFileIsCheckedOnceByWhateverName(t *testing.T) {
	t.Parallel()
	f := &folder{files: map[string]string{
		"site.yaml": head + "steps:\n" + takes("a", "web.yaml") + takes("b", "./web.yaml") + takes("c", "sub/../web.yaml") + takes("d", "link.yaml") + takes("e", "sub/db.yaml"),
		"web.yaml":  strings.Replace(does, "exec.check", "exec.chek", 1), "sub/db.yaml": head + "steps:\n" + takes("a", "../web.yaml"),
	}, links: map[string]string{"link.yaml": "web.yaml"}}
	checked, _, others := f.check(t)
	if len(others) != 1 {
		t.Errorf("its fault is told %d times", len(others))
	}
	want := []inclusion.File{{Name: "web.yaml", As: []string{"link.yaml"}, Runbook: true, Text: []byte(f.files["web.yaml"])}, {Name: "sub/db.yaml", Runbook: true, Text: []byte(f.files["sub/db.yaml"])}}
	if diff := gocmp.Diff(want, checked.Files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for i := range 4 {
		if of := checked.Runbook.Steps[i].Runbook; of == nil || of != checked.Runbook.Steps[0].Runbook {
			t.Errorf("step %d takes in another runbook", i)
		}
	}
}

// TestCalendarsAreSeenFromTheirRunbook wants a file beside a runbook that is taken in, and the
// names of its windows as people say them.
func TestCalendarsAreSeenFromTheirRunbook(t *testing.T) {
	t.Parallel()
	f := &folder{files: map[string]string{
		"site.yaml":    head + "windows: {night: {cron: '0 1 * * *', duration: 1h, timezone: UTC}}\nsteps:\n" + takes("web", "sub/web.yaml"),
		"sub/web.yaml": head + "windows: {offpeak: {calendar: cal.ics, timezone: UTC}}\nsteps: [{id: a, uses: exec.check, with: {command: [a]}, gate: {expr: 'window(\"offpeak\", now)'}}]\n",
		"sub/cal.ics":  "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
	}}
	checked, _, others := f.check(t)
	if others.HasErrors() {
		t.Errorf("found %v", others)
	}
	if diff := gocmp.Diff([]string{"night", "web.offpeak"}, checked.Windows); diff != "" {
		t.Errorf("windows (-want +got):\n%s", diff)
	}
	if checked.Files[1].Name != "sub/cal.ics" {
		t.Errorf("files: %v", checked.Files)
	}
}

// TestRunbooksThatTakeInTooMuchAreRefused wants a bound on how deep, and on how many steps come
// of a few files.
func TestRunbooksThatTakeInTooMuchAreRefused(t *testing.T) {
	t.Parallel()
	for name, each := range map[string]int{"a long chain": 1, "doubling": 2, "many at once": 10} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &folder{files: map[string]string{"last.yaml": does}}
			const files = 30
			for i := range files {
				own, next := fmt.Sprintf("f%d.yaml", i), fmt.Sprintf("f%d.yaml", i+1)
				if i == 0 {
					own = "site.yaml"
				}
				if i == files-1 {
					next = "last.yaml"
				}
				f.files[own] = head + "steps:\n"
				for k := range each {
					f.files[own] += takes(fmt.Sprintf("s%d", k), next)
				}
			}
			_, own, others := f.check(t)
			all := append(own, others...)
			if len(all) == 0 || f.reads > 2*files {
				t.Errorf("%d findings after %d reads", len(all), f.reads)
			}
			for _, d := range all {
				if d.Rule != diag.InclusionDeep {
					t.Errorf("found %s: %s", d.Rule.Code, d.Detail)
				}
			}
		})
	}
}

// BenchmarkTakeIn shows that a step which takes in a file that is known costs the same however
// many there are.
func BenchmarkTakeIn(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			site := head + "steps:\n"
			for i := range n {
				site += takes(fmt.Sprintf("s%d", i), "web.yaml")
			}
			f := &folder{files: map[string]string{"site.yaml": site, "web.yaml": does}}
			for b.Loop() {
				if _, own, others := f.check(b); len(own)+len(others) > 0 {
					b.Fatal(own, others)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/step")
		})
	}
}
