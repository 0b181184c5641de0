package check

import (
	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/model"
)

// compileSteps compiles all that the steps say, and draws the edges.
func (c *checker) compileSteps() {
	c.compiler.Ahead(c.ahead())
	for _, step := range c.runbook.Steps {
		c.waits = c.waits[:0]
		c.compileStep(step)
		c.connect(step)
	}
}

func (c *checker) compileStep(step *Step) {
	m := step.Model
	c.plain(m.Title, "title")
	if m.Foreach.Node != nil {
		outside, retries := c.types, c.retries
		c.loop(step)
		defer func() { c.types, c.retries = outside, retries }()
	}
	c.secrets.enter(step)
	step.Use = c.use(stepSite(step, "with", false), c.actions[step.Index], m.Uses, m.With)
	if m.Uses.Value == catalog.Included {
		c.checkManner(m)
		c.checkSecretsGiven(step)
	} else {
		step.On = c.connection(c.actions[step.Index], m.Uses, m.On)
	}
	step.When = c.condition(judgingSite(step, "when", false), m.When, c.types)
	step.Gate = c.conditions(judgingSite(step, "gate", false), m.Gate)
	step.Verify = c.conditions(judgingSite(step, "verify", true), m.Verify)
	step.Retry = c.retry(step, m.Retry)
	if step.When != nil {
		c.checkConstant(step.When, m.When)
	}
	if m.Rollback == nil {
		return
	}
	step.Rollback = &Rollback{Model: m.Rollback, Retry: c.retry(step, m.Rollback.Retry)}
	if m.Rollback.Uses.Node != nil {
		at := stepSite(step, "rollback", true)
		action := c.action(m.Rollback.Uses)
		if m.Rollback.Uses.Value == catalog.Included {
			c.add(diag.InclusionManner.At(m.Rollback.Uses.Range(), "A runbook takes no step back: what does is one action."))
		}
		step.Rollback.Use = c.use(at, action, m.Rollback.Uses, m.Rollback.With)
		step.Rollback.On = c.connection(action, m.Rollback.Uses, m.Rollback.On)
	}
}

// retry compiles the condition of a retry, which sees the error of the attempt; the
// step has no result then.
func (c *checker) retry(step *Step, m *model.Retry) *Retry {
	if m == nil {
		return nil
	}
	retry := &Retry{Model: m}
	if m.If.Node != nil {
		retry.If = c.condition(stepSite(step, "retry", false), m.If, c.retryTypes())
	}
	return retry
}

func (c *checker) retryTypes() *expr.Types {
	if c.retries == nil {
		c.retries = c.types.With(expr.RootError, expr.ErrorShape()).With(expr.RootAttempt, expr.AttemptShape())
	}
	return c.retries
}

func (c *checker) conditions(at site, list model.OneOrMany[*model.Condition]) []*Condition {
	var conditions []*Condition
	for _, m := range list.Items {
		if m == nil {
			continue
		}
		c.plain(m.Name, "name")
		c.plain(m.Message, "message")
		condition := &Condition{Model: m}
		types := c.types
		if m.Observe != nil {
			types = c.observe(at, condition)
		}
		condition.Program = c.condition(at, m.Expr, types)
		c.checkCondition(condition)
		conditions = append(conditions, condition)
	}
	return conditions
}

// observe compiles a condition's observation, and returns the types with what it sees.
func (c *checker) observe(at site, condition *Condition) *expr.Types {
	m := condition.Model.Observe
	action := c.action(m.Uses)
	condition.Observe = c.use(at, action, m.Uses, m.With)
	condition.On = c.connection(action, m.Uses, m.On)
	switch {
	case action == nil:
	case action.Description.Asks:
		c.add(diag.ObserveReads.At(m.Uses.Range(), "The action %s asks people.", m.Uses.Value))
	case !action.Reads():
		c.add(diag.ObserveReads.At(m.Uses.Range(), "The action %s has the effect %s.",
			m.Uses.Value, action.Description.Effect))
	}
	return c.observedTypes(action)
}

// observedTypes returns the types of a condition over an observation by an action.
func (c *checker) observedTypes(action *catalog.Entry) *expr.Types {
	if action == nil {
		return c.types.With(expr.RootObserved, nil)
	}
	return c.types.With(expr.RootObserved, action.Description.Output)
}

func (c *checker) checkCondition(condition *Condition) {
	if condition.Program == nil {
		return
	}
	if condition.Model.Observe == nil {
		c.checkConstant(condition.Program, condition.Model.Expr)
		return
	}
	for _, ref := range condition.Program.Refs() {
		if ref.Root == expr.RootObserved {
			return
		}
	}
	c.add(diag.UnusedObservation.At(condition.Model.Observe.Uses.Range(),
		"The expression of the condition does not say observed."))
}

// checkConstant warns of a condition that refers to nothing.
func (c *checker) checkConstant(condition *expr.Condition, text model.Expr) {
	if truth := condition.Constant(); truth != expr.Unknown {
		c.add(diag.ConstantCondition.At(text.Range(), "It is always %s.", truth))
	}
}

// compileResults compiles what is computed when the steps are done.
func (c *checker) compileResults() {
	for _, output := range c.model.Outputs.Entries {
		c.runbook.Outputs = append(c.runbook.Outputs, c.result("outputs", output.Key.Value, output.Value))
	}
	c.runbook.given = c.shapeOfOutputs()
	record := c.model.Record
	for _, entry := range []struct {
		name  string
		value model.Value
	}{{"environment", record.Environment}, {"version", record.Version}, {"remark", record.Remark}} {
		if entry.value.Node != nil {
			c.runbook.Record = append(c.runbook.Record, c.result("record", entry.name, entry.value))
		}
	}
}

func (c *checker) result(what, name string, value model.Value) Binding {
	tree := c.data(site{what: what, ended: true}, value, c.types)
	for ref := range tree.References() {
		if c.secrets.holds(ref.Ref) {
			c.add(diag.SecretRecorded.At(ref.Range, "The value of %s.%s may be a secret.", what, diag.Clean(name)))
		}
	}
	return Binding{Name: name, Data: tree}
}
