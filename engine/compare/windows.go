package compare

import (
	"time"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/value"
)

// windows compares when something may be changed, from a time on: not by how a window or a
// calendar is written, but by when it is open.
func (c *comparer) windows(was, is expr.Windows, now time.Time) {
	const section = "windows"
	before, after := c.Before.Section(section), c.After.Section(section)
	for _, name := range names(before, after) {
		old, had := before.Get(name)
		made, has := after.Get(name)
		change := Change{Risk: Undecided, Aspect: AWindow, At: c.place(section, name), Before: inFile(old, old, had), After: inFile(made, made, has)}
		switch {
		case !had:
			change.What = "the window " + name + " is new"
		case !has:
			change.What = "the window " + name + " is gone"
		case old.Equal(made) && !c.otherCalendars(old, made):
			continue
		default:
			change = hours(change, name, was, is, now)
		}
		c.add(change)
	}
}

// otherCalendars reports whether a calendar of a window, which is written as it was, has
// changed: of those that the window uses itself, or for a freeze.
func (c *comparer) otherCalendars(windows ...value.Value) bool {
	was, is := map[string]string{}, map[string]string{}
	for _, file := range c.Before.Plan.Runbook.Files {
		was[file.Name] = file.Digest
	}
	for _, file := range c.After.Plan.Runbook.Files {
		is[file.Name] = file.Digest
	}
	for _, w := range windows {
		for _, name := range calendars(w) {
			if was[name] != is[name] {
				return true
			}
		}
	}
	return false
}

// calendars are the calendars that a window names, as the file says it.
func calendars(w value.Value) []string {
	const key = "calendar"
	var found []string
	freezes, _ := w.Get("freeze")
	for _, of := range append(freezes.Items(), w) {
		if named, ok := of.Get(key); ok {
			if name, ok := named.AsString(); ok {
				found = append(found, name)
			}
		}
	}
	return found
}

// hours says of a window that is another one whether it is open for longer, with the first
// time at which it is.
func hours(change Change, name string, was, is expr.Windows, now time.Time) Change {
	hours := is[name].Against(was[name], now)
	switch {
	case hours.More != "" && hours.Less != "":
		change.What = "the window " + name + " is open at other times"
	case hours.More != "":
		change.Risk, change.What = Higher, "the window "+name+" is open for longer"
	case hours.Less != "":
		change.What = "the window " + name + " is open for less time"
		if hours.Whole {
			change.Risk = Lower
		}
	case hours.Whole:
		change.Risk, change.What = Same, "the window "+name+" has changed, and is open at the same times for ten years"
	default:
		change.What = "the window " + name + " has changed"
	}
	if change.Before == change.After {
		change.What += ", by its calendar"
		change.Before, change.After = "", ""
	}
	switch {
	case hours.More != "":
		change.Example = "it is open now, and was not, " + hours.More
	case hours.Less != "":
		change.Example = "it was open, and is not now, " + hours.Less
	}
	return change
}
