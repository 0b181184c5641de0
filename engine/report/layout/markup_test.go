package layout_test

import (
	"testing"

	"github.com/gatebook/gatebook/engine/report/layout"
)

// A host looks for people and issues where entities are read already: they are broken by a
// blank of no width, also where HTML stands within Markdown.
func TestNobodyIsMentioned(t *testing.T) {
	t.Parallel()
	text := layout.Style{Colour: true}.Bold("@all") + " see #12 & GH-7, <b>"
	if got, want := layout.Markdown(text), "**@&#8203;all** see #&#8203;12 &amp; GH-&#8203;7, &lt;b&gt;"; got != want {
		t.Errorf("Markdown: %s, want %s", got, want)
	}
	if got, want := layout.Summary(text), "<b>@&#8203;all</b> see #&#8203;12 &amp; GH-&#8203;7, &lt;b&gt;"; got != want {
		t.Errorf("Summary: %s, want %s", got, want)
	}
}
