package plan

import (
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Schema returns the JSON Schema of a plan's JSON.
func Schema() *schema.Schema {
	s := object("A plan: what a run of a runbook would do.",
		must("format", &schema.Schema{Const: Format, Description: "The version of this form."}),
		must("runbook", headerSchema()),
		must("inputs", ref("value", "The input values, secrets masked.")),
		must("vars", ref("value", "The vars.")),
		may("lock", text("The name on which runs exclude each other.")),
		may("rto", nanoseconds("How long a run may take.")),
		must("onFailure", policySchema("What happens when a step fails and does not say so itself.")),
		must("steps", list("The steps, each after all that it needs, those of `finally` last.", ref("step", ""))),
		may("outputs", list("The values that the run gives back.", ref("binding", ""))),
		may("record", list("What the history table will say.", ref("binding", ""))),
		must("counts", object("How many steps do what.", must("steps", count()), must("read", count()),
			must("change", count()), must("destroy", count()), must("asks", count()))),
		must("digest", text("SHA-256 over all that says what would be done.")),
	)
	s.ID = "https://gatebook.github.io/schema/plan-v1.json"
	s.Defs = []schema.Property{
		{Name: "step", Schema: stepSchema()},
		{Name: "use", Schema: object("One use of an action.", useSchema()...)},
		{Name: "condition", Schema: conditionSchema()},
		{Name: "explanation", Schema: explanationSchema()},
		{Name: "retry", Schema: retrySchema()},
		{Name: "cause", Schema: causeSchema()},
		{Name: "binding", Schema: object("A named value.", must("name", text("")), must("value", ref("value", "")))},
		{Name: "value", Schema: &schema.Schema{Description: `Any JSON, in which {"$secret": true} stands for a secret and {"$unknown": [causes]} for what is not known yet.`}},
	}
	return s
}

// field is a property of an object, and whether it is always there.
type field struct {
	schema.Property
	required bool
}

func must(name string, s *schema.Schema) field {
	return field{schema.Property{Name: name, Schema: s}, true}
}

func may(name string, s *schema.Schema) field {
	return field{schema.Property{Name: name, Schema: s}, false}
}

func object(description string, fields ...field) *schema.Schema {
	s := &schema.Schema{Type: schema.TypeObject, Description: description, Closed: true}
	for _, f := range fields {
		s.Properties = append(s.Properties, f.Property)
		if f.required {
			s.Required = append(s.Required, f.Name)
		}
	}
	return s
}

func text(description string) *schema.Schema {
	return &schema.Schema{Type: schema.TypeString, Description: description}
}

func oneOf(description string, words ...any) *schema.Schema {
	return &schema.Schema{Type: schema.TypeString, Description: description, Enum: words}
}

func list(description string, items *schema.Schema) *schema.Schema {
	return &schema.Schema{Type: schema.TypeArray, Description: description, Items: items}
}

func count() *schema.Schema { return &schema.Schema{Type: schema.TypeInteger, Minimum: new(float64)} }

func nanoseconds(description string) *schema.Schema {
	return &schema.Schema{Type: schema.TypeInteger, Unit: "nanoseconds", Description: description}
}

// ref refers to a definition; a description cannot stand beside a reference.
func ref(name, description string) *schema.Schema {
	to := &schema.Schema{Ref: "#/$defs/" + name}
	if description == "" {
		return to
	}
	return &schema.Schema{Description: description, AllOf: []*schema.Schema{to}}
}

func policySchema(description string) *schema.Schema {
	return oneOf(description, string(Rollback), string(Stop), string(Pause), string(Continue))
}

func headerSchema() *schema.Schema {
	return object("Which runbook it is.",
		must("name", text("")), must("version", text("")), may("title", text("")),
		may("owners", list("", text(""))), may("source", text("The document that it follows.")),
		must("file", text("As the user named it.")), must("digest", text("SHA-256 of the file's bytes.")))
}

func useSchema() []field {
	return []field{
		must("action", text("The action's name.")),
		must("effect", oneOf("What it does to the world.", string(sdk.Read), string(sdk.Change), string(sdk.Destroy))),
		must("params", ref("value", "The parameters, as far as they are known.")),
		may("preview", previewSchema()),
		may("previewError", text("Why the action could not say what it would do.")),
	}
}

func previewSchema() *schema.Schema {
	return object("What the action said it would do.",
		may("summary", text("")),
		may("changes", list("", object("One thing that would change.", must("target", text("")), must("kind", text("")),
			must("op", text("create, update, delete or run")), may("diff", text(""))))),
		may("warnings", list("", text(""))),
		may("blockers", list("What would stop it now.", text(""))),
		may("estimate", nanoseconds("How long it would take.")))
}

func stepSchema() *schema.Schema {
	fields := []field{must("id", text("")), may("title", text("")), may("finally", &schema.Schema{Type: schema.TypeBoolean}), must("at", text("file:line:column"))}
	fields = append(fields, useSchema()...)
	return object("One step.", append(fields,
		must("needs", list("The steps that it waits for.", object("", must("step", text("")),
			must("reason", oneOf("", string(InOrder), string(Needed), string(Referenced)))))),
		may("when", ref("condition", "False skips the step.")),
		may("gate", list("", ref("condition", ""))),
		may("verify", list("", ref("condition", ""))),
		must("retry", ref("retry", "")),
		may("timeout", nanoseconds("Of each attempt.")),
		must("onFailure", policySchema("What happens when the step fails.")),
		may("rollback", object("What takes the step back.",
			may("own", &schema.Schema{Type: schema.TypeBoolean, Description: "The action itself does it."}),
			may("none", text("Why there is nothing to take back.")),
			may("use", ref("use", "")), may("retry", ref("retry", "")),
			may("timeout", nanoseconds("Of each attempt.")), may("at", text("file:line:column")))))...)
}

func conditionSchema() *schema.Schema {
	return object("Something that must hold.",
		may("name", text("")), must("expr", text("CEL")), may("message", text("What it means that it is false.")),
		may("observe", ref("use", "")),
		may("within", nanoseconds("How long it may take to become true.")),
		may("every", nanoseconds("How often it is looked at.")),
		may("hold", nanoseconds("How long it must stay true.")),
		must("at", text("file:line:column")),
		must("state", object("What it comes to at the time of the plan.",
			must("truth", oneOf("", "true", "false", "unknown", "failed")),
			may("causes", list("Why it is not known yet.", ref("cause", ""))),
			may("residual", text("What is left of the expression.")),
			may("detail", text("Why it failed.")),
			may("explain", ref("explanation", "")))))
}

func explanationSchema() *schema.Schema {
	return object("A part of an expression with its value.",
		must("text", text("")), must("value", text("")), must("state", oneOf("", "value", "unknown", "error", "skipped")),
		may("parts", list("", ref("explanation", ""))))
}

func retrySchema() *schema.Schema {
	return object("How often and when a failed attempt is made again.",
		must("attempts", count()), may("delay", nanoseconds("")), may("maxDelay", nanoseconds("")),
		may("factor", &schema.Schema{Type: schema.TypeNumber}), may("if", text("CEL over error and attempt.")))
}

func causeSchema() *schema.Schema {
	return object("Why something is not known yet.",
		may("step", text("The step after which it is known.")), must("reason", text("")))
}
