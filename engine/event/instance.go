package event

import (
	"strconv"
	"strings"
)

// InstanceID names one instance of a step with foreach: STEP["KEY"], as commands, the
// journal and reports do.
func InstanceID(step, key string) string { return step + "[" + strconv.Quote(key) + "]" }

// InsideID names a step of a runbook that another step, or an instance of it, takes in:
// WITHIN.STEP.
func InsideID(within, step string) string { return within + "." + step }

// SplitInstance returns the step and the key that an id names; ok is false where it names
// no instance. A step of what an instance takes in is none by itself.
func SplitInstance(id string) (step, key string, ok bool) {
	parts, whole := partsOf(id)
	last := parts[len(parts)-1]
	if !whole || last.quoted == "" {
		return "", "", false
	}
	key, err := strconv.Unquote(last.quoted)
	return id[:len(id)-len(last.quoted)-len("[]")], key, err == nil
}

// SplitInside returns the step that takes in the runbook that an id names a step of, and what
// it is called there; ok is false where it names a step of the runbook itself.
func SplitInside(id string) (within, step string, ok bool) {
	parts, whole := partsOf(id)
	if !whole || len(parts) == 1 {
		return "", id, false
	}
	at := parts[len(parts)-1].start
	return id[:at-1], id[at:], true
}

// Template is an id without the keys of instances: that of the step as the runbook has it.
func Template(id string) string {
	if !strings.Contains(id, "[") {
		return id
	}
	parts, whole := partsOf(id)
	if !whole {
		return id
	}
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.name
	}
	return strings.Join(names, ".")
}

// part is one step on the way to a step: its name, and the key of its instance as it is quoted.
type part struct {
	name, quoted string
	start        int
}

// partsOf takes an id apart, of which there is one part at least; whole is false where it is
// none. A key may hold whatever else an id is made of.
func partsOf(id string) (parts []part, whole bool) {
	for at := 0; ; {
		p := part{start: at}
		end := strings.IndexAny(id[at:], ".[")
		if end < 0 {
			p.name = id[at:]
			return append(parts, p), true
		}
		p.name = id[at : at+end]
		at += end
		if id[at] == '[' {
			quoted, err := strconv.QuotedPrefix(id[at+1:])
			at += 1 + len(quoted)
			if err != nil || !strings.HasPrefix(id[at:], "]") {
				return append(parts, p), false
			}
			p.quoted = quoted
			at++
		}
		parts = append(parts, p)
		switch {
		case at == len(id):
			return parts, true
		case id[at] != '.':
			return parts, false
		}
		at++
	}
}
