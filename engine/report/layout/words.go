package layout

import (
	"fmt"
	"strconv"
	"strings"
)

// Plural counts things: "1 step", "3 steps", "2 policies", "2 ingresses".
func Plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	stem, ending := thing, "s"
	before, y := strings.CutSuffix(thing, "y")
	switch {
	case y && before != "" && !strings.ContainsRune("aeiou", rune(before[len(before)-1])):
		stem, ending = before, "ies"
	case strings.HasSuffix(thing, "s"), strings.HasSuffix(thing, "x"), strings.HasSuffix(thing, "ch"):
		ending = "es"
	}
	return fmt.Sprintf("%d %s%s", n, stem, ending)
}

// Counted is names from outside, each once as it is shown, and where it is there more than once
// how often.
func Counted(names []string, show func(string) string) []string {
	var each []string
	times := map[string]int{}
	for _, name := range names {
		if times[name]++; times[name] == 1 {
			each = append(each, name)
		}
	}
	for i, name := range each {
		each[i] = show(name)
		if times[name] > 1 {
			each[i] += fmt.Sprintf(" (%d times)", times[name])
		}
	}
	return each
}

// IsListed reports whether [Steps] names the one at a place of so many.
func IsListed(place, of int) bool { return of <= maxListed || place < maxListed-1 }

// Names lists names as a sentence does, of many the first.
func Names(names []string) string { return listed(names, "") }

// listed lists words; the rest of many is counted in other words, "more" where there are none.
func listed(words []string, rest string) string {
	switch n := len(words); {
	case n > maxListed && rest != "":
		return strings.Join(words[:maxListed-1], ", ") + " and " + Plural(n-maxListed+1, rest)
	case n > maxListed:
		return strings.Join(words[:maxListed-1], ", ") + " and " + strconv.Itoa(n-maxListed+1) + " more"
	case n > 1:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	default:
		return strings.Join(words, "")
	}
}

// Wrap breaks text into lines at spaces; a word that is longer stays whole.
func Wrap(text string, columns int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case Width(line)+1+Width(word) <= columns:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
