package steps

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/plugins/sdk"
)

func manualParams() params {
	return params{"instructions": "Replace disk 3.", "fields": params{
		"serial": params{"type": "string", "pattern": "^[A-Z0-9]+$"},
		"noise":  params{"type": "boolean", "default": false},
		"slot":   params{"type": "integer", "minimum": 1},
	}}
}

func TestManualAsksForItsFields(t *testing.T) {
	t.Parallel()
	action := manual(Options{})
	question, err := handlerOf(t, action).Ask(t.Context(), request(t, action, manualParams()))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(question.Fields)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"object","properties":{"noise":{"type":"boolean","default":false},` +
		`"serial":{"type":"string","pattern":"^[A-Z0-9]+$"},"slot":{"type":"integer","minimum":1}},` +
		`"required":["serial","slot"],"additionalProperties":false}`
	if string(got) != want || question.Message != "Replace disk 3." {
		t.Errorf("asks %s", got)
	}
	question, err = handlerOf(t, action).Ask(t.Context(), request(t, action, params{"instructions": "Look."}))
	if err != nil || question.Fields != nil {
		t.Errorf("asks %+v, %v", question, err)
	}
}

func TestManualTakesDownTheAnswer(t *testing.T) {
	t.Parallel()
	yes := func(fields string) sdk.Answer {
		return sdk.Answer{Approved: true, By: "ann", Fields: json.RawMessage(fields)}
	}
	tests := []struct {
		name   string
		answer sdk.Answer
		fields map[string]any
		want   failure
	}{
		{name: "defaults are filled in", answer: yes(`{"serial": "ABC1", "slot": 3}`), fields: map[string]any{"serial": "ABC1", "slot": 3.0, "noise": false}},
		{name: "a field is missing", answer: yes(`{"serial": "ABC1"}`), want: failure{sdk.Permanent, "fields", "slot is required"}},
		{name: "all that is wrong, at once", answer: yes(`{"slot": "3", "x": 1}`), want: failure{sdk.Permanent, "fields", "serial is required; slot must be an integer, got a string; x is not a known field"}},
		{name: "a field does not fit", answer: yes(`{"serial": "abc", "slot": 3}`), want: failure{sdk.Permanent, "fields", "serial"}},
		{name: "a field of the wrong type", answer: yes(`{"serial": "ABC1", "slot": "3"}`), want: failure{sdk.Permanent, "fields", "slot"}},
		{name: "a field that nobody asked for", answer: yes(`{"serial": "ABC1", "slot": 3, "x": 1}`), want: failure{sdk.Permanent, "fields", "x"}},
		{name: "no JSON", answer: yes(`[]`), want: failure{sdk.Permanent, "fields", "not a JSON object"}},
		{name: "more than one document", answer: yes(`{"serial": "ABC1", "slot": 3} {}`), want: failure{sdk.Permanent, "fields", "something follows"}},
		{name: "it cannot be done", answer: sdk.Answer{By: "bob"}, want: failure{sdk.Denied, "", "refused by bob"}},
	}
	action := manual(Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			raw, err := handlerOf(t, action).Answer(t.Context(), request(t, action, manualParams()), tt.answer)
			if tt.want.class != "" {
				tt.want.check(t, err)
				return
			}
			var got ManualOutput
			if err := json.Unmarshal(raw, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.fields, got.Fields); diff != "" || got.By != "ann" {
				t.Errorf("by %s, fields:\n%s", got.By, diff)
			}
		})
	}
}

func TestManualRefusesFaultyFields(t *testing.T) {
	t.Parallel()
	action := manual(Options{})
	for _, tt := range []struct {
		field params
		want  failure
	}{
		{params{"type": "string", "pattern": "("}, failure{sdk.Permanent, "fields.a", "missing closing )"}},
		{params{"type": "object", "properties": params{"pin": params{"x-secret": true}}}, failure{sdk.Permanent, "fields.a", "cannot be secret"}},
		{params{"type": "array", "items": params{"anyOf": []any{params{"type": "integer"}, params{"x-secret": true}}}}, failure{sdk.Permanent, "fields.a", "cannot be secret"}},
	} {
		given := request(t, action, params{"instructions": "Look.", "fields": params{"a": tt.field}})
		_, err := handlerOf(t, action).Ask(t.Context(), given)
		tt.want.check(t, err)
		_, err = handlerOf(t, action).Plan(t.Context(), given)
		tt.want.check(t, err)
	}
}

func TestManualBoundsThePatternsOfAllFieldsTogether(t *testing.T) {
	t.Parallel()
	action := manual(Options{})
	fields := params{}
	for i := range 400 { // each of which is allowed by itself
		fields[fmt.Sprintf("f%d", i)] = params{"type": "string", "pattern": fmt.Sprintf("(?:a{100}){9}%d", i)}
	}
	_, err := handlerOf(t, action).Ask(t.Context(), request(t, action, params{"instructions": "Look.", "fields": fields}))
	failure{sdk.Permanent, "fields", "too large all together"}.check(t, err)
}
