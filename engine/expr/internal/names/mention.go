package names

import (
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/expr/internal/token"
)

// Mentions returns what an expression seems to refer to, by its words alone. That is
// all that can be told of one with a fault, and keeps the fault from hiding others, or
// from making an input look as if nobody used it. One that is too long to be read may
// refer to anything.
func Mentions(text string) []Ref {
	if len(text) > cost.MaxText {
		return []Ref{{Root: RootInputs, End: len(text)}, {Root: RootVars, End: len(text)}}
	}
	list := token.Scan(text)
	var found []Ref
	for i, tok := range list.Tokens {
		root := text[tok.Start:tok.End]
		if tok.Kind != token.Name || !slices.Contains([]string{RootInputs, RootVars, RootSteps, RootRun}, root) {
			continue
		}
		if i > 0 && isDot(text, list.Tokens[i-1]) {
			continue // a field that is called so
		}
		path, end := pathBehind(list, i)
		found = append(found, Ref{Root: root, Path: path, Start: tok.Start, End: end})
	}
	return found
}

// pathBehind returns the names and constant indexes behind a token, and where they end.
func pathBehind(list *token.List, at int) (path []string, end int) {
	tokens := list.Tokens
	for {
		end = tokens[at].End
		rest := tokens[at+1:]
		if len(rest) < 2 {
			return path, end
		}
		word := list.Text[rest[1].Start:rest[1].End]
		switch {
		case isDot(list.Text, rest[0]) && rest[1].Kind == token.Name:
			path = append(path, word)
			at += 2
		case list.Text[rest[0].Start] == '[' && rest[0].Mate == at+3 && rest[1].Kind == token.Text:
			path = append(path, strings.Trim(word, word[:1]))
			at += 3
		default:
			return path, end
		}
	}
}

func isDot(text string, tok token.Token) bool {
	sign := text[tok.Start:tok.End]
	return sign == "." || sign == "?."
}
