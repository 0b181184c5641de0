package check

import (
	"errors"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/schema"
)

// loops are the shapes that steps with foreach bring with them, each made once, so that
// what is compiled against one shape is shared.
type loops struct {
	outputs map[*schema.Schema]*schema.Schema // of a step, by those of its action
	each    map[*schema.Schema]*schema.Schema // of each, by that of the items
}

func newLoops() loops {
	return loops{outputs: map[*schema.Schema]*schema.Schema{}, each: map[*schema.Schema]*schema.Schema{}}
}

// outputsOf is the shape of the outputs of a step that is done for many: those of its
// instances, as a list and by their keys.
func (l *loops) outputsOf(one *schema.Schema) *schema.Schema {
	made, known := l.outputs[one]
	if !known {
		made = &schema.Schema{
			Type: schema.TypeObject, Closed: true,
			Properties: []schema.Property{
				{Name: "byKey", Schema: &schema.Schema{Type: schema.TypeObject, Additional: one}},
				{Name: "list", Schema: &schema.Schema{Type: schema.TypeArray, Items: one}},
			},
			Required: []string{"byKey", "list"},
		}
		if one != nil {
			made.Defs = one.Defs
		}
		l.outputs[one] = made
	}
	return made
}

// eachOf is the shape of each, over items of a shape.
func (l *loops) eachOf(item *schema.Schema) *schema.Schema {
	made, known := l.each[item]
	if !known {
		made = &schema.Schema{
			Type: schema.TypeObject, Closed: true,
			Properties: []schema.Property{
				{Name: "index", Schema: &schema.Schema{Type: schema.TypeInteger}},
				{Name: "key", Schema: &schema.Schema{Type: schema.TypeString}},
				{Name: "value", Schema: item},
			},
			Required: []string{"index", "key", "value"},
		}
		l.each[item] = made
	}
	return made
}

// loop compiles what a step is done for; what else the step says may use each then.
func (c *checker) loop(step *Step) {
	m := step.Model
	step.Loop = &Loop{Model: m.Batch, Over: c.data(stepSite(step, "foreach", false), m.Foreach, c.types)}
	item := c.itemsOf(step.Loop)
	c.checkItems(step.Loop, m.Foreach)
	if m.Batch != nil {
		step.Loop.Between = c.conditions(judgingSite(step, "between", true), m.Batch.Between)
	}
	step.Loop.Each = c.loops.eachOf(item)
	c.types, c.retries = c.types.With(expr.RootEach, step.Loop.Each), nil
	if action := c.actions[step.Index]; action != nil {
		c.types = c.types.Within(step.ID(), action.Description.Output)
	}
}

// checkItems reports items that are written down and cannot be told apart, at the one that cannot.
func (c *checker) checkItems(loop *Loop, said model.Value) {
	known, constant := loop.Over.Constant()
	if !constant {
		return
	}
	_, err := data.Items(known)
	wrong, is := errors.AsType[*data.ItemError](err)
	if !is {
		return // what is neither a list nor a map has a finding
	}
	at := loop.Over.Range()
	if items := said.Node.Items(); wrong.Place < len(items) {
		at = items[wrong.Place].Range()
	}
	c.add(diag.LoopKeys.At(at, "Its instances cannot be named: %s.", wrong))
}

// itemsOf returns the shape of the items of a loop, nil where it is not known, and
// reports what is neither a list nor a map.
func (c *checker) itemsOf(loop *Loop) *schema.Schema {
	over := loop.Over.Shape(c.secrets.holds)
	if known, ok := loop.Over.Constant(); ok && known.IsNull() {
		c.add(diag.LoopOverOne.At(loop.Over.Range(), "This is null."))
		return nil
	}
	switch over.Type {
	case schema.TypeArray:
		return secretly(over.Items, over.Secret)
	case schema.TypeObject:
		if len(over.Properties) > 0 || over.Closed {
			return secretly(sameOfAll(over.Properties), over.Secret)
		}
		return secretly(over.Additional, over.Secret)
	case "":
		return secretly(nil, over.Secret)
	default:
		c.add(diag.LoopOverOne.At(loop.Over.Range(), "This is %s.", diag.Article(over.Type)))
		return nil
	}
}

// secretly is the shape of what is secret, where it is.
func secretly(shape *schema.Schema, secret bool) *schema.Schema {
	if !secret {
		return shape
	}
	marked := schema.Schema{}
	if shape != nil {
		marked = *shape
	}
	marked.Secret = true
	return &marked
}

// sameOfAll is the one shape that all properties have; nil where they differ.
func sameOfAll(properties []schema.Property) *schema.Schema {
	var same *schema.Schema
	for i, p := range properties {
		switch {
		case i == 0:
			same = p.Schema
		case p.Schema == nil || same == nil || p.Schema.Type != same.Type || p.Schema.Type == schema.TypeObject || p.Schema.Type == schema.TypeArray:
			return nil
		}
	}
	return same
}

// between returns the conditions after the batches of the step.
func (s *Step) between() []*Condition {
	if s.Loop == nil {
		return nil
	}
	return s.Loop.Between
}
