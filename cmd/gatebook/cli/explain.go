package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine/diag"
)

type explainOptions struct {
	*app
	name   string
	format string
}

func newExplain(a *app) *cobra.Command {
	o := &explainOptions{app: a}
	cmd := &cobra.Command{
		Use:   "explain ACTION",
		Short: "Print the documentation of an action, or of a finding",
		Long: `Print what an action does, what it is given and returns, with examples. Given the code
of a finding, such as GB0201, print why gatebook minds and how to mend it.`,
		Example: `  gatebook explain exec
  gatebook explain http.check --format json
  gatebook explain GB0201`,
		Args:              accept.Exactly("an ACTION; see gatebook actions"),
		ValidArgsFunction: a.completeActions,
		RunE: func(_ *cobra.Command, args []string) error {
			o.name = args[0]
			return o.run()
		},
	}
	accept.Format(cmd, &o.format, "markdown", "json")
	return cmd
}

func (o *explainOptions) run() error {
	for _, rule := range diag.Rules() {
		if rule.Code == o.name {
			return o.explainRule(rule)
		}
	}
	h, err := house.Open(o.Console)
	if err != nil {
		return err
	}
	entry, ok := h.Catalog().Lookup(o.name)
	if !ok {
		hint := "See: gatebook actions"
		if near, found := diag.Nearest(o.name, h.Catalog().Names()); found {
			hint = "Did you mean: gatebook explain " + near + "?"
		}
		return console.Usage(hint, "there is no action %q", o.name)
	}
	if o.format == "json" {
		return o.PrintJSON(entry.Description)
	}
	_, err = fmt.Fprint(o.Stdout, entry.Markdown())
	return err
}

func (o *explainOptions) explainRule(rule *diag.Rule) error {
	if o.format == "json" {
		return o.PrintJSON(rule)
	}
	_, err := fmt.Fprintf(o.Stdout, "# %s: %s\n\n%s\n\n%s\n\nWrong:\n\n```yaml\n%s\n```\n\nRight:\n\n```yaml\n%s\n```\n",
		rule.Code, rule.Summary, rule.Why, rule.Mend, rule.Bad, rule.Good)
	return err
}

// completeActions has the shell offer the names of actions.
func (a *app) completeActions(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	h, err := house.Open(a.Console)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	names := h.Catalog().Names()
	for i, name := range names {
		entry, _ := h.Catalog().Lookup(name)
		names[i] = name + "\t" + entry.Description.Summary
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
