package check

import (
	"iter"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/model"
)

// ahead yields the expressions of the steps, in the order in which compileSteps asks
// for them, so that they can be compiled side by side. What is left out is compiled all
// the same, when it is asked for.
func (c *checker) ahead() iter.Seq[expr.Text] {
	return func(yield func(expr.Text) bool) {
		for _, step := range c.runbook.Steps {
			if !c.stepAhead(step.Model, yield) {
				return
			}
		}
	}
}

func (c *checker) stepAhead(m *model.Step, yield func(expr.Text) bool) bool {
	if m.Foreach.Node != nil {
		return true // what each is has not been seen yet
	}
	return c.withAhead(m.With, yield) && conditionAhead(m.When, c.types, yield) &&
		c.conditionsAhead(m.Gate, yield) && c.conditionsAhead(m.Verify, yield) &&
		c.retryAhead(m.Retry, yield) &&
		(m.Rollback == nil || c.retryAhead(m.Rollback.Retry, yield) && c.withAhead(m.Rollback.With, yield))
}

func (c *checker) withAhead(with model.Map[model.Value], yield func(expr.Text) bool) bool {
	for text := range data.Ahead(c.types, with.Node) {
		if !yield(text) {
			return false
		}
	}
	return true
}

func (c *checker) conditionsAhead(list model.OneOrMany[*model.Condition], yield func(expr.Text) bool) bool {
	for _, m := range list.Items {
		switch {
		case m == nil:
		case m.Observe == nil:
			if !conditionAhead(m.Expr, c.types, yield) {
				return false
			}
		default:
			// An action that is not known is reported where it is asked for.
			action, _ := c.catalogue.Lookup(m.Observe.Uses.Value)
			if !c.withAhead(m.Observe.With, yield) || !conditionAhead(m.Expr, c.observedTypes(action), yield) {
				return false
			}
		}
	}
	return true
}

func (c *checker) retryAhead(m *model.Retry, yield func(expr.Text) bool) bool {
	return m == nil || m.If.Node == nil || conditionAhead(m.If, c.retryTypes(), yield)
}

func conditionAhead(text model.Expr, types *expr.Types, yield func(expr.Text) bool) bool {
	return text.Node == nil || text.Value == "" || yield(expr.Text{Text: text.Value, Types: types})
}
