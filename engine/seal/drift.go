package seal

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/value"
)

// Drift is something that is not as it was when a plan was sealed.
type Drift struct {
	What     string // "Deployment shop/web"
	Was, Now string // "generation 7"; empty: it was not there, or is not any more; both: nobody may see them
	Detail   string // more of it, a sentence without its full stop; empty: there is no more
	Untold   string // why nobody can tell whether it has changed; empty: it has
}

// String says what has changed, in one sentence and what there is to add.
func (d Drift) String() string {
	was, now := layout.Line(short(d.Was)), layout.Line(short(d.Now))
	said := ""
	switch unit := counted(was); {
	case d.Untold != "":
		said = "cannot be told now: " + layout.Line(d.Untold)
	case d.Was == "" && d.Now == "":
		said = "has another value"
	case d.Was == "":
		said = "was not seen, and is " + now + " now"
	case d.Now == "":
		said = "is not seen any more: it was " + was
	case d.Was == d.Now:
		said = "is another one of the same name: " + now
	case unit != "" && counted(now) == unit:
		said = "has moved from " + was + " to " + strings.TrimPrefix(now, unit)
	default:
		said = "has changed from " + was + " to " + now
	}
	text := layout.Line(d.What) + " " + said
	if d.Detail != "" {
		text += ". " + layout.Line(d.Detail)
	}
	return text
}

// counted returns what is counted in a version of one word and a number, as "generation " in
// "generation 7"; empty: it is no such version.
func counted(version string) string {
	word, number, _ := strings.Cut(version, " ")
	if number == "" || strings.Trim(number, "0123456789.") != "" {
		return ""
	}
	return word + " "
}

// Drift returns everything that is not as it was when the plan was sealed, by the essence of
// the plan that is made now of a runbook of that text: nothing for plans of one digest, and
// something for all others. Of what could not be looked at now it says why, and not that it
// is gone.
func (p *Plan) Drift(now Essence, text string, unseen ...Unseen) []Drift {
	was := p.Essence
	if same(was, now) {
		return nil
	}
	found := untold(&was, &now, unseen)
	found = slices.Concat(found,
		compare([]string{was.Gatebook}, []string{now.Gatebook}, func(version string) thing {
			return thing{is: Drift{What: "gatebook", Now: "version " + version}}
		}),
		compare([]string{was.Dir}, []string{now.Dir}, func(dir string) thing {
			return thing{is: Drift{What: "the folder that it works in", Now: cmp.Or(dir, "unknown")}}
		}),
		compare(was.Files, now.Files, func(f File) thing {
			is := Drift{What: "the file " + f.Name, Now: short(f.SHA256)}
			if len(now.Files) > 0 && f.Name == now.Files[0].Name { // the runbook: of the others there is no text to compare
				is.Detail = changed(p.Notes.Text, text)
			}
			return thing{name: f.Name, is: is}
		}),
		compare(was.Plugins, now.Plugins, func(p Plugin) thing {
			return thing{name: p.Name, is: Drift{What: "the plugin " + p.Name, Now: p.Version + " (" + short("sha256:"+p.SHA256) + ")"}}
		}),
		compare(was.Inputs.Members(), now.Inputs.Members(), func(m value.Member) thing {
			return thing{name: m.Name, is: Drift{What: "the input " + m.Name, Now: m.Value.String()}}
		}),
		otherSecrets(was, now),
		compare([]bool{was.Offline}, []bool{now.Offline}, func(offline bool) thing {
			looks := map[bool]string{true: "nothing (--offline)", false: "the world"}
			return thing{is: Drift{What: "what the plan was made to look at", Now: looks[offline]}}
		}),
		compare(was.Targets, now.Targets, func(t Target) thing {
			return thing{name: t.Connection, is: Drift{What: "what the connection " + t.Connection + " reaches", Now: t.Title, Detail: "Its id is " + strings.TrimSpace(t.ID)}}
		}),
		compare(was.Observed, now.Observed, func(s Seen) thing {
			return thing{name: s.Step + " " + s.Kind + " " + s.Name, id: s.ID, is: Drift{What: s.Kind + " " + s.Name, Now: s.Version}}
		}),
	)
	told := make(map[Drift]bool)
	found = slices.DeleteFunc(found, func(d Drift) bool { // what several steps have looked at
		defer func() { told[d] = true }()
		return told[d]
	})
	switch {
	case len(found) > 0: // what the steps would do follows from it
		return found
	case was.Plan != now.Plan:
		return []Drift{{What: "what the plan would do", Was: short(was.Plan), Now: short(now.Plan)}}
	default:
		return []Drift{{What: "something of what the plan was made of"}} // as its order, which no plan that is made again has
	}
}

// In returns the plan as it would have been in another folder. Its digest stays what people
// have approved.
func (p *Plan) In(dir string) *Plan {
	moved := *p
	moved.Essence.Dir = dir
	return &moved
}

// same reports whether two things are written alike, which is how they are hashed.
func same[T any](a, b T) bool {
	one, err := json.Marshal(a)
	other, failed := json.Marshal(b)
	return err == nil && failed == nil && string(one) == string(other)
}

// thing is something that a plan was made of.
type thing struct {
	name string // by which it is found again
	id   string // tells it from others of the name; empty: nothing does
	is   Drift  // what it is now
}

// compare finds what differs between two lists, in the order of the second. Of several things
// of one name, those are taken for the same that are alike, else those of one id.
func compare[T any](was, now []T, about func(T) thing) []Drift {
	left := make(map[string][]T, len(was)) // by name, what has no counterpart
	for _, one := range was {
		name := about(one).name
		left[name] = append(left[name], one)
	}
	counterparts := make([]*T, len(now))
	for _, alike := range []func(old, one T) bool{
		same[T],
		func(old, one T) bool { return about(old).id != "" && about(old).id == about(one).id },
		func(T, T) bool { return true },
	} {
		for i, one := range now {
			name := about(one).name
			at := slices.IndexFunc(left[name], func(old T) bool { return counterparts[i] == nil && alike(old, one) })
			if at >= 0 {
				old := left[name][at]
				counterparts[i], left[name] = &old, slices.Delete(left[name], at, at+1)
			}
		}
	}
	var found []Drift
	for i, one := range now {
		if old := counterparts[i]; old == nil {
			found = append(found, about(one).is)
		} else if !same(*old, one) {
			found = append(found, about(one).after(about(*old)))
		}
	}
	for _, one := range was {
		gone := about(one)
		if rest := left[gone.name]; len(rest) > 0 && same(rest[0], one) {
			left[gone.name] = rest[1:]
			gone.is.Was, gone.is.Now, gone.is.Detail = gone.is.Now, "", ""
			found = append(found, gone.is)
		}
	}
	return found
}

// after is how a thing has changed. One of another id is another one, and has not moved from
// what the first one was.
func (t thing) after(old thing) Drift {
	is := t.is
	if is.Was = old.is.Now; old.id != t.id && is.Was != is.Now && old.id != "" && t.id != "" {
		is.Was, is.Detail = is.Now, "The one before was "+short(old.is.Now)
	}
	return is
}

// otherSecrets names the secret inputs that have another value. Those that are there no more
// are missed among the inputs.
func otherSecrets(was, now Essence) []Drift {
	var found []Drift
	for _, name := range slices.Sorted(maps.Keys(was.Secrets)) {
		if hash, still := now.Secrets[name]; still && hash != was.Secrets[name] {
			found = append(found, Drift{What: "the secret input " + name})
		}
	}
	return found
}

// digits is how much of a digest is shown of something that has changed.
const digits = len("sha256:") + 12

func short(digest string) string {
	if len(digest) <= digits || !strings.HasPrefix(digest, "sha256:") {
		return digest
	}
	return digest[:digits] + "…"
}

// changed says where a text differs first, in one sentence; empty: it does not.
func changed(was, now string) string {
	before, after := lines(was), lines(now)
	for i := range max(len(before), len(after)) {
		switch {
		case i >= len(before):
			return fmt.Sprintf("Line %d is new: %s", i+1, strings.TrimSpace(after[i]))
		case i >= len(after):
			return fmt.Sprintf("Line %d is gone: %s", i+1, strings.TrimSpace(before[i]))
		case before[i] != after[i] && strings.TrimSpace(before[i]) == strings.TrimSpace(after[i]):
			return fmt.Sprintf("Line %d was %q and is %q: its blanks or its end are others", i+1, before[i], after[i])
		case before[i] != after[i]:
			return fmt.Sprintf("Line %d was %s and is %s", i+1, strings.TrimSpace(before[i]), strings.TrimSpace(after[i]))
		}
	}
	return ""
}

// lines splits a text as people count its lines.
func lines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }
