package catalog

import (
	"fmt"
	"strings"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Markdown returns the action's page: what it does, its parameters and outputs,
// its rules, and its examples as steps of a runbook.
func (e *Entry) Markdown() string {
	d := e.Description
	var page strings.Builder
	fmt.Fprintf(&page, "# %s\n\n%s.\n\n%s\n", d.Name, d.Summary, abilities(d))
	if d.Description != "" {
		fmt.Fprintf(&page, "\n%s\n", strings.TrimSpace(d.Description))
	}
	writeFields(&page, "Parameters", "It takes no parameters.", d.Input)
	writeFields(&page, "Outputs", "It has no outputs.", d.Output)
	writeRules(&page, "Rules", d.Rules)
	if len(d.Examples) > 0 {
		page.WriteString("\n## Examples\n")
		for _, example := range d.Examples {
			fmt.Fprintf(&page, "\n%s:\n\n```yaml\n%s```\n", example.Title, stepYAML(d, example))
		}
	}
	return page.String()
}

// Markdown returns the plugin's page: what it is, what configures a connection of it, and
// its actions.
func (p *Plugin) Markdown() string {
	d := p.Provider.Describe()
	var page strings.Builder
	fmt.Fprintf(&page, "# %s\n\n%s. Plugin %s %s.\n", p.Alias, d.Summary, d.Name, d.Version)
	if d.Description != "" {
		fmt.Fprintf(&page, "\n%s\n", strings.TrimSpace(d.Description))
	}
	writeFields(&page, "Connection", "A connection of it needs no configuration.", d.Connection)
	writeRules(&page, "Rules of a connection", d.Rules)
	page.WriteString("\n## Actions\n\n")
	for _, action := range d.Actions {
		fmt.Fprintf(&page, "- `%s.%s` (%s): %s\n", p.Alias, action.Name, action.Effect, action.Summary)
	}
	return page.String()
}

func writeFields(page *strings.Builder, title, none string, s *schema.Schema) {
	table := schema.Markdown(s)
	if table == "" {
		table = none + "\n"
	}
	fmt.Fprintf(page, "\n## %s\n\n%s", title, table)
}

func writeRules(page *strings.Builder, title string, rules []schema.Rule) {
	if len(rules) == 0 {
		return
	}
	fmt.Fprintf(page, "\n## %s\n\n", title)
	for _, rule := range rules {
		fmt.Fprintf(page, "- %s (`%s`)\n", rule.Message, rule.Expr)
	}
}

// abilities says what one can expect of the action, each in a sentence.
func abilities(d sdk.Description) string {
	said := []string{map[sdk.Effect]string{
		sdk.Read:    "- **read**: it changes nothing.",
		sdk.Change:  "- **change**: what it changes can be taken back.",
		sdk.Destroy: "- **destroy**: what it changes cannot be taken back.",
	}[d.Effect]}
	add := func(can bool, text string) {
		if can {
			said = append(said, "- "+text)
		}
	}
	add(d.Asks, "It is done by people, who are asked.")
	add(d.CanPlan, "The plan shows what it would do.")
	add(d.InPlan, "A plan applies it, to show what is so at that time; `--offline` keeps it from that.")
	add(d.Idempotent, "It may be repeated without harm.")
	add(d.CanObserve, "After a crash it can see whether it was done.")
	add(d.CanUndo, "It takes itself back, so that a step needs no `rollback`.")
	add(d.CostOutput != "", "Its output `"+d.CostOutput+"` says what it cost, which `limits.maxCost` counts.")
	add(d.NothingToUndo != "", "It leaves nothing to take back: "+d.NothingToUndo+".")
	add(d.Effect != sdk.Read && !d.CanUndo && d.NothingToUndo == "", "It cannot take itself back: a step says how in `rollback`.")
	return strings.Join(said, "\n")
}
