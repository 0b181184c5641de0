package accept

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/event"
)

// Part is which steps of a runbook a person wants done, and in which mode.
type Part struct {
	Mode string // empty: in none

	from []string
	only []string // with commas between the names
	skip []string
}

// Declare declares its flags, all but that of the reason.
func (p *Part) Declare(flags *pflag.FlagSet) {
	p.DeclareMode(flags)
	flags.StringArrayVar(&p.from, "from", nil, "`STEP` to begin at: those that it needs, directly or not, are left out")
	flags.StringArrayVar(&p.only, "only", nil, "`STEP`s that are done, with commas between them: all others are left out, but for those of finally")
	flags.StringArrayVar(&p.skip, "skip", nil, "`STEP`, or instance of one, that is left out; it takes a reason; may be repeated")
}

// DeclareMode declares the flag of the mode alone.
func (p *Part) DeclareMode(flags *pflag.FlagSet) {
	flags.Var((*modeName)(&p.Mode), "mode", "`NAME` of a mode of the runbook, which sets inputs and leaves out steps")
}

// modeName is the name of a mode, given once: a variable that is not set, or is set to another one,
// must not have a run be done for real that was to be a drill.
type modeName string

// String returns the name.
func (m *modeName) String() string { return string(*m) }

// Type is what pflag calls it.
func (m *modeName) Type() string { return "string" }

// Set takes the name.
func (m *modeName) Set(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return errors.New("it names no mode; for the runbook as it stands leave the flag out")
	case *m != "":
		return fmt.Errorf("it is given twice, before as %s", console.Quote(string(*m)))
	}
	*m = modeName(name)
	return nil
}

// Given reports whether anything is left out, also where it is not said rightly what.
func (p *Part) Given() bool { return len(p.from)+len(p.only)+len(p.skip) > 0 }

// Choice returns the mode, and what is left out by a person's name and for a reason; nil: there
// is no mode, and nothing is. Of a mode alone it does not say who wants it, so that its plan is
// the same for everybody.
func (p *Part) Choice(user, reason string) (*event.Choice, error) {
	if !p.Given() && p.Mode == "" {
		return nil, nil //nolint:nilnil // no choice is all of a runbook
	}
	if !p.Given() {
		return &event.Choice{Mode: p.Mode}, nil
	}
	if err := p.named(); err != nil {
		return nil, err
	}
	if len(p.skip) > 0 && strings.TrimSpace(reason) == "" {
		return nil, console.Usage("As in --skip backup --reason \"it was made by hand\".", "--skip takes a --reason, which the journal keeps")
	}
	choice := &event.Choice{Mode: p.Mode, From: instance(strings.Join(p.from, "")), By: user, Reason: strings.TrimSpace(reason)}
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
	if p.Mode != "" {
		words = append([]string{"--mode", console.Quote(p.Mode)}, words...)
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
