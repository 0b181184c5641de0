package dossier_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/dossier"
	"github.com/gatebook/gatebook/engine/report/graph"
	"github.com/gatebook/gatebook/engine/report/internal/browser"
	"github.com/gatebook/gatebook/engine/report/internal/example"
	"github.com/gatebook/gatebook/engine/review"
)

func pageOf(t *testing.T, p *plan.Plan) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := dossier.HTML(&b, p, review.Of(p, nil)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// As a reader has it: a page loads nothing and complains of nothing, its text and its lines
// are read well by day and by night, and it is as wide as the screen, also with all of it
// unfolded.
func TestPageInABrowser(t *testing.T) {
	t.Parallel()
	plans := map[string]*plan.Plan{
		"12 steps": example.Upgrade(t), "300 steps": example.Fleet(t, 98), "300 steps in a row": example.Chain(t, 300), "5 steps": example.Plan(t),
	}
	for name, p := range plans {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := browser.Open(t)
			page.Resize(1280, 800)
			page.Load(pageOf(t, p))
			for _, found := range append(page.Requests(), page.Complaints()...) {
				t.Error("the browser says", found)
			}
			for _, scheme := range []string{"light", "dark"} {
				page.Prefer(scheme)
				for _, width := range []int{1280, 390} {
					page.Resize(width, 800)
					page.Screenshot(fmt.Sprintf("%s-%d", scheme, width))
				}
			}
			page.Eval("document.querySelectorAll('details').forEach((d) => { d.open = true })", nil)
			for _, scheme := range []string{"light", "dark"} {
				page.Prefer(scheme)
				found, looked := page.Faint()
				if len(found) > 0 || looked < 2*len(p.Steps) {
					t.Errorf("%s: of %d texts and lines these are faint: %q", scheme, looked, found)
				}
			}
			for _, width := range []int{1280, 390} {
				page.Resize(width, 800)
				if found := page.Overflowing(); len(found) > 0 {
					t.Errorf("of %d pixels: %q", width, found)
				}
			}
		})
	}
}

// A picture on its own is shown where pictures are: it needs nothing from around it.
func TestPictureAloneInABrowser(t *testing.T) {
	t.Parallel()
	p := example.Upgrade(t)
	var drawn bytes.Buffer
	if err := graph.SVG(&drawn, dossier.Graph(p, review.Of(p, nil))); err != nil {
		t.Fatal(err)
	}
	page := browser.Open(t)
	page.Resize(800, 1000)
	page.Load([]byte(`<!doctype html><title>Picture</title><img alt="" src="data:image/svg+xml;base64,` + base64.StdEncoding.EncodeToString(drawn.Bytes()) + `">`))
	page.Screenshot("picture")
	var width int
	if page.Eval("document.images[0].naturalWidth", &width); width < 300 || len(page.Complaints()) > 0 {
		t.Errorf("it is shown %d pixels wide; %q", width, page.Complaints())
	}
}

// A dozen steps are seen on one screen, in letters that can be read.
func TestADozenStepsFitAScreen(t *testing.T) {
	t.Parallel()
	page := browser.Open(t)
	page.Resize(1280, 900)
	page.Load(pageOf(t, example.Upgrade(t)))
	var size struct{ Width, Height, Letters float64 }
	page.Eval(`(() => {
		const drawing = document.querySelector(".graph");
		const { width, height } = drawing.getBoundingClientRect();
		return { width, height, letters: parseFloat(getComputedStyle(drawing.querySelector(".title")).fontSize) * width / drawing.viewBox.baseVal.width };
	})()`, &size)
	if size.Width > 1280 || size.Height > 900 || size.Letters < 10 {
		t.Errorf("the picture is %.0f × %.0f, its letters are %.1f pixels high", size.Width, size.Height, size.Letters)
	}
}

// Whoever has no mouse reaches each step in the picture, sees where he is, and gets from
// there to what there is to say of it.
func TestKeyboardReachesEachStep(t *testing.T) {
	t.Parallel()
	p := example.Upgrade(t)
	page := browser.Open(t)
	page.Resize(1280, 800)
	page.Load(pageOf(t, p))
	reached := map[string]bool{}
	for range 4 * len(p.Steps) {
		page.Press("Tab")
		what, seen := page.Focused()
		if what == "" {
			break // behind the last
		}
		reached[what] = true
		if !seen {
			t.Errorf("nobody sees that the focus is on %s", what)
		}
	}
	for _, s := range p.Steps {
		if !reached["#"+graph.Anchor(s.ID)] {
			t.Errorf("the keyboard does not reach %s in the picture", s.ID)
		}
	}
	page.Eval(`document.querySelector("a[href='#step-upgrade']").focus()`, nil)
	page.Press("Enter")
	if !unfolded(page, "step-upgrade") {
		t.Error("the box of a step does not lead to its section")
	}
}

// Whoever does not see the picture hears of each step what it shows, and of each line why it
// is there.
func TestPictureIsReadOut(t *testing.T) {
	t.Parallel()
	page := browser.Open(t)
	page.Load(pageOf(t, example.Upgrade(t)))
	links, lines := page.Heard("link"), page.Heard("group")
	for _, want := range []string{
		"before · k8s.workload · read", "Roll out web:2.4.1? · sign_off · approve · read · asks people",
		"Drain the first node · drain · k8s.drain · change · 2 gates, 1 closed now",
		"Promote the standby · promote · exec · destroy · 1 gate · point of no return", "uncordon · k8s.uncordon · change · finally",
	} {
		if !slices.Contains(links, want) {
			t.Errorf("nothing is read out as %q of %q", want, links)
		}
	}
	for _, want := range []string{"drain waits for before: a value of it is used", "sign_off waits for budget: needs names it", "upgrade waits for drain: it stands before it in the file"} {
		if !slices.Contains(lines, want) {
			t.Errorf("no line is read out as %q of %q", want, lines)
		}
	}
}

// A box of many steps leads to their names, and each of these to its step.
func TestABoxOfManyStepsLeadsToEach(t *testing.T) {
	t.Parallel()
	page := browser.Open(t)
	page.Resize(1280, 800)
	document := pageOf(t, example.Fleet(t, 98))
	page.Load(document)
	var anchor string
	page.Eval(`document.querySelector(".graph a[href^='#group-']").getAttribute("href")`, &anchor)
	page.Eval(`document.querySelector(".graph a[href^='#group-']").focus()`, nil)
	page.Press("Enter")
	if !unfolded(page, strings.TrimPrefix(anchor, "#")) {
		t.Error("the box does not lead to the names of its steps")
	}
	page.Eval(`document.querySelector(".chips a[href='#step-drain_97']").focus()`, nil)
	page.Press("Enter")
	if !unfolded(page, "step-drain_97") {
		t.Error("the name of a step does not lead to its section")
	}
}

// unfolded reports whether a part of the page comes on the screen, and not folded: at once, or
// in one of the next frames that the browser draws.
func unfolded(page *browser.Page, id string) (shown bool) {
	page.Eval(fmt.Sprintf(`new Promise((done) => {
		const part = document.getElementById(%q);
		let left = 300;
		const look = () => {
			const { top, bottom } = part.getBoundingClientRect();
			const shown = part.checkVisibility() && part.closest("details").open && top < innerHeight && bottom > 0;
			shown || left-- === 0 ? done(shown) : requestAnimationFrame(look);
		};
		look();
	})`, id), &shown)
	return shown
}
