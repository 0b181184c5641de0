package cli

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/diag"
)

type explainOptions struct {
	*app
	name    string
	runbook string
	format  string
}

func newExplain(a *app) *cobra.Command {
	o := &explainOptions{app: a}
	cmd := &cobra.Command{
		Use:   "explain ACTION|PLUGIN|CODE",
		Short: "Print the documentation of an action, a plugin, or a finding",
		Long: `Print what an action does, what it is given and returns, with examples; of a plugin, what
configures a connection of it. Plugins are those that gatebook.lock in this folder names;
with --runbook those of the runbook, under the names that it gives them. Given the code of
a finding, such as GB0201, print why gatebook minds and how to mend it.`,
		Example: `  gatebook explain exec
  gatebook explain k8s.drain --runbook upgrade.yaml
  gatebook explain http.check --format json
  gatebook explain GB0201`,
		Args:              accept.Exactly("an ACTION, see gatebook actions, a PLUGIN, or the CODE of a finding"),
		ValidArgsFunction: a.offers().Explained,
		RunE: func(_ *cobra.Command, args []string) error {
			o.name = args[0]
			return o.run()
		},
	}
	declareRunbook(cmd, &o.runbook)
	accept.Format(cmd, &o.format, "markdown", "json")
	return cmd
}

func (o *explainOptions) run() error {
	if code := strings.ToUpper(o.name); regexp.MustCompile(`^GB\d+$`).MatchString(code) {
		return o.explainCode(code)
	}
	actions, err := o.actions(o.runbook)
	if err != nil {
		return err
	}
	if plugin, ok := actions.Plugin(o.name); ok {
		return o.print(plugin.Provider.Describe(), plugin.Markdown())
	}
	entry, ok := actions.Lookup(o.name)
	if !ok {
		hint := "See: gatebook actions"
		if near, found := diag.Nearest(o.name, actions.Names()); found {
			hint = "Did you mean: gatebook explain " + near + "?"
		}
		return console.Usage(hint, "there is no action %q", o.name)
	}
	return o.print(entry.Description, entry.Markdown())
}

// print prints what is known, in the form that was asked for.
func (o *explainOptions) print(description any, page string) error {
	if o.format == "json" {
		return o.PrintJSON(description)
	}
	_, err := fmt.Fprint(o.Stdout, page)
	return err
}

func (o *explainOptions) explainCode(code string) error {
	rules := diag.Rules()
	at := slices.IndexFunc(rules, func(rule *diag.Rule) bool { return rule.Code == code })
	if at < 0 {
		return console.Usage("gatebook check writes the code of a finding in brackets, as in error["+rules[0].Code+"].",
			"there is no finding with the code %s", code)
	}
	rule := rules[at]
	return o.print(rule, "# "+rule.Code+": "+rule.Summary+"\n\n"+rule.Markdown())
}
