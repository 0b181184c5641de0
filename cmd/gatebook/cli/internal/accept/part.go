package accept

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/event"
)

// Part is which steps of a runbook a person wants done.
type Part struct {
	from []string
	only []string // with commas between the names
	skip []string
}

// Declare declares its flags, all but that of the reason.
func (p *Part) Declare(flags *pflag.FlagSet) {
	flags.StringArrayVar(&p.from, "from", nil, "`STEP` to begin at: those that it needs, directly or not, are left out")
	flags.StringArrayVar(&p.only, "only", nil, "`STEP`s that are done, with commas between them: all others are left out, but for those of finally")
	flags.StringArrayVar(&p.skip, "skip", nil, "`STEP`, or instance of one, that is left out; it takes a reason; may be repeated")
}

// Given reports whether a part is asked for, also where it is not said rightly which.
func (p *Part) Given() bool { return len(p.from)+len(p.only)+len(p.skip) > 0 }

// Choice returns what is left out, by a person's name and for a reason; nil: nothing is.
func (p *Part) Choice(user, reason string) (*event.Choice, error) {
	if !p.Given() {
		return nil, nil //nolint:nilnil // no choice is all of a runbook
	}
	if err := p.named(); err != nil {
		return nil, err
	}
	if len(p.skip) > 0 && strings.TrimSpace(reason) == "" {
		return nil, console.Usage("As in --skip backup --reason \"it was made by hand\".", "--skip takes a --reason, which the journal keeps")
	}
	choice := &event.Choice{From: instance(strings.Join(p.from, "")), By: user, Reason: strings.TrimSpace(reason)}
	for _, typed := range p.listed() {
		choice.Only = append(choice.Only, instance(strings.TrimSpace(typed)))
	}
	for _, typed := range p.skip {
		choice.Skip = append(choice.Skip, instance(typed))
	}
	return choice, nil
}

// named refuses a flag that names no step, or more than it takes. A variable that is not set
// leaves such a flag behind, and whoever has written it wants by no means all of the runbook.
func (p *Part) named() error {
	if len(p.from) > 1 {
		return console.Usage("The steps that are done: --only STEP,STEP.", "--from takes one step, and is given %d times", len(p.from))
	}
	isBlank := func(name string) bool { return strings.TrimSpace(name) == "" }
	for _, given := range []struct {
		flag  string
		steps []string
	}{{"from", p.from}, {"only", p.listed()}, {"skip", p.skip}} {
		if slices.ContainsFunc(given.steps, isBlank) {
			return console.Usage("Where a variable was to name it, that is empty. For all of the runbook leave the flag out.", "--%s names no step", given.flag)
		}
	}
	return nil
}

// listed are the names that --only gives.
func (p *Part) listed() []string {
	var names []string
	for _, typed := range p.only {
		names = append(names, strings.Split(typed, ",")...)
	}
	return names
}

// Typed is the choice as it stands in a command.
func (p *Part) Typed(reason string) []string {
	var words []string
	for _, step := range p.from {
		words = append(words, "--from", console.Quote(step))
	}
	if len(p.only) > 0 {
		words = append(words, "--only", console.Quote(strings.Join(p.only, ",")))
	}
	for _, step := range p.skip {
		words = append(words, "--skip", console.Quote(step))
	}
	if len(words) > 0 && reason != "" {
		words = append(words, "--reason", console.Quote(reason))
	}
	return words
}

// instance is the id that a person means: a shell takes the quotes from drain["node-3"].
func instance(typed string) string {
	of, key, is := strings.Cut(typed, "[")
	if _, _, whole := event.SplitInstance(typed); !is || whole {
		return typed
	}
	return event.InstanceID(of, strings.Trim(strings.TrimSuffix(key, "]"), `"'`))
}
