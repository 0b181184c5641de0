package compose

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// masked stands for what must not be shown.
const masked = "***"

// ours begins the names of gatebook's own labels, which hold no secrets.
const ours = "gatebook.dev/"

// side is one of the two that are compared.
type side int

const (
	before side = iota
	after
)

// concealed are values that look the same once they are masked.
type concealed struct {
	on    [2]map[string]bool // by the side that they are on
	place map[string]int     // of each among all, from 1, once all are known
}

// veil masks two services, so that what differs in them differs still.
type veil map[string]*concealed

// conceal masks both, and says of each value that changes on which side it was.
func conceal(old, now map[string]any) {
	v := veil{}
	for of, tree := range [2]map[string]any{before: old, after: now} {
		walk(tree, func(path, shown, value string) string {
			v.note(side(of), path+"\x00"+shown, value)
			return value
		})
	}
	for of, tree := range [2]map[string]any{before: old, after: now} {
		walk(tree, func(path, shown, value string) string {
			return shown + v.which(side(of), path+"\x00"+shown, value)
		})
	}
}

func (v veil) note(of side, shown, value string) {
	if v[shown] == nil {
		v[shown] = &concealed{on: [2]map[string]bool{{}, {}}}
	}
	v[shown].on[of][value] = true
}

// which tells a masked value from others that look the same.
func (v veil) which(of side, shown, value string) string {
	all := v[shown]
	if all.place == nil {
		all.place = map[string]int{}
		for i, one := range slices.Sorted(maps.Keys(joined(all.on[before], all.on[after]))) {
			all.place[one] = i + 1
		}
	}
	if len(all.place) == 1 {
		return ""
	}
	if len(all.on[before]) == 1 && len(all.on[after]) == 1 {
		return [2]string{before: " (before)", after: " (after)"}[of]
	}
	return fmt.Sprintf(" (%d)", all.place[value])
}

// walk gives each value that has something to mask to show, with how it looks masked, and puts in
// its place what it returns.
func walk(tree map[string]any, show func(path, shown, value string) string) {
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		tree[name] = unveiled(name, tree[name], show)
	}
}

// unveiled is [walk] for what stands at a path, which for all items of a list is one.
func unveiled(path string, value any, show func(path, shown, value string) string) any {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			value[name] = unveiled(join(path, name), value[name], show)
		}
	case entries:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			value[name] = entry(join(path, name), name, value[name], show)
		}
	case []any:
		return argument(path, value, show)
	}
	return value
}

// entry is what stands under a name that somebody has chosen.
func entry(path, name string, value any, show func(path, shown, value string) string) any {
	text, is := value.(string)
	switch {
	case !is:
		return unveiled(path, value, show)
	case strings.HasPrefix(name, ours):
		return value
	case secret(name, text):
		return show(path, masked, text)
	case within(text) != text || strings.Contains(text, masked):
		return show(path, within(text), text)
	}
	return value
}

// argument is what stands in a list: variables, and the words of a command.
func argument(path string, list []any, show func(path, shown, value string) string) any {
	variables := path == "environment" || strings.HasSuffix(path, ".env")
	command := path == "command" || path == "entrypoint" || path == "healthcheck.test"
	out := slices.Clone(list)
	known := flags{}
	for i, item := range list {
		text, is := item.(string)
		shown := text
		switch {
		case !is:
			out[i] = unveiled(path, item, show)
			continue
		case variables:
			shown = variable(text)
		case command && i > 0:
			shown = following(list[i-1], text, known)
		case command:
			shown = following(nil, text, known)
		}
		known.of(text)
		if shown != text || (variables || command) && strings.Contains(text, masked) {
			out[i] = show(path, shown, text)
		}
	}
	return out
}

// variable is how "NAME=value" is shown.
func variable(text string) string {
	name, value, assigns := strings.Cut(text, "=")
	switch {
	case !assigns:
		return within(text)
	case secret(name, value):
		return name + "=" + masked
	default:
		return name + "=" + within(value)
	}
}

// following is how an argument is shown that follows another one. No shell takes it apart: of
// "--password=…" it is the value as far as it goes.
func following(last any, text string, known flags) string {
	flag, _ := last.(string)
	name, _, assigns := strings.Cut(text, "=")
	switch {
	case known[flag], saysNext(flag), strings.HasPrefix(flag, "-") && isName(flag) && smells(flag):
		return masked
	case gluedLogin(text) > 0:
		return text[:gluedLogin(text)] + masked
	case known.glued(text):
		return text[:len("-p")] + masked
	case loginAt(text, loginBehind[flag]) > 0:
		return text[:loginAt(text, loginBehind[flag])] + masked
	case assigns && isName(name) && smells(name):
		return name + "=" + masked
	default:
		return within(text)
	}
}

func isName(text string) bool {
	return text != "" && strings.IndexFunc(text, func(r rune) bool { return r < 0x80 && !inName(byte(r)) }) < 0
}
