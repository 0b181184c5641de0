package value

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// shortestMasked is the length in bytes from which a secret is looked for inside
// other text: a shorter one would hide half of every text that it is not in.
const shortestMasked = 4

// Masker finds secrets in text that comes from outside, in every encoding in which
// they usually travel: as they are, as JSON, URL-encoded, in hexadecimal, in base64
// at any alignment, and line by line. It is immutable and safe for concurrent use;
// the nil Masker knows no secrets.
type Masker struct {
	replacer *strings.Replacer
	exact    map[string]bool
}

// NewMasker returns a masker of every secret string, number and boolean inside the
// values.
func NewMasker(values ...Value) *Masker {
	m := &Masker{exact: make(map[string]bool)}
	forms := make(map[string]bool)
	for _, v := range values {
		v.any(func(part Value) bool {
			if part.secret {
				part.eachLeaf(func(text string) { m.learn(text, forms) })
			}
			return false
		})
	}
	if len(m.exact) == 0 {
		return nil
	}
	ordered := make([]string, 0, len(forms))
	for form := range forms {
		ordered = append(ordered, form)
	}
	// The longest first: a secret that is part of another must not leave the rest
	// of that one in clear.
	slices.SortFunc(ordered, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	pairs := make([]string, 0, 2*len(ordered))
	for _, form := range ordered {
		pairs = append(pairs, form, Mask)
	}
	m.replacer = strings.NewReplacer(pairs...)
	return m
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

func (m *Masker) learn(secret string, forms map[string]bool) {
	if secret == "" {
		return
	}
	m.exact[secret] = true
	for _, form := range encodings(secret) {
		if len(form) >= shortestMasked {
			forms[form] = true
		}
	}
	// What prints a key of several lines prints it line by line.
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); len(line) >= 2*shortestMasked {
			forms[line] = true
		}
	}
}

func encodings(secret string) []string {
	raw := []byte(secret)
	lower := hex.EncodeToString(raw)
	forms := []string{
		secret, strings.TrimSpace(secret), lower, strings.ToUpper(lower),
		url.QueryEscape(secret), url.PathEscape(secret),
	}
	if quoted, err := json.Marshal(secret); err == nil {
		forms = append(forms, string(quoted[1:len(quoted)-1]))
	}
	if len(secret) < shortestMasked {
		return forms
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			forms = append(forms, base64Core(encoding, raw, shift))
		}
	}
	return forms
}

// base64Core returns those characters of the encoding that depend on the secret
// alone when shift bytes of something else stand before it, as "user:" does in basic
// authentication.
func base64Core(encoding *base64.Encoding, raw []byte, shift int) string {
	padded := append(make([]byte, shift), raw...)
	text := encoding.EncodeToString(padded)
	start := (shift*8 + 5) / 6
	end := len(padded) * 8 / 6
	return text[start:end]
}

// Text returns text with every secret in it replaced by [Mask].
func (m *Masker) Text(text string) string {
	if m == nil {
		return text
	}
	if m.exact[text] {
		return Mask
	}
	return m.replacer.Replace(text)
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
		if text, err := v.appendJSON(nil, inClear); err == nil && m.exact[string(text)] {
			return v.Secret(), true
		}
	case KindNull, KindBool, KindUnknown:
	}
	return v, found
}
