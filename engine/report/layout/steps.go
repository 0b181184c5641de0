package layout

import (
	"fmt"
	"strings"

	"github.com/gatebook/gatebook/engine/event"
)

const (
	// maxListed is how many steps a sentence names before it only counts.
	maxListed = 6
	// Of the instances of one step fewOfOne are named each, and of more the firstOfOne.
	fewOfOne   = 3
	firstOfOne = 2
)

// Steps writes the ids of steps for the middle of a sentence, behind each of which may stand
// a word on it in parentheses. Of very many it names the first, and of each step that is
// done for many the first instances.
func Steps(ids []string) string {
	if len(ids) <= maxListed {
		return listed(ids, "more step")
	}
	said := saidOf(ids)
	if len(said) <= maxListed {
		words := make([]string, len(said))
		for i, one := range said {
			words[i] = one.words
		}
		return listed(words, "more step")
	}
	words, rest := make([]string, maxListed-1), len(ids)
	for i, one := range said[:len(words)] {
		words[i] = one.words
		rest -= one.stands
	}
	return strings.Join(words, ", ") + " and " + Plural(rest, "more step")
}

// said are the words that stand for so many steps.
type said struct {
	words  string
	stands int
}

// saidOf names steps, and counts the instances of one that are not named.
func saidOf(ids []string) []said {
	of := func(id string) string {
		if end := strings.LastIndex(id, `"] (`); end > 0 {
			id = id[:end+len(`"]`)]
		}
		step, _, ok := event.SplitInstance(id)
		if !ok {
			return ""
		}
		return step
	}
	many := map[string]int{}
	for _, id := range ids {
		many[of(id)]++
	}
	var all []said
	named := map[string]int{}
	for _, id := range ids {
		step := of(id)
		switch named[step]++; {
		case step == "" || many[step] <= fewOfOne || named[step] <= firstOfOne:
			all = append(all, said{id, 1})
		case named[step] == many[step]: // the last of them
			rest := many[step] - firstOfOne
			all = append(all, said{fmt.Sprintf("%d more of %s", rest, step), rest})
		}
	}
	return all
}
