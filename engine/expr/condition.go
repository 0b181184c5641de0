package expr

import "github.com/gatebook/gatebook/engine/value"

// Condition is a compiled CEL expression. It is immutable.
type Condition struct {
	text string
	refs []Ref
}

// Text returns the expression as it was written.
func (c *Condition) Text() string { return c.text }

// Refs returns what the condition refers to, in the order of the text.
func (c *Condition) Refs() []Ref { return c.refs }

// Truth is what a condition says.
type Truth uint8

// The truths.
const (
	Unknown Truth = iota // it depends on what is not known yet
	True
	False
	Failed // it could not be evaluated; Verdict.Err says why
)

// String returns "unknown", "true", "false" or "failed".
func (t Truth) String() string { return [...]string{"unknown", "true", "false", "failed"}[t] }

// Verdict is the result of a condition.
type Verdict struct {
	Truth    Truth
	Causes   []value.Cause // with Unknown: why, each once
	Residual string        // with Unknown: what is left of the expression
	Err      error         // with Failed: a whole sentence without secrets
}

// Eval evaluates the condition. It never blocks and never panics: whatever goes
// wrong is a Failed verdict.
func (c *Condition) Eval(scope Scope) Verdict { return Verdict{} }

// Explanation is an expression's tree with the value of each part, for people.
// Secrets are masked and long values cut.
type Explanation struct {
	Text     string         `json:"text"`            // the part, as it was written
	Value    string         `json:"value"`           // as JSON, cut; or why there is none
	State    string         `json:"state"`           // "value", "unknown", "error", or "skipped" where it was not needed
	Children []*Explanation `json:"parts,omitempty"` // in the order of the text
}

// Explain evaluates the condition again and keeps the value of each part. It costs
// several times what Eval does.
func (c *Condition) Explain(scope Scope) *Explanation { return &Explanation{Text: c.text} }
