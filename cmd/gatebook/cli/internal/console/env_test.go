package console

import (
	"os/user"
	"testing"
)

// Who approved what is what an audit is for: a variable does not make it somebody else.
func TestNameIsWhatTheSystemSays(t *testing.T) {
	t.Parallel()
	known := map[string]string{"0": "root", "7": "ann"}
	lookup := func(uid string) (*user.User, error) {
		if name, ok := known[uid]; ok {
			return &user.User{Username: name}, nil
		}
		return nil, user.UnknownUserIdError(8)
	}
	for name, test := range map[string]struct {
		uid    string
		claims map[string]string
		want   string
	}{
		"a person":                    {"7", nil, "ann"},
		"a person who says otherwise": {"7", map[string]string{"USER": "boss", "LOGNAME": "boss", "SUDO_USER": "boss"}, "ann"},
		"root":                        {"0", map[string]string{"USER": "boss"}, "root"},
		"a person who became root":    {"0", map[string]string{"SUDO_USER": "ann"}, "ann as root"},
		"root who became root":        {"0", map[string]string{"SUDO_USER": "root"}, "root"},
		"a number":                    {"8", nil, "uid 8"},
		"a number that says its name": {"8", map[string]string{"USER": "bob"}, "bob as uid 8"},
	} {
		got := nameOf(test.uid, lookup, func(variable string) string { return test.claims[variable] })
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
