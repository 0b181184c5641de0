package console

import (
	"strconv"
	"strings"
)

// QuoteKeys puts the key of each instance in an id in quotes, which a shell takes from
// web["a"].drain.
func QuoteKeys(typed string) string {
	var id strings.Builder
	for {
		name, rest, keyed := strings.Cut(typed, "[")
		id.WriteString(name)
		key, behind, closed := strings.Cut(rest, "]")
		if !keyed || !closed {
			return id.String()
		}
		id.WriteString("[" + strconv.Quote(strings.Trim(key, `"'`)) + "]")
		typed = behind
	}
}
