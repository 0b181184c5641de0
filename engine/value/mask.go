package value

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// shortestMasked is the length in bytes from which a secret is looked for inside
// other text: a shorter one would hide half of every text that it is not in.
const shortestMasked = 4

// Masker finds secrets in text that comes from outside, in every encoding in which
// they usually travel: as they are, as JSON, HTML or URL-encoded, in hexadecimal, in
// base32, in base64 at any alignment, wrapped as the usual tools do, and line by line. To learn one more costs what that one costs,
// however many are known. It is safe for concurrent use; the nil Masker knows no secrets.
type Masker struct {
	mu    sync.RWMutex
	exact map[string]bool // the secrets, and whether their lines are known too
	forms map[string]bool
	// lengths are those of the forms that begin so, the longest first: a secret that is
	// part of another must not leave the rest of that one in clear.
	lengths map[[shortestMasked]byte][]int
	begins  [256]bool // the first bytes of all forms
}

// NewMasker returns a masker of every secret inside the values.
func NewMasker(values ...Value) *Masker {
	m := &Masker{
		exact: make(map[string]bool), forms: make(map[string]bool), lengths: make(map[[shortestMasked]byte][]int),
	}
	m.Learn(values...)
	return m
}

// Learn takes in every secret string, number and boolean inside the values.
func (m *Masker) Learn(values ...Value) {
	eachSecret(values, func(secret string) { m.learn(secret, true) })
}

// Derive takes in what was made of secrets, such as the parameters of an action. A text
// in which a secret is found already needs no more, and what stands on other lines of it
// than the secret is none.
func (m *Masker) Derive(values ...Value) {
	eachSecret(values, func(text string) {
		if m.Text(text) == text {
			m.learn(text, false)
		}
	})
}

// Empty reports whether no secrets are known.
func (m *Masker) Empty() bool {
	if m == nil {
		return true
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.exact) == 0
}

func eachSecret(values []Value, visit func(string)) {
	for _, v := range values {
		v.any(func(part Value) bool {
			if part.secret {
				part.eachLeaf(visit)
			}
			return false
		})
	}
}

func (v Value) eachLeaf(visit func(string)) {
	switch v.kind {
	case KindList:
		for _, item := range v.Items() {
			item.eachLeaf(visit)
		}
	case KindObject:
		for _, member := range v.Members() {
			member.Value.eachLeaf(visit)
		}
	case KindString:
		text, _ := v.AsString()
		visit(text)
	case KindInt, KindFloat, KindBool:
		if text, err := v.appendJSON(nil, inClear); err == nil {
			visit(string(text))
		}
	case KindNull, KindUnknown:
	}
}

func (m *Masker) learn(secret string, byLine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	withLines, known := m.exact[secret]
	if secret == "" || known && (withLines || !byLine) {
		return
	}
	m.exact[secret] = byLine
	for _, form := range encodings(secret) {
		if len(form) >= shortestMasked {
			m.addForm(form)
		}
	}
	if !byLine {
		return
	}
	// What prints a key of several lines prints it line by line.
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); len(line) >= 2*shortestMasked {
			m.addForm(line)
		}
	}
}

func (m *Masker) addForm(form string) {
	if m.forms[form] {
		return
	}
	m.forms[form] = true
	m.begins[form[0]] = true
	start := [shortestMasked]byte([]byte(form[:shortestMasked]))
	lengths := m.lengths[start]
	at, known := slices.BinarySearchFunc(lengths, len(form), func(a, b int) int { return cmp.Compare(b, a) })
	if !known {
		m.lengths[start] = slices.Insert(lengths, at, len(form))
	}
}

// found returns the length of the longest form that text begins with, or 0.
func (m *Masker) found(text string) int {
	if len(text) < shortestMasked || !m.begins[text[0]] {
		return 0
	}
	for _, length := range m.lengths[[shortestMasked]byte([]byte(text[:shortestMasked]))] {
		if length <= len(text) && m.forms[text[:length]] {
			return length
		}
	}
	return 0
}

// Text returns text with every secret in it replaced by [Mask].
func (m *Masker) Text(text string) string {
	if m == nil {
		return text
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if _, known := m.exact[text]; known {
		return Mask
	}
	var masked strings.Builder
	shown := 0
	for at := 0; at < len(text); {
		length := m.found(text[at:])
		if length == 0 {
			at++
			continue
		}
		masked.WriteString(text[shown:at])
		masked.WriteString(Mask)
		at += length
		shown = at
	}
	if shown == 0 {
		return text
	}
	masked.WriteString(text[shown:])
	return masked.String()
}

// is reports whether a text is a secret as it is.
func (m *Masker) is(text []byte) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	_, known := m.exact[string(text)]
	return known
}

// Value returns v with every string that holds a secret, every number that is one, and
// every object that is keyed by one marked as secret, and reports whether there was
// any: what is marked is still there for those who compute with it, and never shown.
func (m *Masker) Value(v Value) (Value, bool) {
	if m == nil || v.secret {
		return v, false
	}
	found := false
	switch v.kind {
	case KindString:
		text, _ := v.AsString()
		if m.Text(text) != text {
			return v.Secret(), true
		}
	case KindList:
		items := slices.Clone(v.Items())
		for i := range items {
			var inside bool
			items[i], inside = m.Value(items[i])
			found = found || inside
		}
		if found {
			return List(items...), true
		}
	case KindObject:
		members := slices.Clone(v.Members())
		for i := range members {
			if m.Text(members[i].Name) != members[i].Name {
				return v.Secret(), true // a name cannot be marked by itself
			}
			var inside bool
			members[i].Value, inside = m.Value(members[i].Value)
			found = found || inside
		}
		if found {
			return Object(members...), true
		}
	case KindInt, KindFloat:
		if text, err := v.appendJSON(nil, inClear); err == nil && m.is(text) {
			return v.Secret(), true
		}
	case KindNull, KindBool, KindUnknown:
	}
	return v, found
}
