package schema_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/schema"
)

type endpoint struct {
	Host string `json:"host" required:"true" format:"hostname" doc:"Where."`
}

type level int

func (l level) MarshalText() ([]byte, error) { return []byte("high"), nil }

type percent string

func (percent) JSONSchema() *schema.Schema {
	return &schema.Schema{Type: schema.TypeString, Pattern: "%$"}
}

func TestStructsBecomeSchemas(t *testing.T) {
	t.Parallel()
	type everything struct {
		endpoint
		Name    string            `json:"name" required:"true" minLength:"1" maxLength:"63" pattern:"^[a-z]+$" example:"web" doc:"N."`
		Count   *int              `json:"count,omitempty" default:"3" min:"1" max:"9" unit:"pods" doc:"C."`
		Size    uint16            `json:"size" doc:"S."`
		Ratio   float64           `json:"ratio" doc:"R."`
		On      bool              `json:"on" default:"true" doc:"O."`
		Wait    schema.Duration   `json:"wait" default:"90s" min:"1s" max:"1h" doc:"W."`
		At      time.Time         `json:"at" doc:"A."`
		Tags    []string          `json:"tags" enum:"a,b" minItems:"1" maxItems:"2" unique:"true" default:"[\"a\"]" doc:"T."`
		Codes   [][]int           `json:"codes" enum:"1,2" doc:"C."`
		Env     map[string]string `json:"env" secret:"true" pattern:"x" doc:"E."`
		Body    json.RawMessage   `json:"body" doc:"B."`
		Any     any               `json:"any" example:"{\"a\":1}" doc:"A."`
		Nested  []endpoint        `json:"nested" doc:"N."`
		Level   level             `json:"level" doc:"L."`
		Percent percent           `json:"percent" deprecated:"true" doc:"P."`
		Command []string          `json:"command" nosecret:"true" doc:"C."`
		Stdin   string            `json:"stdin" takessecrets:"true" doc:"I."`
		Skipped string            `json:"-"`
		private string
	}
	_ = everything{private: ""}.private
	const want = `{"type":"object","properties":{
		"host":{"description":"Where.","type":"string","format":"hostname"},
		"name":{"description":"N.","type":"string","pattern":"^[a-z]+$","examples":["web"],"minLength":1,"maxLength":63},
		"count":{"description":"C.","type":"integer","default":3,"minimum":1,"maximum":9,"x-unit":"pods"},
		"size":{"description":"S.","type":"integer","minimum":0},
		"ratio":{"description":"R.","type":"number"},
		"on":{"description":"O.","type":"boolean","default":true},
		"wait":{"description":"W.","type":"string","format":"duration","formatMinimum":"1s","formatMaximum":"1h","default":"90s"},
		"at":{"description":"A.","type":"string","format":"date-time"},
		"tags":{"description":"T.","type":"array","default":["a"],"minItems":1,"maxItems":2,"uniqueItems":true,"items":{"type":"string","enum":["a","b"]}},
		"codes":{"description":"C.","type":"array","items":{"type":"array","items":{"type":"integer","enum":[1,2]}}},
		"env":{"description":"E.","type":"object","additionalProperties":{"type":"string","pattern":"x"},"x-secret":true},
		"body":{"description":"B."},
		"any":{"description":"A.","examples":[{"a":1}]},
		"nested":{"description":"N.","type":"array","items":{"type":"object","properties":{"host":{"description":"Where.","type":"string","format":"hostname"}},"required":["host"],"additionalProperties":false}},
		"level":{"description":"L.","type":"string"},
		"percent":{"description":"P.","type":"string","pattern":"%$","deprecated":true},
		"command":{"description":"C.","type":"array","items":{"type":"string"},"x-noSecret":true},
		"stdin":{"description":"I.","type":"string","x-takesSecrets":true}
	},"required":["host","name"],"additionalProperties":false}`
	got, err := json.Marshal(schema.For[everything]())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.NewReplacer("\n", "", "\t", "").Replace(want), string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTypesThatCannotBeDescribedAreRefused(t *testing.T) {
	t.Parallel()
	type list struct {
		Next []list `json:"next"`
	}
	for want, of := range map[string]any{
		"use schema.Duration": struct {
			D time.Duration `json:"d"`
		}{},
		"contains itself": list{},
		"a chan has no JSON": struct {
			C chan int `json:"c"`
		}{},
		"only strings can be names": struct {
			M map[int]string `json:"m"`
		}{},
		"field N has no json name": struct{ N string }{},
		"two fields are called": struct {
			endpoint
			B string `json:"host"`
		}{},
		`tag min: "x" is not a number`: struct {
			N int `json:"n" min:"x"`
		}{},
		`"1" is a bound and not a duration`: struct {
			N schema.Duration `json:"n" min:"1"`
		}{},
		"tag default: the value must be at least 1s, got 0s": struct {
			N schema.Duration `json:"n" min:"1s" default:"0s"`
		}{},
		`tag minItems: "-1" is not a size`: struct {
			N []int `json:"n" minItems:"-1"`
		}{},
		`tag required: "yes" is neither`: struct {
			N int `json:"n" required:"yes"`
		}{},
		"tag default: the value must be at most 3, got 4": struct {
			N int `json:"n" max:"3" default:"4"`
		}{},
		`tag default: "x" is not JSON`: struct {
			N int `json:"n" default:"x"`
		}{},
		"tag example: the value must be a or b, got c": struct {
			N string `json:"n" enum:"a,b" example:"c"`
		}{},
		"tag default: the value must be a duration": struct {
			N schema.Duration `json:"n" default:"5"`
		}{},
		"field N: there is no tag secert; there are yaml": struct {
			N string `json:"n" secert:"true"`
		}{},
		"there is no tag minimum": struct {
			N int `json:"n" minimum:"1"`
		}{},
		"the tags cannot be read from": reflect.StructOf([]reflect.StructField{
			{Name: "N", Type: reflect.TypeFor[string](), Tag: `json:"n" secret: "true"`},
		}),
		"error parsing regexp": struct {
			N string `json:"n" pattern:"("`
		}{},
	} {
		declared, made := of.(reflect.Type) // of what go vet would not let us write
		if !made {
			declared = reflect.TypeOf(of)
		}
		_, err := schema.Of(declared)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%T: got %v, want %q", of, err, want)
		}
	}
}

func TestDurationsAreTextInJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"300s": "5m", "1h30m": "1h30m", "60m": "1h", "1h0m5s": "1h0m5s", "1500ms": "1.5s", "0": "0s", "-90s": "-1m30s",
	} {
		var d schema.Duration
		if err := json.Unmarshal([]byte(`"`+text+`"`), &d); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		got, err := json.Marshal(d)
		if err != nil || string(got) != `"`+want+`"` {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
		if again, err := time.ParseDuration(d.String()); err != nil || again != d.Std() {
			t.Errorf("%s: %s is read as %s, %v", text, d, again, err)
		}
	}
	var d schema.Duration
	if err := json.Unmarshal([]byte(`"soon"`), &d); err == nil || !strings.Contains(err.Error(), `"soon" is not a duration`) {
		t.Errorf("got %v", err)
	}
}

func TestDefaultsAreFilledInWhereNothingIsGiven(t *testing.T) {
	t.Parallel()
	s := parse(t, `{"properties":{"a":{"default":1},"b":{"default":2},"in":{"properties":{"c":{"default":3}}},
		"list":{"items":{"$ref":"#/$defs/d"}},"map":{"additionalProperties":{"$ref":"#/$defs/d"}}},
		"$defs":{"d":{"properties":{"e":{"default":4}}},"loop":{"$ref":"#/$defs/loop"}}}`)
	given := map[string]any{"b": 9, "list": []any{map[string]any{}, 7}, "map": map[string]any{"x": map[string]any{"e": 5}}}
	kept, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(schema.ApplyDefaults(s, given))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"a":1,"b":9,"list":[{"e":4},7],"map":{"x":{"e":5}}}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if after, _ := json.Marshal(given); string(after) != string(kept) {
		t.Errorf("the data given became %s", after)
	}
	if got := schema.ApplyDefaults(parse(t, `{"$ref":"#/$defs/l","$defs":{"l":{"$ref":"#/$defs/l"}}}`), given); !cmp.Equal(got, any(given)) {
		t.Errorf("a circle of references gives %v", got)
	}
}

func TestWordsThatWouldRefuseAreNotPassedOver(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"properties":{"a":{"not":{}}}}`: "properties: a: not: gatebook does not know this word",
		`{"type":["string","null"]}`:      "type: json: cannot unmarshal array",
		`{"properties":{"a":{},"a":{}}}`:  "properties: a is there twice",
		`{"items":7}`:                     "items: a schema must be an object, not 7",
		`{"anyOf":{}}`:                    "anyOf: must be a list",
		`{"enum":1}`:                      "enum: must be a list",
		`{"items":false}`:                 "a schema must be an object, not false",
	} {
		var s schema.Schema
		if err := json.Unmarshal([]byte(text), &s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
	if got := parse(t, `{"$schema":"x","$comment":"c","readOnly":true,"x-other":{"not":1},"const":null}`); len(got.Enum) != 1 {
		t.Errorf("got %+v, want null as the only value", got)
	}
}
