package accept

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/event"
)

// Part is which steps of a runbook a person wants done.
type Part struct {
	from string
	only []string
	skip []string
}

// Declare declares its flags, all but that of the reason.
func (p *Part) Declare(flags *pflag.FlagSet) {
	flags.StringVar(&p.from, "from", "", "`STEP` to begin at: those that it needs, directly or not, are left out")
	flags.StringSliceVar(&p.only, "only", nil, "`STEP`s that are done, with commas between them: all others are left out, but for those of finally")
	flags.StringArrayVar(&p.skip, "skip", nil, "`STEP`, or instance of one, that is left out; it takes a reason; may be repeated")
}

// Given reports whether anything is left out.
func (p *Part) Given() bool { return p.from != "" || len(p.only)+len(p.skip) > 0 }

// Choice returns what is left out, by a person's name and for a reason; nil: nothing is.
func (p *Part) Choice(user, reason string) (*event.Choice, error) {
	if !p.Given() {
		return nil, nil //nolint:nilnil // no choice is all of a runbook
	}
	if len(p.skip) > 0 && strings.TrimSpace(reason) == "" {
		return nil, console.Usage("As in --skip backup --reason \"it was made by hand\".", "--skip takes a --reason, which the journal keeps")
	}
	choice := &event.Choice{From: p.from, Only: p.only, By: user, Reason: strings.TrimSpace(reason)}
	for _, typed := range p.skip {
		choice.Skip = append(choice.Skip, instance(typed))
	}
	return choice, nil
}

// Typed is the choice as it stands in a command.
func (p *Part) Typed(reason string) []string {
	var words []string
	if p.from != "" {
		words = append(words, "--from", console.Quote(p.from))
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
	switch {
	case !is || event.Template(typed) != typed:
		return typed
	case !strings.HasSuffix(typed, "]") || strings.Count(typed, "[") > 1:
		return console.QuoteKeys(typed)
	}
	return event.InstanceID(of, strings.Trim(strings.TrimSuffix(key, "]"), `"'`))
}
