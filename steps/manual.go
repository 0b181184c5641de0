package steps

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/document"
)

// ManualInput is what manual is given.
type ManualInput struct {
	Instructions string                 `json:"instructions" required:"true" minLength:"1" doc:"What the person is to do; Markdown."`
	Fields       map[string]ManualField `json:"fields" doc:"What they fill in when it is done: a name and its JSON Schema each. A field with a default may be left out, all others must be given."`
	Attachments  int                    `json:"attachments" min:"0" max:"32" doc:"How many files must come with it at least, as evidence: gatebook approve --attach FILE. The run keeps them."`
	Expires      schema.Duration        `json:"expires" default:"24h" doc:"How long the question stands; unanswered by then, it is refused."`
}

// ManualField is the shape of one field that a person fills in.
type ManualField struct {
	schema.Schema
}

// JSONSchema says that the shape of a field is a JSON Schema, and no secret.
//
// Answers also come by way of the run's folder, where they wait in clear, and check
// reads the outputs' shape from the action, which does not know the fields; so neither
// would keep a secret. That is said of both words that a person may try, since JSON
// Schema lets unknown ones pass.
func (ManualField) JSONSchema() *schema.Schema {
	never := &schema.Schema{Type: schema.TypeBoolean, Enum: []any{false}, Description: "A field cannot be secret; make it a secret input of the runbook."}
	return &schema.Schema{
		Type: schema.TypeObject, Description: "A JSON Schema, such as {type: string, minLength: 1}.",
		Properties: []schema.Property{{Name: "secret", Schema: never}, {Name: "x-secret", Schema: never}},
	}
}

// ManualOutput is what manual returns.
type ManualOutput struct {
	Fields      map[string]any   `json:"fields" required:"true" doc:"What was filled in, by name."`
	Attachments []sdk.Attachment `json:"attachments" required:"true" doc:"The files that came with it, which the run keeps."`
	Answered
}

func manual(Options) sdk.Action[ManualInput, ManualOutput] {
	return sdk.Action[ManualInput, ManualOutput]{
		Name:    "manual",
		Summary: "Have a person do something, and take down what they found",
		Description: `Shows the instructions, waits until the person says that it is done, and keeps what they fill in as typed outputs.
Answers come from where those of ` + "`approve`" + ` do. That it cannot be done fails the step as *denied*.

What is filled in waits in the run's folder and stands in its journal as it is, so that no field can be secret: what a person
is to give and nobody to see is a secret input of the runbook, or goes straight where it is needed. A file that comes with the answer
and has a secret of the run in it is refused.`,
		Effect: sdk.Change,
		Examples: []schema.Example{{Title: "Work at the machine itself", With: map[string]any{
			"instructions": "Replace disk 3 of rack 12 and read the serial number of the new one.",
			"fields": map[string]any{
				"serial": map[string]any{"type": "string", "pattern": "^[A-Z0-9]{8,}$"},
				"noise":  map[string]any{"type": "boolean", "default": false},
			},
		}}},
		Plan: func(_ context.Context, call *sdk.Call[ManualInput]) (sdk.Preview, error) {
			if _, err := call.Input.form(); err != nil {
				return sdk.Preview{}, err
			}
			summary := "would have a person do: " + call.Input.Instructions
			if !call.Knows("instructions") {
				summary = "would have a person do what is not known yet"
			}
			return sdk.Preview{
				Summary: summary,
				Changes: []sdk.Delta{{Target: "by hand", Kind: "manual work", Op: "run"}},
			}, nil
		},
		Ask: func(_ context.Context, call *sdk.Call[ManualInput]) (sdk.Question, error) {
			form, err := call.Input.form()
			return sdk.Question{Message: call.Input.Instructions, Fields: form, Expires: call.Input.Expires.Std(), Attachments: call.Input.Attachments}, err
		},
		Answer: answerManual,
	}
}

// form is the object that the person fills in; nil where there is nothing to.
func (in ManualInput) form() (*schema.Schema, error) {
	if len(in.Fields) == 0 {
		return nil, nil //nolint:nilnil // a question without fields is an ordinary one
	}
	form := &schema.Schema{Type: schema.TypeObject, Closed: true}
	for _, name := range slices.Sorted(maps.Keys(in.Fields)) {
		field := in.Fields[name].Schema
		if hasSecret(&field) {
			return nil, sdk.FieldErrorf("fields."+name, "a field cannot be secret, since the answer is written down; make it a secret input of the runbook")
		}
		form.Properties = append(form.Properties, schema.Property{Name: name, Schema: &field})
		if field.Default == nil {
			form.Required = append(form.Required, name)
		}
	}
	return form, checkForm(form)
}

// checkForm compiles the form as one, as the answer will be held against it, so that the
// patterns of all fields are bounded together; and finds the field that is to blame.
func checkForm(form *schema.Schema) error {
	_, err := schema.Compile(form)
	if err == nil {
		return nil
	}
	if errors.Is(err, schema.ErrPatterns) {
		return sdk.FieldErrorf("fields", "%w", err)
	}
	for _, field := range form.Properties {
		if _, err := schema.Compile(field.Schema); err != nil {
			return sdk.FieldErrorf("fields."+field.Name, "%w", err)
		}
	}
	return sdk.FieldErrorf("fields", "%w", err)
}

// hasSecret reports whether a part of the shape is secret.
func hasSecret(s *schema.Schema) bool {
	if s == nil {
		return false
	}
	inside := slices.Concat([]*schema.Schema{s.Items, s.Additional}, s.AnyOf, s.OneOf, s.AllOf)
	for _, p := range slices.Concat(s.Properties, s.Defs) {
		inside = append(inside, p.Schema)
	}
	return s.Secret || slices.ContainsFunc(inside, hasSecret)
}

func answerManual(_ context.Context, call *sdk.Call[ManualInput], answer sdk.Answer) (ManualOutput, error) {
	who, err := accept(answer)
	if err != nil {
		return ManualOutput{}, err
	}
	done := ManualOutput{Answered: who, Attachments: append([]sdk.Attachment{}, answer.Attachments...)}
	form, err := call.Input.form()
	if err != nil || form == nil {
		return done, err
	}
	filled := map[string]any{}
	if len(answer.Fields) > 0 {
		if err := document.Read(answer.Fields, &filled); err != nil {
			return ManualOutput{}, sdk.FieldErrorf("fields", "what was filled in is not a JSON object: %w", err)
		}
	}
	validator, err := schema.Compile(form)
	if err != nil {
		return ManualOutput{}, sdk.FieldErrorf("fields", "%w", err)
	}
	complete, _ := schema.ApplyDefaults(form, filled).(map[string]any)
	if faults := validator.Validate(complete); len(faults) > 0 {
		messages := make([]string, len(faults))
		for i, fault := range faults {
			messages[i] = fault.Message
		}
		return ManualOutput{}, sdk.FieldErrorf("fields", "%s", strings.Join(messages, "; "))
	}
	done.Fields = complete
	return done, nil
}
