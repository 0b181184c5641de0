package plugintest

import "testing"

// Faults returns what one check finds.
func Faults(t *testing.T, name string, p Plugin) []string {
	t.Helper()
	for _, c := range checks() {
		if c.name == name {
			return c.faults(t, p)
		}
	}
	t.Fatalf("there is no check %q", name)
	return nil
}

// Checks are the names of all of them.
func Checks() []string {
	var names []string
	for _, c := range checks() {
		names = append(names, c.name)
	}
	return names
}
