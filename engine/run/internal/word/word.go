// Package word puts into words what a run that goes step by step is about to change, for the
// person whose word it waits for.
package word

import (
	"context"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/patience"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// longest is how long an action may take to say what it would do: a person waits.
const longest = 20 * time.Second

// most is how many things that would change are named.
const most = 20

// Question asks whether an attempt may begin: what it does, with what, and what the action says
// that would change, as things are now. It only reads.
func Question(ctx context.Context, ask machine.Ask, request sdk.Request) sdk.Question {
	lines := []string{about(ask)}
	for _, m := range ask.Params.Members() {
		lines = append(lines, "with "+layout.Line(m.Name)+" = "+layout.Style{}.Value(m.Value))
	}
	lines = append(lines, foreseen(ctx, ask, request)...)
	return sdk.Question{Message: strings.Join(lines, ";\n")} // it is shown on one line as well
}

// about says what is about to be done.
func about(ask machine.Ask) string {
	text := string(ask.Use.Effect) + " by " + ask.Use.Action
	if ask.Use.On != "" {
		text += " on " + ask.Use.On
	}
	if ask.Op.Attempt > 1 {
		text += ", tried once more: a no is the end of the step"
	}
	return text
}

// foreseen is what the action says that it would do.
func foreseen(ctx context.Context, ask machine.Ask, request sdk.Request) []string {
	if !ask.Use.Describe.CanPlan {
		return nil
	}
	preview, err := patience.Within(ctx, longest, func(ctx context.Context) (sdk.Preview, error) {
		return ask.Use.Handler.Plan(ctx, request)
	})
	if err != nil {
		return []string{"what it would do cannot be told: " + layout.Line(err.Error())}
	}
	var lines []string
	if preview.Summary != "" {
		lines = append(lines, layout.Line(preview.Summary))
	}
	for i, change := range preview.Changes {
		if len(preview.Changes) == 1 && strings.Contains(preview.Summary, change.Target) {
			break // it is said already
		}
		if i == most {
			lines = append(lines, "… and "+layout.Plural(len(preview.Changes)-most, "more change"))
			break
		}
		lines = append(lines, layout.Line(change.Op+" "+change.Target))
	}
	for _, said := range append(preview.Blockers, preview.Warnings...) {
		lines = append(lines, layout.Line(said))
	}
	return lines
}
