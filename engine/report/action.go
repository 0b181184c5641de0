package report

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Action writes the documentation of an action as Markdown. All of it comes from what
// the action declares.
func Action(w io.Writer, d sdk.Description) error {
	out := &page{}
	out.line("# %s\n\n%s.\n\n%s\n", d.Name, d.Summary, d.Description)
	out.line("- effect: %s", d.Effect)
	for _, ability := range abilities(d) {
		out.line("- %s", ability)
	}
	out.fields("Parameters", d.Input)
	if len(d.Rules) > 0 {
		out.line("\nRules across parameters:\n")
		for _, r := range d.Rules {
			out.line("- %s `%s`", r.Message, r.Expr)
		}
	}
	out.fields("Outputs", d.Output)
	if len(d.Examples) > 0 {
		out.line("\n## Examples")
	}
	for _, e := range d.Examples {
		if err := out.example(d.Name, e); err != nil {
			return err
		}
	}
	return out.writeTo(w)
}

// abilities says what can be relied upon.
func abilities(d sdk.Description) []string {
	var list []string
	add := func(has bool, text string) {
		if has {
			list = append(list, text)
		}
	}
	add(d.Idempotent, "idempotent: doing it twice with one key is doing it once")
	add(d.CanPlan, "previewed by `gatebook plan`")
	add(d.CanObserve, "after a crash it can tell whether it was done")
	add(d.CanUndo, "it takes itself back; no `rollback` is needed")
	add(d.NothingToUndo != "", "leaves nothing to take back: "+d.NothingToUndo)
	add(d.Asks, "done by a person, who is asked")
	return list
}

func (out *page) fields(title string, s *schema.Schema) {
	if table := schema.Markdown(s); table != "" {
		out.line("\n## %s\n\n%s", title, table)
	}
}

// example writes a step. Its values are written as JSON, which is YAML too.
func (out *page) example(action string, e schema.Example) error {
	out.line("\n%s:\n\n```yaml\n- id: example\n  uses: %s", e.Title, action)
	if len(e.With) > 0 {
		out.line("  with:")
	}
	for _, name := range slices.Sorted(maps.Keys(e.With)) {
		text, err := json.Marshal(e.With[name])
		if err != nil {
			return fmt.Errorf("example of %s: %w", action, err)
		}
		out.line("    %s: %s", name, text)
	}
	out.line("```")
	return nil
}
