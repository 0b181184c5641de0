// Package opening makes the windows of a typed runbook ready to be asked, with the calendars
// that they name, and finds what is wrong with them.
//
// It reads no disk: whoever checks a runbook brings the calendars, from where the runbook came
// from. When a window is open is the business of engine/window. Floor 4.
package opening

import (
	"errors"
	"io/fs"
	"time"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/window"
)

// Read brings a file that a runbook names, as it is seen from the runbook's folder. Its error
// says why it cannot be read in a way that people understand; that the file is not there is
// an [fs.ErrNotExist].
type Read func(name string) (*source.File, error)

// Windows are the windows of a runbook.
type Windows struct {
	ByName map[string]*window.Window
	// Files are the calendars that were read, each once, by the names that the runbook has for
	// them, in its order.
	Files []File
}

// File is a file that a runbook names.
type File struct {
	Name string // as the runbook says it
	Text []byte
}

// Of makes the windows of a runbook ready. A window with faults is there all the same, and
// never open, so that conditions over it have no faults of their own.
func Of(runbook *model.Runbook, read Read) (Windows, diag.List) {
	m := maker{read: read, made: Windows{ByName: map[string]*window.Window{}}, calendars: map[string]*source.File{}, sets: map[in]window.Set{}}
	for _, entry := range runbook.Windows.Entries {
		if entry.Value != nil {
			m.made.ByName[entry.Key.Value] = m.window(entry.Value)
		}
	}
	return m.made, m.found
}

type maker struct {
	read      Read
	made      Windows
	calendars map[string]*source.File // by name; nil: it cannot be read, and that is said
	sets      map[in]window.Set
	found     diag.List
}

// in is a calendar, read in a time zone.
type in struct{ calendar, zone string }

func (m *maker) add(found diag.Diagnostic) { m.found = append(m.found, found) }

func (m *maker) window(w *model.Window) *window.Window {
	made := &window.Window{Zone: time.UTC}
	if w.Timezone.Node == nil {
		return made // the model's finding
	}
	zone, err := window.Zone(w.Timezone.Value)
	if err != nil {
		m.add(diag.BadTimezone.At(w.Timezone.Range(), "%s", diag.OfError(err)).WithHint("%s", zoneHint(w.Timezone.Value)))
		zone = time.UTC // to see what else is wrong
	}
	made.Zone = zone
	if w.Duration.Value > window.LongestOpening {
		m.add(diag.LongWindow.At(w.Duration.Range(), "It stays open for %s at a time; at most %s are allowed.", w.Duration.Value, window.LongestOpening))
		return made
	}
	made.Opens = m.opens(w, zone)
	for _, freeze := range w.Freeze.Items {
		if freeze != nil {
			made.Freezes = made.Freezes.Join(m.freeze(freeze, zone))
		}
	}
	return made
}

// opens is when a window opens.
func (m *maker) opens(w *model.Window, zone *time.Location) window.Set {
	var set window.Set
	var faults []window.Fault
	switch {
	case w.Cron.Node != nil && w.Duration.Node != nil:
		set, faults = window.Cron(w.Cron.Value, w.Duration.Value, zone)
		m.place(diag.BadCron, w.Cron, faults)
	case w.Rule.Node != nil && w.Start.Node != nil && w.Duration.Node != nil:
		if start, ok := m.local(w.Start); ok {
			set, faults = window.Rule(w.Rule.Value, start, w.Duration.Value, zone)
			m.place(diag.BadRecurrence, w.Rule, faults)
		}
	case w.Calendar.Node != nil:
		set = m.calendar(w.Calendar, zone)
	}
	return set
}

// place makes findings of faults in a text.
func (m *maker) place(rule *diag.Rule, text model.Text, faults []window.Fault) {
	for _, fault := range faults {
		found := rule.At(text.Node.RangeOf(fault.Start, fault.End), "%s", diag.Clean(fault.Text))
		if fault.Hint != "" {
			found = found.WithHint("%s", fault.Hint)
		}
		m.add(found)
	}
}

// local reads a local time.
func (m *maker) local(text model.Text) (window.Local, bool) {
	read, err := window.ParseLocal(text.Value)
	if err != nil {
		m.add(diag.BadLocalTime.At(text.Range(), "%s", diag.OfError(err)))
	}
	return read, err == nil
}

func (m *maker) freeze(f *model.Freeze, zone *time.Location) window.Set {
	if f.Calendar.Node != nil {
		return m.calendar(f.Calendar, zone)
	}
	if f.From.Node == nil || f.Until.Node == nil {
		return window.Set{} // the model's finding
	}
	from, ok := m.local(f.From)
	until, too := m.local(f.Until)
	if !ok || !too {
		return window.Set{}
	}
	if !until.In(zone).After(from.In(zone)) {
		m.add(diag.BadLocalTime.At(f.Until.Range(), "The freeze ends before it begins, or as it does.").
			WithRelated(f.From.Range(), "its beginning").WithHint("until is not part of it: for one day, write the next"))
		return window.Set{}
	}
	return window.Period(from, until, zone, diag.Clean(f.Reason.Value))
}

// calendar is when the events of a calendar are.
func (m *maker) calendar(name model.Text, zone *time.Location) window.Set {
	key := in{name.Value, zone.String()}
	if set, known := m.sets[key]; known {
		return set
	}
	file, known := m.calendars[name.Value]
	if !known {
		file = m.bring(name)
		m.calendars[name.Value] = file
	}
	if file == nil {
		return window.Set{}
	}
	set, faults := window.Calendar(file.Text(), zone)
	for _, fault := range faults {
		m.add(diag.BadCalendar.At(file.Range(fault.Start, fault.End), "%s", diag.Clean(fault.Text)).
			WithRelated(name.Range(), "the window that it is for"))
	}
	m.sets[key] = set
	return set
}

// bring reads a calendar; nil where it cannot be read, which is said once.
func (m *maker) bring(name model.Text) *source.File {
	if m.read == nil {
		m.add(diag.NoCalendar.At(name.Range(), "Of this runbook it is not known where it lies, and so not what %q is.", diag.Clean(name.Value)))
		return nil
	}
	file, err := m.read(name.Value)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		m.add(diag.NoCalendar.At(name.Range(), "There is no file %q.", diag.Clean(name.Value)))
	case err != nil:
		m.add(diag.NoCalendar.At(name.Range(), "%s", diag.OfError(err)))
	default:
		m.made.Files = append(m.made.Files, File{name.Value, file.Text()})
		return file
	}
	return nil
}

// zoneHint says how to mend the name of a time zone.
func zoneHint(name string) string {
	common := []string{
		"UTC", "Africa/Johannesburg", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/New_York", "America/Sao_Paulo",
		"Asia/Dubai", "Asia/Hong_Kong", "Asia/Kolkata", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney",
		"Europe/Amsterdam", "Europe/Berlin", "Europe/Dublin", "Europe/London", "Europe/Madrid", "Europe/Paris", "Europe/Zurich", "Pacific/Auckland",
	}
	if near, ok := diag.Nearest(name, common); ok {
		return "did you mean " + near + "?"
	}
	return "write a name such as UTC, Europe/Berlin or Asia/Shanghai"
}
