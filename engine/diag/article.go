package diag

import "strings"

// Article puts "a" or "an" before a noun, by its first letter.
func Article(noun string) string {
	if noun != "" && strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}
