package sdk

import "strings"

// Target is what a connection reached: a cluster, an account. A run keeps it in mind, and
// does nothing to another.
type Target struct {
	// ID is the same for as long as the target is the same, whatever its address and
	// whoever asks, and no other target has it: a UID, the number of an account.
	ID string `json:"id" doc:"Tells it from every other target of the plugin."`
	// Also is what else tells it from others, the surest first, where not everybody may see
	// what ID says. Each is KIND:VALUE then, of a kind of its own, and so is ID:
	// "account:4711". Two targets are the same where they are by the surest kind that both have.
	Also []string `json:"also,omitempty" doc:"What else tells it from every other target, the surest first."`
	// Title names it for people, with who one is there: "https://10.0.0.1:6443 as deployer".
	Title string `json:"title" doc:"Its name for people."`
}

// Names are all that it is known by, the surest first.
func (t Target) Names() []string { return append([]string{t.ID}, t.Also...) }

// KindOf is what a name of a target is of, as "account" of "account:4711"; empty where it does
// not say.
func KindOf(name string) string {
	kind, _, says := strings.Cut(name, ":")
	if !says {
		return ""
	}
	return kind
}

// IsOther reports whether two targets of one plugin are surely two: by the surest kind of name
// that both have. Of what no plugin could name nobody can tell.
func (t Target) IsOther(than Target) bool {
	if t.ID == "" || than.ID == "" {
		return false
	}
	for _, name := range t.Names() {
		for _, other := range than.Names() {
			if KindOf(name) == KindOf(other) {
				return name != other
			}
		}
	}
	return false
}

// Validate says what is wrong with the names of a target that has several: without a kind
// of its own none can be held against that of another day, and the same target would be
// taken for another.
func (t Target) Validate() error {
	if len(t.Also) == 0 {
		return nil
	}
	kinds := make(map[string]bool, len(t.Also)+1)
	for _, name := range t.Names() {
		kind, value, says := strings.Cut(name, ":")
		switch {
		case !says || kind == "" || value == "":
			return Errorf(Permanent, "what was reached has several names, and one is not KIND:VALUE: %q. That is a fault of the plugin", name)
		case kinds[kind]:
			return Errorf(Permanent, "what was reached has two names of the kind %s, which is a fault of the plugin", kind)
		}
		kinds[kind] = true
	}
	return nil
}
