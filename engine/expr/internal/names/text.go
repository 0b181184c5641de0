package names

import (
	"fmt"
	"unicode/utf8"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/expr/internal/token"
)

// Scan cuts the text of an expression into words, and finds what no compiler should be
// asked to read. With a fault there may be no words.
func Scan(text string) (*token.List, *Fault) {
	fault := &Fault{Rule: diag.ExprTooComplex, Start: 0, End: len(text)}
	if len(text) > cost.MaxText {
		fault.Detail = fmt.Sprintf("The expression has %d bytes; the limit is %d.", len(text), cost.MaxText)
		return &token.List{Text: text}, fault
	}
	list := token.Scan(text)
	switch {
	case !utf8.ValidString(text):
		fault.Rule, fault.Detail = diag.ExprSyntax, "The expression is not valid UTF-8."
	case list.Depth > cost.MaxNesting:
		fault.Detail = fmt.Sprintf("Brackets are nested %d deep; the limit is %d.", list.Depth, cost.MaxNesting)
	default:
		return list, nil
	}
	return list, fault
}

// Weight is how much work an expression is to compile, in words: those that it has, two
// more for each bracket, since a call becomes several parts, one for each 16 bytes,
// since a word may be long, and a few, since even nothing is work.
func Weight(text string) int {
	const least = 5
	if len(text) > cost.MaxText {
		return least // it is refused unread
	}
	tokens, brackets := token.Count(text)
	return least + tokens + 2*brackets + len(text)/cost.BytesPerUnit
}
