package data_test

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// around puts a secret somewhere into a document: each way is a step outwards, of the shape and of
// what is in it.
type around struct {
	root  *schema.Schema
	shape *schema.Schema
	value value.Value
	path  []string
}

func (a *around) object(property string) {
	a.value = value.Object(value.Member{Name: "beside", Value: value.String("open")}, value.Member{Name: property, Value: a.value})
	a.path = append([]string{property}, a.path...)
}

var text = &schema.Schema{Type: schema.TypeString}

// ways are the words of JSON Schema by which one shape has another in it.
var ways = map[string]func(*around){
	"properties": func(a *around) {
		a.shape = &schema.Schema{Type: schema.TypeObject, Properties: []schema.Property{{Name: "beside", Schema: text}, {Name: "in", Schema: a.shape}}}
		a.object("in")
	},
	"additionalProperties": func(a *around) {
		a.shape = &schema.Schema{Properties: []schema.Property{{Name: "beside", Schema: text}}, Additional: a.shape}
		a.object("any")
	},
	"items": func(a *around) {
		a.shape = &schema.Schema{Type: schema.TypeArray, Items: a.shape}
		a.value, a.path = value.List(a.value), append([]string{"0"}, a.path...)
	},
	"items or properties": func(a *around) {
		a.shape = &schema.Schema{Items: text, Properties: []schema.Property{{Name: "beside", Schema: text}}, Additional: a.shape}
		a.object("any")
	},
	"$ref": func(a *around) {
		name := strconv.Itoa(len(a.root.Defs))
		a.root.Defs = append(a.root.Defs, schema.Property{Name: name, Schema: a.shape})
		a.shape = &schema.Schema{Ref: "#/$defs/" + name}
	},
	"anyOf": func(a *around) { a.shape = &schema.Schema{AnyOf: []*schema.Schema{text, a.shape}} },
	"oneOf": func(a *around) { a.shape = &schema.Schema{OneOf: []*schema.Schema{a.shape, {Type: schema.TypeNumber}}} },
	"allOf": func(a *around) { a.shape = &schema.Schema{Title: "both", AllOf: []*schema.Schema{{}, a.shape}} },
}

func TestASecretIsMarkedWhereverTheSchemaHasIt(t *testing.T) {
	t.Parallel()
	names := make([]string, 0, len(ways))
	for name := range ways {
		names = append(names, name)
		checkSecretAt(t, []string{name})
	}
	rapid.Check(t, func(t *rapid.T) {
		checkSecretAt(t, rapid.SliceOfN(rapid.SampledFrom(names), 0, 8).Draw(t, "ways"))
	})
}

func checkSecretAt(t rapid.TB, outwards []string) {
	a := &around{root: &schema.Schema{}, shape: &schema.Schema{Type: schema.TypeString, Secret: true}, value: value.String("hunter22")}
	for _, name := range outwards {
		ways[name](a)
	}
	a.root.AllOf = []*schema.Schema{a.shape}
	if !data.HoldsSecret(a.root) || !data.LeadsToSecret(a.root, a.path) || !data.ShowsSecret(a.root, a.value) {
		t.Errorf("%v: a secret is written down, and not found", outwards)
	}
	conformed, err := data.Conform(a.root, a.value)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []value.Value{data.Secrets(a.value, a.root), conformed} {
		for _, part := range a.path {
			if v.IsSecret() {
				t.Fatalf("%v: all of what is around the secret is one", outwards)
			}
			if beside, is := v.Get("beside"); is && beside.IsSecret() {
				t.Errorf("%v: what is beside the secret is one", outwards)
			}
			if v.Kind() == value.KindList {
				v = v.Items()[0]
			} else {
				v, _ = v.Get(part)
			}
		}
		if !v.IsSecret() {
			t.Errorf("%v: the secret is not marked", outwards)
		}
	}
}

func TestWhatAShapeSaysBesideAReferenceIsHeard(t *testing.T) {
	t.Parallel()
	shape := &schema.Schema{
		Defs:       []schema.Property{{Name: "text", Schema: text}},
		Properties: []schema.Property{{Name: "token", Schema: &schema.Schema{Ref: "#/$defs/text", Secret: true}}},
	}
	with := value.Object(value.Member{Name: "token", Value: value.String("hunter22")})
	token, _ := data.Secrets(with, shape).Get("token")
	if !token.IsSecret() || !data.ShowsSecret(shape, with) {
		t.Error("a secret beside a reference is not known as one")
	}
}

// A shape that refers to itself by more than one way is followed into a deep value without going each
// way anew at each step.
func TestADeepValueIsMarkedInTime(t *testing.T) {
	t.Parallel()
	node := &schema.Schema{Ref: "#/$defs/node"}
	one := func() *schema.Schema {
		return &schema.Schema{Type: schema.TypeObject, Properties: []schema.Property{{Name: "in", Schema: node}, {Name: "token", Schema: &schema.Schema{Secret: true}}}}
	}
	shape := &schema.Schema{Ref: "#/$defs/node", Defs: []schema.Property{{Name: "node", Schema: &schema.Schema{AnyOf: []*schema.Schema{one(), one()}}}}}
	deep := value.Object(value.Member{Name: "token", Value: value.String("hunter22")})
	for range 64 {
		deep = value.Object(value.Member{Name: "in", Value: deep})
	}
	marked := data.Secrets(deep, shape)
	for range 64 {
		marked, _ = marked.Get("in")
	}
	if token, _ := marked.Get("token"); !token.IsSecret() {
		t.Error("the deepest secret is not marked")
	}
}
