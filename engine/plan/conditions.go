package plan

import (
	"strings"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/source"
)

// condition plans one condition of a gate or a verify.
func (m *maker) condition(checked *check.Condition) *Condition {
	model := checked.Model
	condition := &Condition{
		Name:    model.Name.Value,
		Expr:    checked.Program.Text(),
		Message: model.Message.Value,
		Within:  model.Within.Value,
		Hold:    model.Hold.Value,
		At:      model.Expr.Range().String(),
		Program: checked.Program,
	}
	if condition.Within > 0 {
		condition.Every = model.Every.Value
	}
	if checked.Observe != nil {
		use := m.use(checked.Observe, checked.On)
		condition.Observe = &use
	}
	condition.State = m.judge(checked.Program, model.Expr.Range())
	if condition.State.Truth == expr.False.String() && !m.skipped {
		detail := "With these inputs it is false."
		if message := strings.TrimSuffix(diag.Clean(model.Message.Value), "."); message != "" {
			detail = "With these inputs it is false: " + message + "."
		}
		m.found = append(m.found, diag.NeverTrue.At(model.Expr.Range(), "%s", detail))
	}
	return condition
}

// judge says what a condition comes to before the run.
func (m *maker) judge(program *expr.Condition, at source.Range) State {
	verdict := program.Eval(m.scope)
	state := State{Truth: verdict.Truth.String()}
	lacks := m.asksMissing(program, verdict, at) || verdict.Truth != expr.Failed && m.conditionInGap(program, at)
	if m.scope.holdsSecret() {
		state.Secret = program.Eval(m.scope.withoutSecrets()).Truth != verdict.Truth
	}
	switch verdict.Truth {
	case expr.Unknown:
		state.Causes, state.Residual = verdict.Causes, verdict.Residual
	case expr.False:
		state.Explain = program.Explain(m.scope)
	case expr.Failed:
		state.Detail = diag.Sentence(verdict.Err.Error())
		if !m.skipped && !lacks {
			m.found = append(m.found, diag.CannotJudge.At(at, "%s", state.Detail))
		}
	case expr.True:
	}
	return state
}
