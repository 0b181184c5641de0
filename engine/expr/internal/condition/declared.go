package condition

import (
	"slices"

	celast "cel.dev/cel-go/common/ast"

	"github.com/gatebook/gatebook/engine/expr/internal/logic"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/schema"
)

// Declared returns what is declared of a name where the condition stands, as a document of
// its own, nil where nothing is. Where it is not known, nobody can tell what fits.
func (s Sense) Declared(r names.Ref) (declared *schema.Schema, known bool) {
	var words []string
	if s.Among != nil {
		words = s.Among(r)
	}
	if words == nil {
		return s.Types().Declared(r)
	}
	allowed := make([]any, len(words))
	for i, word := range words {
		allowed[i] = word
	}
	return &schema.Schema{Type: schema.TypeString, Enum: allowed}, true
}

// term is a part that is compared with constants, with the values that it may have.
func (r reading) term(x celast.Expr) logic.Term {
	made := logic.Term{Text: r.words(x), Ordered: r.ordered(x)}
	if used, ok := r.source.chain(x, r.types.Types()); ok && !slices.Contains(r.bound, used.Root) {
		declared, _ := r.Declared(used)
		return made.As(declared, r.typeOf(x))
	}
	return made
}
