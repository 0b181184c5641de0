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

// cutMark stands where text was cut off or something was cut out of it: who cuts text
// that may hold a secret writes it there, so that the masker knows to look for parts.
const cutMark = "…"

// Masker finds secrets in text that comes from outside, in the encodings in which they
// usually travel: as they are, quoted for a shell or in a string of a program, as JSON,
// HTML or URL-encoded, in hexadecimal, in base32, in base64 at any alignment, wrapped as
// the usual tools do, and line by line; and, where text was cut (…), the part of one that
// is left beside the cut. To learn one more costs what that one costs, however many are
// known. It is safe for concurrent use; the nil Masker knows no secrets.
type Masker struct {
	mu    sync.RWMutex
	exact map[string]bool // the secrets, and whether their lines are known too
	forms forms
	bare  forms // of those secrets that may be quoted: see [bareForms]
	// beginning and ending hold the forms by how they begin and end, to find what is left
	// of one that was cut.
	beginning, ending map[[shortestMasked]byte][]string
	longest           int // in bytes
}

// NewMasker returns a masker of every secret inside the values.
func NewMasker(values ...Value) *Masker {
	m := &Masker{
		exact: make(map[string]bool), forms: newForms(), bare: newForms(),
		beginning: make(map[[shortestMasked]byte][]string), ending: make(map[[shortestMasked]byte][]string),
	}
	m.Learn(values...)
	return m
}

// Learn takes in every secret string and number inside the values. A boolean is no
// secret of its own: every "true" would be hidden, and tell that it is one.
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
		if made, ok := v.data.(*joined); ok {
			eachSecret(made.parts, visit)
		}
		text, _ := v.AsString()
		visit(text)
	case KindInt, KindFloat:
		if text, err := v.appendJSON(nil, inClear); err == nil {
			visit(string(text))
		}
	case KindBool, KindNull, KindUnknown:
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
		m.addForm(form)
	}
	m.addBare(secret)
	if !byLine {
		return
	}
	// What prints a key of several lines prints it line by line, and what takes the
	// escapes of a key in JSON for such makes several lines of it.
	for _, text := range []string{secret, unescaped(secret)} {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); len(line) >= 2*shortestMasked {
				m.addForm(line)
				m.addBare(line)
			}
		}
	}
}

// addBare takes in a text for where it is quoted.
func (m *Masker) addBare(text string) {
	if isEverBare(text) {
		return
	}
	for _, form := range bareForms(text) {
		m.bare.add(form)
	}
}

func (m *Masker) addForm(form string) {
	if !m.forms.add(form) {
		return
	}
	m.longest = max(m.longest, len(form))
	start, end := gram(form), gram(form[len(form)-shortestMasked:])
	m.beginning[start] = append(m.beginning[start], form)
	m.ending[end] = append(m.ending[end], form)
}

// forms is a set of texts, to be found inside of others.
type forms struct {
	all map[string]bool
	// lengths are those of the forms that begin so, the longest first: a secret that is
	// part of another must not leave the rest of that one in clear.
	lengths map[[shortestMasked]byte][]int
	begins  [256]bool // the first bytes of all forms
}

func newForms() forms {
	return forms{all: make(map[string]bool), lengths: make(map[[shortestMasked]byte][]int)}
}

// add takes in a form that is long enough, and reports whether it is new.
func (f *forms) add(form string) bool {
	if len(form) < shortestMasked || f.all[form] {
		return false
	}
	f.all[form] = true
	f.begins[form[0]] = true
	start := gram(form)
	lengths := f.lengths[start]
	at, known := slices.BinarySearchFunc(lengths, len(form), func(a, b int) int { return cmp.Compare(b, a) })
	if !known {
		f.lengths[start] = slices.Insert(lengths, at, len(form))
	}
	return true
}

// gram is what forms are found by: the first bytes of a text that has so many.
func gram(text string) [shortestMasked]byte {
	return [shortestMasked]byte([]byte(text[:shortestMasked]))
}

// found returns the length of the longest form that text begins with, or 0.
func (f *forms) found(text string) int {
	if len(text) < shortestMasked || !f.begins[text[0]] {
		return 0
	}
	for _, length := range f.lengths[gram(text)] {
		if length <= len(text) && f.all[text[:length]] {
			return length
		}
	}
	return 0
}

// replace replaces the forms in text. Where text was bared, places say where its bytes
// stand in shown, which is what is returned in that case.
func (f *forms) replace(text, shown string, places []int) string {
	place := func(at int) int {
		if places == nil {
			return at
		}
		return places[at]
	}
	var masked strings.Builder
	written := 0
	for at := 0; at < len(text); {
		length := f.found(text[at:])
		if length == 0 {
			at++
			continue
		}
		masked.WriteString(shown[written:place(at)])
		masked.WriteString(Mask)
		at += length
		written = place(at-1) + 1
	}
	if written == 0 {
		return shown
	}
	masked.WriteString(shown[written:])
	return masked.String()
}

// uncut replaces what is left of a secret on either side of each place where text was
// cut, with at most a newline between.
func (m *Masker) uncut(text string) string {
	if !strings.Contains(text, cutMark) {
		return text
	}
	parts := strings.Split(text, cutMark)
	for i := range parts {
		if i > 0 {
			parts[i] = m.withoutEnd(parts[i])
		}
		if i < len(parts)-1 {
			parts[i] = m.withoutBeginning(parts[i])
		}
	}
	return strings.Join(parts, cutMark)
}

// withoutBeginning replaces the beginning of a form at the end of text.
func (m *Masker) withoutBeginning(text string) string {
	text, newline := strings.CutSuffix(text, "\n")
	for at := max(0, len(text)-m.longest); at+shortestMasked <= len(text); at++ {
		if !m.forms.begins[text[at]] {
			continue
		}
		for _, form := range m.beginning[gram(text[at:])] {
			if strings.HasPrefix(form, text[at:]) {
				return text[:at] + Mask + newlineIf(newline)
			}
		}
	}
	return text + newlineIf(newline)
}

// withoutEnd replaces the end of a form at the beginning of text.
func (m *Masker) withoutEnd(text string) string {
	text, newline := strings.CutPrefix(text, "\n")
	for end := min(len(text), m.longest); end >= shortestMasked; end-- {
		for _, form := range m.ending[gram(text[end-shortestMasked:])] {
			if strings.HasSuffix(form, text[:end]) {
				return newlineIf(newline) + Mask + text[end:]
			}
		}
	}
	return newlineIf(newline) + text
}

func newlineIf(there bool) string {
	if there {
		return "\n"
	}
	return ""
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
	text = m.uncut(text)
	text = m.forms.replace(text, text, nil)
	if len(m.bare.all) == 0 {
		return text
	}
	bare, places := bared(text)
	return m.bare.replace(bare, text, places)
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
