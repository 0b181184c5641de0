package browser_test

import (
	"testing"

	"github.com/gatebook/gatebook/engine/report/internal/browser"
)

// What no page of ours does must be seen where a page does it.
func TestFaultsOfAPageAreFound(t *testing.T) {
	t.Parallel()
	page := browser.Open(t)
	page.Resize(400, 300)
	page.Load([]byte(`<!doctype html><meta http-equiv="Content-Security-Policy" content="script-src 'none'"><meta name="viewport" content="width=device-width"><title>Bad</title>
<style>a:focus { outline: none }</style>
<p style="color: #888; width: 500px">faint and wide</p><a href="#here">unseen</a>
<img src="missing.png" alt=""><script>console.log(1)</script>`))
	if len(page.Requests()) == 0 {
		t.Error("a request is not seen")
	}
	if len(page.Complaints()) == 0 {
		t.Error("an error is not seen")
	}
	if found, looked := page.Faint(); len(found) != 1 || looked != 2 {
		t.Errorf("of %d texts these are faint: %q", looked, found)
	}
	if found := page.Overflowing(); len(found) < 2 {
		t.Errorf("these overflow: %q", found)
	}
	page.Press("Tab")
	if what, seen := page.Focused(); what != "#here" || seen {
		t.Errorf("the focus is on %q, seen: %t", what, seen)
	}
}
