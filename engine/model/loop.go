package model

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/schema"
)

// Batch says how a step with foreach goes through what it is done for.
type Batch struct {
	Node        *syntax.Node          `doc:"How a step with foreach goes through its instances."`
	Sizes       List[Share]           `key:"sizes" min:"1" positive:"true" doc:"How many instances each batch has: a number, or a percentage of all of them, rounded down, but at least one. The last size is that of all batches after it. Absent: 1, or with maxParallel 100%."`
	MaxParallel Integer               `key:"maxParallel" min:"1" doc:"How many instances of a batch may be under way at once; absent: all of it."`
	MaxFailures Budget                `key:"maxFailures" doc:"How many instances may fail before the step fails: a number, or a percentage, rounded down; absent: none."`
	Pause       Duration              `key:"pause" doc:"How long to wait after a batch, before its between is judged and the next one begins."`
	Between     OneOrMany[*Condition] `key:"between" doc:"Conditions that must hold after each batch, the last one too."`
}

// Share is a number of things, or a percentage of all of them.
type Share struct {
	Placed
	Count   int64
	Percent bool // Count is a percentage
}

// Of returns how many of so many that is, a percentage rounded down.
func (s Share) Of(all int) int {
	if s.Percent {
		return int(int64(all) * s.Count / 100)
	}
	return int(min(s.Count, int64(all)))
}

// String writes the share as the runbook does.
func (s Share) String() string {
	if s.Percent {
		return strconv.FormatInt(s.Count, 10) + "%"
	}
	return strconv.FormatInt(s.Count, 10)
}

// ParseShare reads what [Share.String] wrote; ok is false where text is no share.
func ParseShare(text string) (share Share, ok bool) {
	digits, percent := strings.CutSuffix(text, "%")
	count, err := strconv.ParseInt(digits, 10, 32)
	share = Share{Count: count, Percent: percent}
	return share, err == nil && share.String() == text
}

// Budget says how many instances may fail: of all, and of each batch.
type Budget struct {
	Placed
	Total Share
	Batch *Share // nil: a batch has no budget of its own
}

// budget is the long form of a [Budget].
type budget struct {
	Node  *syntax.Node `name:"maxFailures" doc:"How many instances may fail, of all and of each batch."`
	Total Share        `key:"total" required:"true" doc:"How many of all may fail."`
	Batch Share        `key:"batch" required:"true" doc:"How many of one batch may fail."`
}

// mostPercent is everything.
const mostPercent = 100

func (s *Share) decode(d *decoder, node *syntax.Node, f *field) bool {
	switch node.Kind() {
	case syntax.Int:
		count, ok := node.Value().AsInt()
		if !ok {
			d.wrongType(node, aShare)
			return false
		}
		s.Node, s.Count = node, count
	case syntax.String:
		said, ok := ParseShare(node.Text())
		if !ok || !said.Percent {
			d.notShare(node)
			return false
		}
		s.Node, s.Count, s.Percent = node, said.Count, true
	default:
		d.wrongType(node, aShare)
		return false
	}
	switch {
	case f.positive && s.Count < 1:
		d.add(diag.OutOfRange.At(node.Range(), "A batch has at least one instance."))
		return false
	case s.Count < 0:
		d.add(diag.OutOfRange.At(node.Range(), "%s must not be negative.", f.key))
		return false
	case s.Percent && s.Count > mostPercent:
		d.add(diag.OutOfRange.At(node.Range(), "There are no more than 100%%."))
		return false
	}
	return true
}

const aShare = "a number, or a percentage such as 25%"

func (d *decoder) notShare(node *syntax.Node) {
	finding := diag.WrongType.At(node.Range(), "This should be %s, but it is %q.", aShare, diag.Clean(node.Text()))
	if count, err := strconv.ParseFloat(strings.TrimSuffix(node.Text(), "%"), 64); err == nil {
		whole := strconv.FormatInt(int64(count), 10)
		if strings.HasSuffix(node.Text(), "%") {
			whole += "%"
		}
		finding = finding.WithHint("write %s", whole)
	}
	d.add(finding)
}

func (*Share) describe(_ *describer, f *field) *schema.Schema {
	least, percentage := 0.0, `^(100|[0-9]{1,2})%$`
	if f.positive {
		least, percentage = 1, `^(100|[1-9][0-9]?)%$`
	}
	return &schema.Schema{AnyOf: []*schema.Schema{
		{Type: schema.TypeInteger, Minimum: &least},
		{Type: schema.TypeString, Pattern: percentage},
	}}
}

func (b *Budget) decode(d *decoder, node *syntax.Node, f *field) bool {
	b.Node = node
	if node.Kind() != syntax.Map {
		return b.Total.decode(d, node, f)
	}
	var long budget
	if !d.value(&long, node, f) {
		return false
	}
	b.Total, b.Batch = long.Total, &long.Batch
	return true
}

func (*Budget) describe(w *describer, f *field) *schema.Schema {
	return &schema.Schema{AnyOf: []*schema.Schema{(*Share)(nil).describe(w, f), w.reference(reflect.TypeFor[budget]())}}
}

// check finds what goes through nothing.
func (s *Step) check(d *decoder) {
	if s.Batch != nil && s.Node.Get("foreach") == nil {
		for key := range s.Node.Entries() {
			if key.Text() == "batch" {
				d.add(diag.BatchOfNothing.At(key.Range(), "The step has batch and no foreach.").
					WithHint("say what the step is done for: foreach: ${{ … }}"))
			}
		}
	}
}
