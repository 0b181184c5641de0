package accept

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/event"
)

// Override is which windows a person has count as open, and why.
type Override struct {
	Windows []string
	Reason  string
	flags   *pflag.FlagSet
}

// Declare declares its flags; about says what the reason is for.
func (o *Override) Declare(flags *pflag.FlagSet, about string) {
	o.flags = flags
	flags.StringArrayVar(&o.Windows, "override-window", nil, "`NAME` of a change window that counts as open in this run; it takes a reason")
	flags.StringVar(&o.Reason, "reason", "", about)
}

// By returns the overrides, by the person's name. A reason alone, where there is no other
// use for one, is refused: whoever gives it believes that it overrides something.
func (o *Override) By(user string, otherUse bool) ([]event.Override, error) {
	const example = "As in --override-window offpeak --reason \"the site is down\"."
	reason := strings.TrimSpace(o.Reason)
	switch {
	case len(o.Windows) == 0 && o.flags.Changed("reason") && !otherUse:
		return nil, console.Usage(example, "--reason is for --override-window, --skip, --from and --only, of which none is given")
	case len(o.Windows) > 0 && reason == "":
		return nil, console.Usage(example, "--override-window takes a --reason, which the journal keeps")
	}
	return Overrides(o.Windows, user, reason), nil
}

// Overrides makes the overrides of some windows, each once.
func Overrides(windows []string, user, reason string) []event.Override {
	var made []event.Override
	for i, name := range windows {
		if slices.Contains(windows[:i], name) {
			continue
		}
		made = append(made, event.Override{Window: name, By: user, Reason: reason})
	}
	return made
}
