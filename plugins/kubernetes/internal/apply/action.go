package apply

import (
	"encoding/json"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Input is what apply is given.
type Input struct {
	Manifest  json.RawMessage `json:"manifest" takessecrets:"true" example:"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"shop\"}}" doc:"The object, or a list of objects."`
	Manifests string          `json:"manifests" takessecrets:"true" doc:"The objects as YAML text, with --- between them; instead of manifest."`
	Namespace string          `json:"namespace" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"shop" doc:"Namespace of objects that name none, and of the inventory; without it, the connection's."`
	Force     bool            `json:"force" doc:"Takes over fields that somebody else manages, instead of failing with a conflict that names him."`
	Inventory string          `json:"inventory" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"shop" doc:"Name of a ConfigMap that keeps the list of what was applied under this name."`
	Prune     bool            `json:"prune" doc:"Deletes what was applied under the inventory's name before and is not among the objects any more."`
	Timeout   schema.Duration `json:"timeout" default:"5m" min:"1ms" doc:"How long each wait may take: for kinds that the step defines to be served, and for an object that is deleted to be gone."`
}

// Output is what apply returns.
type Output struct {
	Created   []string `json:"created" required:"true" doc:"Objects that were not there before, as Deployment shop/web."`
	Changed   []string `json:"changed" required:"true" doc:"Objects that were changed, be it only in what gatebook manages of them."`
	Unchanged []string `json:"unchanged" required:"true" doc:"Objects that were as they should be, but for the mark of the step that applied them last."`
	Pruned    []string `json:"pruned" required:"true" doc:"Objects that were deleted."`
}

func (a applier) action() sdk.Action[Input, Output] {
	return sdk.Action[Input, Output]{
		Name:    "apply",
		Summary: "Bring objects into the state that their manifests say",
		Description: `Applies the objects by server-side apply: Namespaces first, then CustomResourceDefinitions, which are waited for,
then the others in their order. Fields that somebody else manages are a *conflict* that names him and them, found before anything is changed;
with ` + "`force`" + ` they are taken over. Fields that a former apply set and the manifest no longer has are removed.

With an ` + "`inventory`" + ` the step keeps a list of what was applied under its name, in a ConfigMap that is none of the objects, in a Namespace that
may be one. With ` + "`prune`" + ` it deletes what is on the list, is still marked as part of it, and is not among the objects any more. The plan
lists each. What data would be lost with stays: Namespaces, definitions, claims, and what a bound claim belongs to, as to a StatefulSet that
deletes its claims or to an object of an operator, or may belong to by way of what cannot be read.

Undo deletes the objects that the step created, makes those that it pruned anew, and gives back each field that it changed, unless somebody
changed the field since or declares its new value too, or changed a created object or took something out of it: that is a *conflict*, and the
object is left alone. So is one that another step applied since, which has to be taken back first, a claim or volume that is bound, what
such a claim belongs to, and a Namespace or CustomResourceDefinition that holds what the step did not make, or that may hold it. What stands in
the way of one object does not stand in the way of the others. A Job or Pod that was pruned is lost, since made anew it would run a second time:
the plan warns, and undo says so at its end. Objects keep the annotation ` + "`gatebook.dev/created-by`" + `, with the key of the step that created
them, and ` + "`gatebook.dev/applied-by`" + `, with that of the last one that applied them, be it that they were as they should be.

Secret inputs belong into Secrets. Where the change of another object would write one to the journal, the step fails before it changes anything.
Values of a Secret that the step changes are not written to the journal, but a salted hash by which each is known again. They are kept in a Secret
` + "`gatebook-before-`" + `… of the same namespace, one for each step, which goes with the undoing, or with the Secret, and which no prune deletes. After a run that nobody
will undo, be rid of them by ` + "`kubectl delete secrets --selector gatebook.dev/backup`" + `; an undo then says what it cannot put back.`,
		Effect:     sdk.Change,
		Idempotent: true,
		Rules: []schema.Rule{
			{Expr: "has(self.manifest) != has(self.manifests)", Message: "Give either manifest or manifests."},
			{Expr: "!(has(self.prune) && self.prune) || has(self.inventory)", Message: "To prune, give the inventory."},
		},
		Examples: []schema.Example{
			{Title: "A ConfigMap", With: map[string]any{"manifest": map[string]any{
				"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "web", "namespace": "shop"}, "data": map[string]any{"color": "blue"},
			}}},
			{Title: "All of a system, and nothing that was once part of it", With: map[string]any{
				"manifests": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\n",
				"inventory": "shop", "prune": true, "namespace": "deploy",
			}},
		},
		Plan:    a.plan,
		Apply:   a.apply,
		Observe: a.observe,
		Undo:    a.undo,
	}
}
