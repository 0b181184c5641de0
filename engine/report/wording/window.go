package wording

import (
	"fmt"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/window"
)

// Overrides says which windows count as open by a person's word; empty: none does.
func Overrides(overrides []event.Override) string {
	said := make([]string, len(overrides))
	for i, o := range overrides {
		said[i] = fmt.Sprintf("the window %s is overridden by %s: %s", layout.Line(o.Window), layout.Line(o.By), layout.Line(o.Reason))
	}
	return strings.Join(said, "; ")
}

// Closed says which windows are closed, and when each opens; empty: none is.
func Closed(windows []event.Closed, now time.Time) string {
	said := make([]string, len(windows))
	for i, w := range windows {
		said[i] = layout.Line(w.Window) + " does not open"
		if w.Shut != nil {
			said[i] = layout.Line(w.Window) + " " + window.NotBefore(*w.Shut, now)
		}
		if w.Opens != nil {
			said[i] = layout.Line(w.Window) + " opens " + window.When(*w.Opens, now) + " " + layout.Line(w.Zone)
			if left := w.Opens.Sub(now); left > 0 {
				said[i] += ", in " + window.Lasting(left)
			}
		}
	}
	return strings.Join(said, "; ")
}
