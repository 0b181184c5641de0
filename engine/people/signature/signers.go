package signature

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// Signers are the people who may sign, with their keys: the lines of a file of allowed
// signers.
type Signers struct{ entries []entry }

// entry is one line: a key, and of whom it is.
type entry struct {
	principals    string // a list of patterns
	key           Key
	namespaces    string // a list of patterns; empty: any
	after, before time.Time
}

// Fault is what is wrong with a line of a file of allowed signers.
type Fault struct {
	Line    int // from 1
	Message string
}

// maxLines is how many lines a file of allowed signers may have.
const maxLines = 10_000

// ParseSigners reads a file of allowed signers: a line for each key, of principals,
// options, and the key. With faults, what is good is read all the same.
func ParseSigners(text []byte) (Signers, []Fault) {
	var read Signers
	var faults []Fault
	number := 0
	for line := range bytes.Lines(text) {
		if number++; number > maxLines {
			return read, append(faults, Fault{number, fmt.Sprintf("there are more than %d lines", maxLines)})
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		one, err := parseEntry(string(line))
		if err != nil {
			faults = append(faults, Fault{number, err.Error()})
			continue
		}
		read.entries = append(read.entries, one)
	}
	return read, faults
}

func parseEntry(line string) (entry, error) {
	principals, rest, err := cutWord(line)
	if err != nil {
		return entry{}, err
	}
	made := entry{principals: unquoted(principals)}
	if strings.Trim(made.principals, ",") == "" {
		return entry{}, errors.New("it names no principal, as ann@example.com")
	}
	if rest == "" {
		return entry{}, errors.New("it has no key: a line is PRINCIPALS [OPTIONS] KEY, as in ann@example.com ssh-ed25519 AAAA…")
	}
	if first, _, _ := strings.Cut(rest, " "); !isKeyKind(first) {
		var options string
		if options, rest, err = cutWord(rest); err != nil {
			return entry{}, err
		}
		if err := made.options(options); err != nil {
			return entry{}, err
		}
	}
	public, _, options, _, err := ssh.ParseAuthorizedKey([]byte(rest))
	if err != nil || len(options) > 0 {
		return entry{}, errors.New("its key cannot be read: it stands as in a .pub file, ssh-ed25519 AAAA…")
	}
	made.key = keyOf(public)
	return made, usable(public)
}

// isKeyKind reports whether a word begins a key.
func isKeyKind(word string) bool {
	return strings.HasPrefix(word, "ssh-") || strings.HasPrefix(word, "ecdsa-") || strings.HasPrefix(word, "sk-")
}

// cutWord cuts a line at the first space or tab that is in no quotes.
func cutWord(line string) (word, rest string, err error) {
	quoted := false
	for i := range len(line) {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '\t'):
			return line[:i], strings.TrimLeft(line[i:], " \t"), nil
		}
	}
	if quoted {
		return "", "", errors.New("a quote is not closed")
	}
	return line, "", nil
}

func unquoted(word string) string {
	if len(word) >= 2 && word[0] == '"' && word[len(word)-1] == '"' {
		return word[1 : len(word)-1]
	}
	return word
}

// options reads what stands between the principals and the key.
func (e *entry) options(text string) (err error) {
	seen := map[string]bool{}
	for _, option := range splitOptions(text) {
		name, given, _ := strings.Cut(option, "=")
		name, given = strings.ToLower(name), unquoted(given)
		if seen[name] {
			return fmt.Errorf("the option %s stands twice", name)
		}
		seen[name] = true
		switch name {
		case "namespaces":
			if e.namespaces = given; given == "" {
				err = errors.New("the option namespaces names none")
			}
		case "valid-after":
			e.after, err = validTime(name, given)
		case "valid-before":
			e.before, err = validTime(name, given)
		case "cert-authority":
			err = errors.New("gatebook takes no certificates, so that cert-authority names nobody: list each person's own key")
		default:
			err = fmt.Errorf("%q is no option of allowed signers; these are namespaces, valid-after and valid-before", name)
		}
		if err != nil {
			return err
		}
	}
	if !e.after.IsZero() && !e.before.IsZero() && !e.after.Before(e.before) {
		return errors.New("the key is never valid: valid-before is not after valid-after")
	}
	return nil
}

// splitOptions splits at the commas that are in no quotes.
func splitOptions(text string) []string {
	quoted := false
	return strings.FieldsFunc(text, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ',' && !quoted
	})
}

// validTime reads a time of an option. One without Z is of the time zone of the machine that
// reads it, so that two would not agree of whom a key is.
func validTime(option, text string) (time.Time, error) {
	bare, utc := strings.CutSuffix(text, "Z")
	layouts := map[int]string{8: "20060102", 12: "200601021504", 14: "20060102150405"}
	at, err := time.Parse(cmp.Or(layouts[len(bare)], "none"), bare)
	switch {
	case err != nil:
		return at, fmt.Errorf("%s=%q is no time as 20261231Z or 202612312359Z", option, text)
	case !utc:
		return at, fmt.Errorf("%s=%q does not say in which time zone: write %sZ, for UTC", option, text, bare)
	}
	return at, nil
}

// Check says why a key is not that of a principal at some time; nil: it is.
func (s Signers) Check(principal string, key Key, at time.Time) error {
	named, why := false, error(nil)
	for _, e := range s.entries {
		if !matches(e.principals, principal) {
			continue
		}
		named = true
		if e.key != key {
			continue
		}
		refusal := e.refusal(at)
		if refusal == nil {
			return nil
		}
		why = cmp.Or(why, refusal)
	}
	switch {
	case why != nil:
		return why
	case named:
		return fmt.Errorf("the key %s is not one of %s in the file of allowed signers", key.Fingerprint(), principal)
	}
	return fmt.Errorf("%s is not in the file of allowed signers", principal)
}

// refusal says why an entry's own key does not count at a time.
func (e entry) refusal(at time.Time) error {
	switch {
	case e.namespaces != "" && !matches(e.namespaces, Namespace):
		return fmt.Errorf("the file of allowed signers has the key for %s, and not for %s", e.namespaces, Namespace)
	case !e.after.IsZero() && at.Before(e.after):
		return fmt.Errorf("the key is valid only after %s", e.after.Format(time.RFC3339))
	case !e.before.IsZero() && !at.Before(e.before):
		return fmt.Errorf("the key has expired, at %s", e.before.Format(time.RFC3339))
	}
	return nil
}

// Principals returns the names that the file gives to a key, without those that are
// patterns: whom its owner may mean to be.
func (s Signers) Principals(key Key) []string {
	var names []string
	for _, e := range s.entries {
		if e.key != key {
			continue
		}
		for name := range strings.SplitSeq(e.principals, ",") {
			if name != "" && !strings.ContainsAny(name, "*?!") && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// Gone returns a principal, and a key of theirs by which they sign at a time, that other signers
// do not take from anybody any more; false: there is none.
func (s Signers) Gone(others Signers, at time.Time) (principals string, key Key, is bool) {
	for _, e := range s.entries {
		if e.refusal(at) == nil && !slices.ContainsFunc(others.entries, func(o entry) bool { return o.key == e.key && o.refusal(at) == nil }) {
			return e.principals, e.key, true
		}
	}
	return "", Key{}, false
}

// None reports whether the file names nobody.
func (s Signers) None() bool { return len(s.entries) == 0 }

// Names reports whether some key is that of a principal at any time.
func (s Signers) Names(principal string) bool {
	return slices.ContainsFunc(s.entries, func(e entry) bool { return matches(e.principals, principal) })
}

// Gives reports whether some line of the file gives a key to a principal, be it a pattern,
// at another time or for something else: whoever has the key is that person.
func (s Signers) Gives(key Key, principal string) bool {
	return slices.ContainsFunc(s.entries, func(e entry) bool { return e.key == key && matches(e.principals, principal) })
}

// Covers reports whether every key of one principal is one of another too.
func (s Signers) Covers(principal, one string) bool {
	return !slices.ContainsFunc(s.entries, func(e entry) bool { return matches(e.principals, one) && !s.Gives(e.key, principal) })
}

// matches reports whether a word is in a list of patterns, in which * is any text and ? any
// letter, and no pattern after ! matches it.
func matches(list, word string) bool {
	found := false
	for pattern := range strings.SplitSeq(list, ",") {
		pattern, negated := strings.CutPrefix(pattern, "!")
		if pattern == "" || !like(pattern, word) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

// like reports whether a word is as a pattern says. It takes no longer than the product of
// their lengths, whatever they are.
func like(pattern, word string) bool {
	star, back := -1, 0
	p, w := 0, 0
	for w < len(word) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, back = p, w
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == word[w]):
			p++
			w++
		case star >= 0: // the last * takes one letter more
			back++
			p, w = star+1, back
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
