package model

import (
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/schema"
)

// KindPolicy is what a policy's file says that it describes.
const KindPolicy = "Policy"

// PolicySchemaID is where the JSON Schema of policies says it lives.
const PolicySchemaID = "https://gatebook.github.io/schema/policy-v1.json"

// Policy says who may do what with the runbooks beside it, and below.
type Policy struct {
	Node           *syntax.Node     `doc:"A policy: who may do what with the runbooks beside it, and below."`
	APIVersion     Text             `key:"apiVersion" required:"true" const:"gatebook/v1" doc:"The version of the file format."`
	Kind           Text             `key:"kind" required:"true" const:"Policy" doc:"What the file describes."`
	Requires       Requires         `key:"requires" doc:"What it takes of gatebook to go by the policy."`
	AllowedSigners Text             `key:"allowedSigners" doc:"The file of allowed signers, as ssh-keygen and git read it, seen from the policy's folder. With it every answer to a question must be signed." examples:"allowed_signers"`
	People         Map[*Person]     `key:"people" doc:"What else is known of people, by their names as they stand in the file of allowed signers."`
	Groups         Map[List[Text]]  `key:"groups" names:"id" doc:"Groups of people, which approve steps name in from."`
	NeverApprove   List[Text]       `key:"neverApprove" enum:"author,starter" doc:"Who may not approve, whatever the rules say: the author of a sealed plan, the starter of the run."`
	Start          OneOrMany[*Rule] `key:"start" doc:"What must be true for a person to start, resume or take up a run; absent: anybody may."`
	Approve        OneOrMany[*Rule] `key:"approve" doc:"What must be true for a person to answer a question, beside from of the step."`
	Cancel         OneOrMany[*Rule] `key:"cancel" doc:"What must be true for a person to have a run paused, cancelled or rolled back from another process; absent: anybody may."`
	Override       OneOrMany[*Rule] `key:"override" doc:"What must be true for a person to have a closed window count as open, or to leave out an approval behind which something is destroyed; absent: a window anybody may who may start the run, and such an approval nobody."`
}

// Person is what is known of a person beside their keys.
type Person struct {
	Node     *syntax.Node `doc:"What is known of a person beside their keys."`
	Accounts List[Text]   `key:"accounts" required:"true" min:"1" doc:"The accounts on machines by which the person starts runs and seals plans." examples:"ann"`
}

// Rule is a condition over who does what.
type Rule struct {
	Node    *syntax.Node `doc:"A condition over runbook, targets, effect, person, step, window and now."`
	Expr    Expr         `key:"expr" required:"true" doc:"A CEL condition." examples:"'leads' in person.groups"`
	Message Text         `key:"message" doc:"What it means that it is false."`
}

// IsPolicy reports whether a tree is that of a policy, and not of a runbook.
func IsPolicy(node *syntax.Node) bool {
	return node.Kind() == syntax.Map && node.Get("kind").Text() == KindPolicy
}

// DecodePolicy reads a tree as a policy, as [Decode] does a runbook.
func DecodePolicy(node *syntax.Node) (*Policy, diag.List) {
	return decode[Policy](node, "a map with apiVersion, kind and groups")
}

// PolicySchema returns the JSON Schema of policies.
func PolicySchema() *schema.Schema { return describe[Policy](PolicySchemaID, "A policy of gatebook") }
