package expr

import (
	"fmt"
	"sync"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr/internal/condition"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/expr/internal/template"
)

// maxWords bounds what all the distinct expressions of one compiler have together. It
// is what 20,000 conditions of ordinary length have, and takes a second or two; what
// comes behind it is refused.
const maxWords = 500_000

// Compiler compiles the expressions of one runbook, each distinct text once for each
// Types. It is safe for concurrent use; so is everything that it returns. The zero
// Compiler is not ready: use [NewCompiler].
type Compiler struct {
	cel  func() (*condition.Language, error)
	expr func() *template.Language

	mu         sync.Mutex // guards what follows; nothing is compiled under it
	envs       map[*Types]func() (*condition.Env, error)
	conditions map[cacheKey]func() compiled[Condition]
	templates  map[cacheKey]func() compiled[Template]
	foreign    map[cacheKey]func() compiled[struct{}]
	words      int // of what is in the maps
}

type cacheKey struct {
	text string
	t    *Types
}

// compiled is what comes of a text: the program, or what is wrong with the text.
type compiled[P any] struct {
	program *P
	faults  []Fault
}

// NewCompiler returns a compiler with nothing cached. It is cheap: the environment
// of a language is built when the first expression needs it.
func NewCompiler() *Compiler {
	return &Compiler{
		cel:        sync.OnceValues(condition.NewLanguage),
		expr:       sync.OnceValue(template.NewLanguage),
		envs:       make(map[*Types]func() (*condition.Env, error)),
		conditions: make(map[cacheKey]func() compiled[Condition]),
		templates:  make(map[cacheKey]func() compiled[Template]),
		foreign:    make(map[cacheKey]func() compiled[struct{}]),
	}
}

// Condition compiles a CEL expression that must be boolean. With faults the
// condition is nil. A fault of the rule [diag.ExprTooMany] says that it was not
// compiled, since there were too many before it.
func (c *Compiler) Condition(text string, t *Types) (*Condition, []Fault) {
	made := c.condition(text, t)()
	return made.program, made.faults
}

// condition returns what compiles the condition when it is first called.
func (c *Compiler) condition(text string, t *Types) func() compiled[Condition] {
	return admit(c, c.conditions, cacheKey{text, t}, names.Weight, func() compiled[Condition] {
		env, err := c.env(t)()
		if err != nil {
			return compiled[Condition]{faults: []Fault{unready(text, err)}}
		}
		made, faults := env.Compile(text)
		return compiled[Condition]{made, faults}
	})
}

// Syntax returns the faults of a CEL expression that an action reads, of whose names and
// functions the action alone knows.
func (c *Compiler) Syntax(text string) []Fault {
	return admit(c, c.foreign, cacheKey{text: text}, names.Weight, func() compiled[struct{}] {
		language, err := c.cel()
		if err != nil {
			return compiled[struct{}]{faults: []Fault{unready(text, err)}}
		}
		return compiled[struct{}]{faults: language.Syntax(text)}
	})().faults
}

// unready says that CEL itself cannot be had, which would be a bug.
func unready(text string, err error) Fault {
	return Fault{Rule: diag.ExprSyntax, Start: 0, End: len(text), Detail: names.Sentence(err.Error())}
}

// env returns CEL with the names of t, which is made once.
func (c *Compiler) env(t *Types) func() (*condition.Env, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.envs[t]
	if known == nil {
		known = sync.OnceValues(func() (*condition.Env, error) {
			language, err := c.cel()
			if err != nil {
				return nil, err
			}
			return language.Env(t)
		})
		c.envs[t] = known
	}
	return known
}

// Template compiles a string in which `${{ }}` are expr expressions. A string
// without any is a literal. With faults the template is nil; [diag.ExprTooMany] is as
// for Condition.
func (c *Compiler) Template(text string, t *Types) (*Template, []Fault) {
	if literal, ok := template.Literal(text); ok {
		return literal, nil
	}
	made := c.template(text, t)()
	return made.program, made.faults
}

// template returns what compiles the template when it is first called.
func (c *Compiler) template(text string, t *Types) func() compiled[Template] {
	return admit(c, c.templates, cacheKey{text, t}, template.Weight, func() compiled[Template] {
		made, faults := c.expr().Compile(text, t)
		return compiled[Template]{made, faults}
	})
}

// admit returns what is known for the key. A text that is new is compiled by whoever
// first calls what is returned, unless there is no more room for it: room is given in
// the order in which texts come, whenever they are compiled.
func admit[P any](c *Compiler, known map[cacheKey]func() compiled[P], key cacheKey, weight func(string) int, compile func() compiled[P]) func() compiled[P] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if made := known[key]; made != nil {
		return made
	}
	made := sync.OnceValue(compile)
	if c.words > maxWords {
		made = func() compiled[P] { return compiled[P]{faults: []Fault{tooMany(key.text)}} }
	} else {
		c.words += weight(key.text)
	}
	known[key] = made
	return made
}

func tooMany(text string) Fault {
	return Fault{
		Rule: diag.ExprTooMany, Start: 0, End: len(text),
		Detail: fmt.Sprintf("The expressions before this one have %d words together; it and what follows are not checked.", maxWords),
	}
}
