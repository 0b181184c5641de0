package diag

import (
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// longestWord bounds the work for words from a file.
const longestWord = 64

// Nearest returns the candidate that word was most likely meant to be, for "did you
// mean". One that differs only in its capitals wins; a word that is far from all of
// them gets none. Of candidates equally near the first in the alphabet is taken.
func Nearest(word string, candidates []string) (string, bool) {
	if len(word) > longestWord {
		return "", false
	}
	folded := strings.ToLower(word)
	best, bestDistance := "", allowedDistance(folded)+1
	for _, candidate := range slices.Sorted(slices.Values(candidates)) {
		if candidate == word || len(candidate) > longestWord {
			continue
		}
		if strings.EqualFold(candidate, word) {
			return candidate, true
		}
		distance := levenshtein.Distance(folded, strings.ToLower(candidate), nil)
		if swapped(folded, strings.ToLower(candidate)) {
			distance = 1 // one slip of two fingers, which counts as two letters otherwise
		}
		if distance < bestDistance {
			best, bestDistance = candidate, distance
		}
	}
	return best, best != ""
}

// allowedDistance is how many letters may be wrong: about a third, so that "on" is
// not taken for "id", and "time_out" is for "timeout".
func allowedDistance(word string) int {
	return min((len(word)+1)/3, 4)
}

// swapped reports whether two words differ only in two letters next to each other that
// changed places.
func swapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) - 1 {
		if a[i] != b[i] {
			return a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
		}
	}
	return false
}
