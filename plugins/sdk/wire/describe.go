package wire

import (
	"encoding/json"
	"errors"
	"fmt"

	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// FromDescription writes what a plugin says of itself.
func FromDescription(d sdk.PluginDescription) (*pluginv1.DescribeResponse, error) {
	connection, err := json.Marshal(d.Connection)
	if err != nil {
		return nil, fmt.Errorf("connection: %w", err)
	}
	m := &pluginv1.DescribeResponse{
		Name: d.Name, Version: d.Version, Summary: d.Summary, Description: d.Description, Connection: connection,
		Rules: fromRules(d.Rules), Actions: make([]*pluginv1.Action, len(d.Actions)),
	}
	for i, action := range d.Actions {
		if m.Actions[i], err = fromAction(action); err != nil {
			return nil, fmt.Errorf("action %s: %w", action.Name, err)
		}
	}
	return m, nil
}

func fromAction(d sdk.Description) (*pluginv1.Action, error) {
	input, inputErr := json.Marshal(d.Input)
	output, outputErr := json.Marshal(d.Output)
	m := &pluginv1.Action{
		Name: d.Name, Summary: d.Summary, Description: d.Description, Effect: effects().number(d.Effect),
		Input: input, Output: output, Idempotent: d.Idempotent,
		CanPlan: d.CanPlan, CanObserve: d.CanObserve, CanUndo: d.CanUndo, Rules: fromRules(d.Rules), Asks: d.Asks, NothingToUndo: d.NothingToUndo, GraceParam: d.GraceParam, InPlan: d.InPlan,
		CostOutput: d.CostOutput,
	}
	errs := []error{inputErr, outputErr}
	for _, example := range d.Examples {
		with, err := json.Marshal(example.With)
		errs = append(errs, err)
		m.Examples = append(m.Examples, &pluginv1.Example{Title: example.Title, With: with})
	}
	return m, errors.Join(errs...)
}

// ToDescription reads what a plugin says of itself. It fails where a schema is none.
func ToDescription(m *pluginv1.DescribeResponse) (sdk.PluginDescription, error) {
	d := sdk.PluginDescription{
		Name: m.GetName(), Version: m.GetVersion(), Summary: m.GetSummary(), Description: m.GetDescription(),
		Rules: toRules(m.GetRules()), Actions: make([]sdk.Description, len(m.GetActions())),
	}
	var err error
	if d.Connection, err = toSchema(m.GetConnection()); err != nil {
		return d, fmt.Errorf("connection: %w", err)
	}
	for i, action := range m.GetActions() {
		if d.Actions[i], err = toAction(action); err != nil {
			return d, fmt.Errorf("action %q: %w", action.GetName(), err)
		}
	}
	return d, nil
}

func toAction(m *pluginv1.Action) (sdk.Description, error) {
	input, inputErr := toSchema(m.GetInput())
	output, outputErr := toSchema(m.GetOutput())
	d := sdk.Description{
		Name: m.GetName(), Summary: m.GetSummary(), Description: m.GetDescription(), Effect: effects().word(m.GetEffect()),
		Input: input, Output: output, Idempotent: m.GetIdempotent(),
		CanPlan: m.GetCanPlan(), CanObserve: m.GetCanObserve(), CanUndo: m.GetCanUndo(), Rules: toRules(m.GetRules()), Asks: m.GetAsks(), NothingToUndo: m.GetNothingToUndo(), GraceParam: m.GetGraceParam(), InPlan: m.GetInPlan(),
		CostOutput: m.GetCostOutput(),
	}
	errs := []error{inputErr, outputErr}
	for _, example := range m.GetExamples() {
		var with map[string]any
		errs = append(errs, json.Unmarshal(example.GetWith(), &with))
		d.Examples = append(d.Examples, schema.Example{Title: example.GetTitle(), With: with})
	}
	return d, errors.Join(errs...)
}

func fromRules(rules []schema.Rule) []*pluginv1.Rule {
	var written []*pluginv1.Rule
	for _, rule := range rules {
		written = append(written, &pluginv1.Rule{Expr: rule.Expr, Message: rule.Message})
	}
	return written
}

func toRules(written []*pluginv1.Rule) []schema.Rule {
	var rules []schema.Rule
	for _, rule := range written {
		rules = append(rules, schema.Rule{Expr: rule.GetExpr(), Message: rule.GetMessage()})
	}
	return rules
}

func toSchema(text []byte) (*schema.Schema, error) {
	read := new(schema.Schema)
	if err := json.Unmarshal(text, read); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	return read, nil
}
