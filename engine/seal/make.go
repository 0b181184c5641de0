package seal

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Of returns the essence of a plan that this gatebook made; shown is the same plan as it was
// previewed, or as it is offline.
func Of(p, shown *plan.Plan, gatebook string, key Key) (Essence, error) {
	made := Essence{
		Gatebook: gatebook,
		Plan:     p.Digest,
		Files:    files(p),
		Inputs:   p.Inputs,
		Plugins:  plugins(p),
		Observed: observed(shown),
		Offline:  shown.Offline,
		Choice:   p.Choice,
	}
	for _, file := range p.Runbook.Files {
		made.Files = append(made.Files, File{Name: file.Name, SHA256: file.Digest})
	}
	var err error
	if made.Secrets, err = secrets(p, key); err != nil {
		return Essence{}, err
	}
	made.Targets, err = targets(p, shown, key)
	return made, err
}

// files are the runbook, and what it goes by beside it.
func files(p *plan.Plan) []File {
	made := []File{{Name: filepath.Base(p.Runbook.File), SHA256: p.Runbook.Digest}}
	if p.People == nil {
		return made
	}
	made = append(made, File{Name: p.People.File.Name, SHA256: p.People.File.SHA256})
	if p.People.Signers != nil {
		made = append(made, File{Name: p.People.Signers.Name, SHA256: p.People.Signers.SHA256})
	}
	return made
}

// secrets hashes each input that is a secret, or holds one.
func secrets(p *plan.Plan, key Key) (map[string]string, error) {
	hashes := make(map[string]string)
	for _, input := range p.Inputs.Members() {
		if !input.Value.HasSecret() {
			continue
		}
		text, err := input.Value.RevealJSON()
		if err == nil {
			hashes[input.Name], err = key.secret(p.Runbook.Name+" input "+input.Name, string(text))
		}
		if err != nil {
			return nil, fmt.Errorf("seal the secret input %s: %w", input.Name, err)
		}
	}
	return hashes, nil
}

func plugins(p *plan.Plan) []Plugin {
	var used []Plugin
	for _, c := range p.Connections {
		used = append(used, Plugin{Name: c.Source, Version: c.Version, SHA256: c.SHA256})
	}
	slices.SortFunc(used, func(a, b Plugin) int { return cmp.Compare(a.Name, b.Name) })
	return slices.Compact(used)
}

// targets are what the connections were shown to reach. What their plugins say is compared
// in full; where it holds a secret, by its hash.
func targets(p, shown *plan.Plan, key Key) ([]Target, error) {
	var reached []Target
	for i, c := range p.Connections {
		bare := shown.Connections[i].Target
		if bare == nil {
			continue
		}
		target := Target{Connection: c.Called(), Title: bare.Title, ID: bare.ID}
		if raw := p.Targets.Shown(c); raw.ID != bare.ID || raw.Title != bare.Title {
			var err error
			if target.Seal, err = key.secret("connection "+c.Called(), raw.ID+"\x00"+raw.Title); err != nil {
				return nil, fmt.Errorf("seal what the connection %s reaches: %w", c.Called(), err)
			}
		}
		reached = append(reached, target)
	}
	return reached, nil
}

// observed is what the actions looked at, each thing once for a step: to do it, to take it back,
// and for its conditions.
func observed(shown *plan.Plan) []Seen {
	var all []Seen
	add := func(step string, uses []*plan.Use) {
		var seen []sdk.Seen
		for _, use := range uses {
			if use != nil && use.Preview != nil {
				seen = append(seen, use.Preview.Observed...)
			}
		}
		slices.SortFunc(seen, func(a, b sdk.Seen) int {
			return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.ID, b.ID))
		})
		for _, s := range slices.Compact(seen) {
			all = append(all, Seen{Step: step, Kind: s.Kind, Name: s.Name, Version: s.Version, ID: s.ID})
		}
	}
	for _, step := range shown.Steps {
		for _, one := range step.Each() {
			uses := append([]*plan.Use{&one.Use}, observing(one.Gate, one.Verify)...)
			if one.Rollback != nil {
				uses = append(uses, one.Rollback.Use)
			}
			add(one.ID, uses)
		}
		if step.Loop != nil {
			add(step.ID, observing(step.Loop.Between))
		}
	}
	return all
}

// observing is what is observed for conditions.
func observing(of ...[]*plan.Condition) []*plan.Use {
	var uses []*plan.Use
	for _, c := range slices.Concat(of...) {
		uses = append(uses, c.Observe)
	}
	return uses
}

// Asking returns the steps of a plan that ask people, but for those that are known to be
// skipped: of these nobody will be asked. later says of those to which a yes counts only when
// they ask why that is.
func Asking(p *plan.Plan) (asks []string, later map[string]string) {
	later = make(map[string]string)
	for step := range p.All() {
		if !step.Describe.Asks || step.Skipped() {
			continue
		}
		asks = append(asks, step.ID)
		if why := step.Early(); why != "" {
			later[step.ID] = why
		}
	}
	return asks, later
}

// Asked returns, of the steps of a plan that ask groups of people, which these are. Those that
// are only known when the step asks are left out.
func Asked(p *plan.Plan) map[string][]string {
	groups := make(map[string][]string)
	for step := range p.All() {
		from, _ := step.Params.Get("from")
		if step.Action != "approve" || from.HasUnknown() {
			continue
		}
		for _, item := range from.Items() {
			if name, is := item.AsString(); is {
				groups[step.ID] = append(groups[step.ID], name)
			}
		}
	}
	return groups
}
