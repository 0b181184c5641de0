package compose

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// masked stands for what must not be shown.
const masked = "***"

// telltales are what in a name says that the value is not for everybody.
var telltales = []string{"pass", "pwd", "secret", "token", "credential", "key", "auth", "private", "dsn", "cookie"}

// smelling is the pattern of a name with a telltale in it.
var smelling = `[\w.-]*(?:` + strings.Join(telltales, "|") + `)[\w.-]*`

var (
	// inURL finds the password of a URL, inText that of "--password=…" and "pwd: …", and flag an
	// argument whose successor is one.
	inURL  = regexp.MustCompile(`(://[^/@\s:]*:)[^/@\s]+@`)
	inText = regexp.MustCompile(`(?i)(` + smelling + `\s*[=:]\s*)(?:(?:bearer|basic)\s+)?[^\s,;&"']+`)
	flag   = regexp.MustCompile(`(?i)^--?` + smelling + `$`)
)

// smells says whether a text has a telltale in it.
func smells(text string) bool {
	lower := strings.ToLower(text)
	return slices.ContainsFunc(telltales, func(telltale string) bool { return strings.Contains(lower, telltale) })
}

// secret says whether what is called so is not to be shown. A variable that says in which file the
// secret is may be.
func secret(name, value string) bool {
	ofFile := strings.HasSuffix(strings.ToLower(name), "_file") && strings.HasPrefix(value, "/")
	return smells(name) && !ofFile
}

// within masks what is to be masked of a text.
func within(text string) string {
	if strings.Contains(text, "://") {
		text = inURL.ReplaceAllString(text, "${1}"+masked+"@")
	}
	if smells(text) { // which is quicker to say than to find
		text = inText.ReplaceAllString(text, "${1}"+masked)
	}
	return text
}

// side is one of the two that are compared.
type side int

const (
	before side = iota
	after
)

// concealed are values that look the same once they are masked, by the side that they are on.
type concealed [2][]string

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
		v[shown] = &concealed{}
	}
	if all := &v[shown][of]; !slices.Contains(*all, value) {
		*all = append(*all, value)
	}
}

// which tells a masked value from others that look the same.
func (v veil) which(of side, shown, value string) string {
	all := v[shown]
	different := slices.Compact(slices.Sorted(slices.Values(slices.Concat(all[before], all[after]))))
	if len(different) == 1 {
		return ""
	}
	if len(all[before]) == 1 && len(all[after]) == 1 {
		return [2]string{before: " (before)", after: " (after)"}[of]
	}
	return fmt.Sprintf(" (%d)", slices.Index(different, value)+1)
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
	case secret(name, text):
		return show(path, masked, text)
	case within(text) != text || strings.Contains(text, masked):
		return show(path, within(text), text)
	}
	return value
}

// follows says whether what comes after an argument is secret.
func follows(argument any) bool {
	text, is := argument.(string)
	return is && smells(text) && flag.MatchString(text)
}

// argument is what stands in a list: variables, and the words of a command.
func argument(path string, list []any, show func(path, shown, value string) string) any {
	variables := path == "environment" || strings.HasSuffix(path, ".env")
	command := path == "command" || path == "entrypoint" || path == "healthcheck.test"
	out := slices.Clone(list)
	for i, item := range list {
		text, is := item.(string)
		name, value, assigns := strings.Cut(text, "=")
		shown := within(text)
		switch {
		case !is:
			out[i] = unveiled(path, item, show)
			continue
		case variables && assigns && secret(name, value):
			shown = name + "=" + masked
		case variables && assigns:
			shown = name + "=" + within(value)
		case command && i > 0 && follows(list[i-1]):
			shown = masked
		case !command:
			continue
		}
		if shown != text || strings.Contains(text, masked) {
			out[i] = show(path, shown, text)
		}
	}
	return out
}
