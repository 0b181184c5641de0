// Package accept says what a verb accepts on the command line: how many arguments it has,
// flags that are one of a few words, and what the shell offers for them.
package accept

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
)

// choice is a flag that has one of a few values.
type choice struct {
	value   *string
	allowed []string
}

// Choice makes a flag of the allowed values; the first is the default.
func Choice(value *string, allowed ...string) pflag.Value {
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
		return fmt.Errorf("it is %s", Words(c.allowed))
	}
	*c.value = text
	return nil
}

// Type names the values in the help text; pflag calls it.
func (c *choice) Type() string { return "WORD" }

// Words writes a choice for the middle of a sentence: "text, json or csv".
func Words(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

// Format declares --format; the first of the formats is the default.
func Format(cmd *cobra.Command, value *string, formats ...string) {
	cmd.Flags().Var(Choice(value, formats...), "format", "format of the result: "+Words(formats))
	Complete(cmd, "format", formats...)
}

// Complete offers words for a flag to the shell.
func Complete(cmd *cobra.Command, flag string, offered ...string) {
	CompleteBy(cmd, flag, cobra.FixedCompletions(offered, cobra.ShellCompDirectiveNoFileComp))
}

// CompleteBy offers for a flag what a function finds.
func CompleteBy(cmd *cobra.Command, flag string, offer cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, offer); err != nil {
		panic(err) // the flag is not declared: a bug that every test sees
	}
}

// Exactly refuses any other number of arguments than one for each name.
func Exactly(names ...string) cobra.PositionalArgs {
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

// AtMost refuses more arguments than there are names.
func AtMost(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		return Exactly(names[:min(len(args), len(names))]...)(cmd, args)
	}
}

// SomeFiles refuses to work on nothing.
func SomeFiles(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return console.Usage("See: "+cmd.CommandPath()+" --help", "%s needs a FILE", cmd.CommandPath())
	}
	return nil
}

// RunnableFiles has the shell offer runbooks, and plans by the ending that the help gives them.
func RunnableFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml", "plan"}, cobra.ShellCompDirectiveFilterFileExt
}

// YAMLFiles has the shell offer runbooks.
func YAMLFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}
