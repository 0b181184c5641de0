package expr

import (
	"sync"

	"cel.dev/cel-go/cel"

	"github.com/gatebook/gatebook/engine/diag"
)

// Compiler compiles expressions, each distinct text once for each Types. It is
// safe for concurrent use; so is everything that it returns. The zero Compiler is
// not ready: use [NewCompiler].
type Compiler struct {
	mu         sync.Mutex
	base       *cel.Env
	envs       map[*Types]*celEnv
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
		envs:       make(map[*Types]*celEnv),
		conditions: make(map[cacheKey]compiledCondition),
		templates:  make(map[cacheKey]compiledTemplate),
	}
}

// Condition compiles a CEL expression that must be boolean. With faults the
// condition is nil.
func (c *Compiler) Condition(text string, t *Types) (*Condition, []Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := cacheKey{text, t}
	if known, ok := c.conditions[key]; ok {
		return known.condition, known.faults
	}
	var made compiledCondition
	if env, err := c.env(t); err != nil {
		made.faults = []Fault{{Rule: diag.ExprSyntax, Start: 0, End: len(text), Detail: sentence(err.Error())}}
	} else {
		made.condition, made.faults = env.compile(text)
	}
	c.conditions[key] = made
	return made.condition, made.faults
}

// env returns CEL with the names of t. The caller holds the lock.
func (c *Compiler) env(t *Types) (*celEnv, error) {
	if known := c.envs[t]; known != nil {
		return known, nil
	}
	if c.base == nil {
		base, err := newCELBase()
		if err != nil {
			return nil, err
		}
		c.base = base
	}
	env, err := newCELEnv(c.base, t)
	if err != nil {
		return nil, err
	}
	c.envs[t] = env
	return env, nil
}

// Template compiles a string in which `${{ }}` are expr expressions. A string
// without any is a literal. With faults the template is nil.
func (c *Compiler) Template(text string, t *Types) (*Template, []Fault) {
	if isLiteral(text) {
		return &Template{text: text, literal: true}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := cacheKey{text, t}
	if known, ok := c.templates[key]; ok {
		return known.template, known.faults
	}
	var made compiledTemplate
	made.template, made.faults = compileTemplate(text, t)
	c.templates[key] = made
	return made.template, made.faults
}
