package expr

import (
	"sync"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr/internal/condition"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/expr/internal/template"
)

// Compiler compiles expressions, each distinct text once for each Types. It is
// safe for concurrent use; so is everything that it returns. The zero Compiler is
// not ready: use [NewCompiler].
type Compiler struct {
	cel  func() (*condition.Language, error)
	expr func() *template.Language

	mu         sync.Mutex // guards the maps; nothing is compiled under it
	envs       map[*Types]func() (*condition.Env, error)
	conditions map[cacheKey]compiledCondition
	templates  map[cacheKey]compiledTemplate
}

type cacheKey struct {
	text string
	t    *Types
}

type compiledCondition struct {
	condition *Condition
	faults    []Fault
}

type compiledTemplate struct {
	template *Template
	faults   []Fault
}

// NewCompiler returns a compiler with nothing cached. It is cheap: the environment
// of a language is built when the first expression needs it.
func NewCompiler() *Compiler {
	return &Compiler{
		cel:        sync.OnceValues(condition.NewLanguage),
		expr:       sync.OnceValue(template.NewLanguage),
		envs:       make(map[*Types]func() (*condition.Env, error)),
		conditions: make(map[cacheKey]compiledCondition),
		templates:  make(map[cacheKey]compiledTemplate),
	}
}

// Condition compiles a CEL expression that must be boolean. With faults the
// condition is nil.
func (c *Compiler) Condition(text string, t *Types) (*Condition, []Fault) {
	made := cached(&c.mu, c.conditions, cacheKey{text, t}, func() compiledCondition {
		env, err := c.env(t)()
		if err != nil {
			return compiledCondition{faults: []Fault{{Rule: diag.ExprSyntax, Start: 0, End: len(text), Detail: names.Sentence(err.Error())}}}
		}
		condition, faults := env.Compile(text)
		return compiledCondition{condition, faults}
	})
	return made.condition, made.faults
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
// without any is a literal. With faults the template is nil.
func (c *Compiler) Template(text string, t *Types) (*Template, []Fault) {
	if literal, ok := template.Literal(text); ok {
		return literal, nil
	}
	made := cached(&c.mu, c.templates, cacheKey{text, t}, func() compiledTemplate {
		made, faults := c.expr().Compile(text, t)
		return compiledTemplate{made, faults}
	})
	return made.template, made.faults
}

// cached returns what is known for the key, or makes it without holding the lock. Of
// two that are made at once the first stays, so that all get the same.
func cached[T any](mu *sync.Mutex, known map[cacheKey]T, key cacheKey, make func() T) T {
	mu.Lock()
	found, ok := known[key]
	mu.Unlock()
	if ok {
		return found
	}
	made := make()
	mu.Lock()
	defer mu.Unlock()
	if found, ok := known[key]; ok {
		return found
	}
	known[key] = made
	return made
}
