package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
)

// choice is a flag that has one of a few values.
type choice struct {
	value   *string
	allowed []string
}

// newChoice makes a flag of the allowed values; the first is the default.
func newChoice(value *string, allowed ...string) *choice {
	*value = allowed[0]
	return &choice{value, allowed}
}

// String returns the flag's value; pflag calls it.
func (c *choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

// Set takes a value; pflag calls it.
func (c *choice) Set(text string) error {
	if !slices.Contains(c.allowed, text) {
		return fmt.Errorf("it is %s", words(c.allowed))
	}
	*c.value = text
	return nil
}

// Type names the values in the help text; pflag calls it.
func (c *choice) Type() string { return "WORD" }

// words writes a choice for the middle of a sentence: "text, json or csv".
func words(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

// formatFlag declares --format; the first of the formats is the default.
func formatFlag(cmd *cobra.Command, value *string, formats ...string) {
	cmd.Flags().Var(newChoice(value, formats...), "format", "format of the result: "+words(formats))
	complete(cmd, "format", formats...)
}

// complete offers words for a flag to the shell.
func complete(cmd *cobra.Command, flag string, offered ...string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(offered, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag is not declared: a bug that every test sees
	}
}

// exactly refuses any other number of arguments than one for each name.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return console.Usage("See: "+cmd.CommandPath()+" --help", "%s needs %s", cmd.CommandPath(), names[len(args)])
		case len(args) > len(names):
			return console.Usage("See: "+cmd.CommandPath()+" --help", "%s takes no argument %q", cmd.CommandPath(), args[len(names)])
		default:
			return nil
		}
	}
}

// atMost refuses more arguments than there are names.
func atMost(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		return exactly(names[:min(len(args), len(names))]...)(cmd, args)
	}
}

// someFiles refuses to work on nothing.
func someFiles(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return console.Usage("See: "+cmd.CommandPath()+" --help", "%s needs a FILE", cmd.CommandPath())
	}
	return nil
}

// yamlFiles has the shell offer runbooks.
func yamlFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}
