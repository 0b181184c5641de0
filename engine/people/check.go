package people

import (
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/syntax"
)

// Check finds questions of a runbook to people whom the policy does not know. What is only
// known when the question is asked is looked at then.
func (p *Policy) Check(runbook *model.Runbook) diag.List {
	var found diag.List
	for _, steps := range [][]*model.Step{runbook.Steps.Items, runbook.Finally.Items} {
		for _, step := range steps {
			if step.Uses.Value == "approve" {
				found = append(found, p.checkQuestion(step.With)...)
			}
		}
	}
	return found
}

func (p *Policy) checkQuestion(with model.Map[model.Value]) diag.List {
	from, _ := with.Get("from")
	quorum, _ := with.Get("quorum")
	asked := from.Node
	if asked == nil && atLeast(quorum.Node) > 1 {
		asked = quorum.Node
	}
	switch {
	case asked == nil:
		return nil
	case p == nil:
		return diag.List{diag.NobodyToAsk.At(asked.Range(), "There is no %s beside the runbook, nor above it.", FileName)}
	case !p.signed:
		return diag.List{diag.NobodyToAsk.At(asked.Range(), "%s names no file of allowed signers.", p.kept.File.Name)}
	}
	var found diag.List
	var groups []string
	known := from.Node.Kind() == syntax.List
	for _, item := range from.Node.Items() {
		name := item.Text()
		switch {
		case strings.Contains(name, "${{"):
			known = false
		case p.groups[name] == nil:
			finding := diag.NobodyToAsk.At(item.Range(), "%s has no group %s.", p.kept.File.Name, name)
			if near, ok := diag.Nearest(name, p.groupNames()); ok {
				finding = finding.WithHint("did you mean %s?", near)
			}
			found, known = append(found, finding), false
		}
		groups = append(groups, name)
	}
	if members, err := p.Of(groups); known && err == nil && atLeast(quorum.Node) > len(members) {
		where := quorum.Node
		if where == nil {
			where = from.Node
		}
		found = append(found, diag.QuorumTooLarge.At(where.Range(), "There are %d people in %s.", len(members), strings.Join(groups, ", ")))
	}
	return found
}

func (p *Policy) groupNames() []string {
	var names []string
	for name := range p.groups {
		names = append(names, name)
	}
	return names
}

// atLeast is the quorum that is written down, and 1 where none is, or it is computed.
func atLeast(node *syntax.Node) int {
	if node.Kind() != syntax.Int {
		return 1
	}
	number, ok := node.Value().AsInt()
	if !ok {
		return 1
	}
	return int(min(number, 1<<30))
}
