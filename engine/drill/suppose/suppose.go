// Package suppose reads what the author of a runbook supposes of the world in a drill: the test
// file beside the runbook, as NAME.test.yaml beside NAME.yaml.
//
// It holds the file against the plan: what it says of a step must be of one that is there, and
// can matter there. Floor 7.
package suppose

import (
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/drill/world"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// FileName is what the test file of a runbook's file is called.
func FileName(runbook string) string {
	for _, extension := range []string{".yaml", ".yml"} {
		if stem, ok := strings.CutSuffix(runbook, extension); ok {
			return stem + ".test" + extension
		}
	}
	return runbook + ".test.yaml"
}

// Read reads the test file of a runbook, whose steps are those of the plan, and finds everything
// that is wrong with it.
func Read(file *source.File, p *plan.Plan) (world.Supposed, diag.List) {
	tree, found := syntax.Parse(file)
	if tree == nil {
		return world.Supposed{}, found.Sorted()
	}
	test, more := model.DecodeTest(tree)
	found = append(found, more...)
	if test == nil {
		return world.Supposed{}, found.Sorted()
	}
	r := reader{plan: p, found: found, read: world.Supposed{Steps: make(map[string]world.Step), Items: make(map[string][]value.Value)}}
	for _, entry := range test.Steps.Entries {
		r.step(entry.Key, entry.Value)
	}
	for _, entry := range test.Steps.Entries {
		r.provided(entry.Value)
	}
	return r.read, r.found.Sorted()
}

// reader reads one test file.
type reader struct {
	plan  *plan.Plan
	read  world.Supposed
	found diag.List
}

func (r *reader) step(key model.Text, said *model.Supposition) {
	s, known := r.plan.Step(key.Value)
	if !known || s.Of != "" {
		var ids []string
		for _, s := range r.plan.Steps {
			ids = append(ids, s.ID)
		}
		found := diag.UnknownStep.At(key.Range(), "There is no step %q.", diag.Clean(key.Value))
		if near, ok := diag.Nearest(key.Value, ids); ok {
			found = found.WithHint("did you mean %q?", near)
		}
		r.found = append(r.found, found)
		return
	}
	step := world.Step{
		Provides: texts(said.Provides), Removes: texts(said.Removes), Needs: texts(said.Needs), Takes: texts(said.Takes),
		Releases:  texts(said.Releases),
		GateNeeds: needs(said.Gate), BackNeeds: needs(said.Rollback),
	}
	step.Outputs = r.outputs(s, said.Outputs)
	r.read.Steps[s.ID] = step
	r.items(s, said.Items)
	if said.Gate != nil && len(s.Gate) == 0 {
		r.found = append(r.found, diag.SupposedInVain.At(said.Gate.Node.Range(), "The step %q has no gate.", s.ID))
	}
	if said.Rollback != nil && (s.Rollback == nil || s.Rollback.None != "") {
		r.found = append(r.found, diag.SupposedInVain.At(said.Rollback.Node.Range(), "Nothing takes the step %q back.", s.ID))
	}
}

// items reads what a step is done for, where the plan leaves that open.
func (r *reader) items(s *plan.Step, said model.List[model.Text]) {
	if len(said.Items) == 0 {
		return
	}
	if s.Loop == nil {
		r.found = append(r.found, diag.SupposedInVain.At(said.Range(), "The step %q is done once: it has no foreach.", s.ID))
		return
	}
	items := make([]value.Value, len(said.Items))
	for i, item := range said.Items {
		items[i] = value.String(item.Value)
	}
	fault := func(n int) error {
		_, err := plan.Items(value.List(items[:n]...))
		return err
	}
	if err := fault(len(items)); err != nil {
		first := sort.Search(len(items), func(n int) bool { return fault(n+1) != nil })
		r.found = append(r.found, diag.LoopKeys.At(said.Items[first].Range(), "The instances of the step %q cannot be named: %s.", s.ID, err))
		return
	}
	r.read.Items[s.ID] = items
	if s.Within == "" && !s.Loop.Over.HasUnknown() {
		r.found = append(r.found, diag.ItemsKnown.At(said.Range(), "What the step %q is done for is known, and not what is supposed here.", s.ID))
	}
}

// outputs reads what an action gives back. Of what it declares a part may be left out, which is
// then not known.
func (r *reader) outputs(s *plan.Step, said model.Value) value.Value {
	if said.Node == nil {
		return value.Null()
	}
	v := said.Node.Value()
	if v.Kind() != value.KindObject {
		r.found = append(r.found, diag.SupposedOutputs.At(said.Range(), "It is no map of outputs."))
		return value.Null()
	}
	for _, violation := range misfits(s.Describe.Output, v) {
		found := diag.SupposedOutputs.At(placed(said.Node, violation).Range(), "The %s says: %s.", s.Action, violation.Message)
		if near, ok := diag.Nearest(violation.Property, violation.Known); ok {
			found = found.WithHint("did you mean %q?", near)
		}
		r.found = append(r.found, found)
	}
	return v
}

// placed finds what does not fit in a value: the key of what is superfluous, and else the part.
func placed(node *syntax.Node, v schema.Violation) *syntax.Node {
	for _, part := range v.Path {
		if v.Keyword == "additionalProperties" && part == v.Property {
			for key := range node.Entries() {
				if key.Text() == part {
					return key
				}
			}
		}
		next := node.Get(part)
		if place, err := strconv.Atoi(part); err == nil && place < len(node.Items()) {
			next = node.Items()[place]
		}
		if next == nil {
			return node
		}
		node = next
	}
	return node
}

// misfits are what does not fit the schema of outputs, but for what is left out.
func misfits(declared *schema.Schema, v value.Value) []schema.Violation {
	if declared == nil {
		return nil
	}
	partial := *declared
	partial.Required = nil
	validator, err := schema.Compile(&partial)
	if err != nil {
		return nil // the action's fault, which is reported where the action is used
	}
	document, err := v.Reveal()
	if err != nil {
		return nil // what a file says is known
	}
	return validator.Validate(document)
}

// provided finds things that are needed and that no step provides, or given back and that none
// takes: a slip of the pen would be found as a fault of the runbook.
func (r *reader) provided(said *model.Supposition) {
	there, held := make(map[string]bool), make(map[string]bool)
	for _, s := range r.read.Steps {
		for _, name := range s.Provides {
			there[name] = true
		}
		for _, name := range s.Takes {
			held[name] = true
		}
	}
	lists := []model.List[model.Text]{said.Needs, said.Removes}
	for _, need := range []*model.Need{said.Gate, said.Rollback} {
		if need != nil {
			lists = append(lists, need.Needs)
		}
	}
	for _, list := range lists {
		r.unknown(list, there, diag.NobodyProvides, "No step provides %q.")
	}
	r.unknown(said.Releases, held, diag.NobodyTakes, "No step takes %q.")
}

// unknown finds the things of a list that are none of those that are known.
func (r *reader) unknown(list model.List[model.Text], known map[string]bool, rule *diag.Rule, says string) {
	for _, item := range list.Items {
		if known[item.Value] {
			continue
		}
		found := rule.At(item.Range(), says, diag.Clean(item.Value))
		if near, ok := diag.Nearest(item.Value, slices.Sorted(maps.Keys(known))); ok {
			found = found.WithHint("did you mean %q?", near)
		}
		r.found = append(r.found, found)
	}
}

func texts(list model.List[model.Text]) []string {
	var made []string
	for _, item := range list.Items {
		made = append(made, item.Value)
	}
	return made
}

func needs(need *model.Need) []string {
	if need == nil {
		return nil
	}
	return texts(need.Needs)
}
