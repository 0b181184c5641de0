// Package documents describes, as JSON Schema, what gatebook writes with --format json.
//
// The schemas come from the very types that are written, so that they cannot differ
// from them; the files in the folder schema are held against them by a test. Objects
// are open: a later gatebook may say more.
package documents

import (
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/compare"
	"github.com/gatebook/gatebook/engine/diag/render"
	"github.com/gatebook/gatebook/engine/drill/proof"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/report"
	"github.com/gatebook/gatebook/engine/report/dossier"
	"github.com/gatebook/gatebook/engine/report/graph"
	"github.com/gatebook/gatebook/engine/report/history"
	"github.com/gatebook/gatebook/engine/report/live"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Actions is what `gatebook actions --format json` writes.
type Actions struct {
	Format  string            `json:"format" enum:"gatebook/actions/v1"`
	Actions []sdk.Description `json:"actions"`
}

// ActionsFormat names the JSON form of the actions.
const ActionsFormat = "gatebook/actions/v1"

// Plugins is what `gatebook plugins list` and `verify` write with --format json.
type Plugins struct {
	Format  string   `json:"format" enum:"gatebook/plugins/v1"`
	Plugins []Plugin `json:"plugins"`
}

// Plugin is what is told of one plugin that is installed or locked.
type Plugin struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty" doc:"The version that is locked; absent: none is."`
	Path    string `json:"path,omitempty" doc:"The program that was found; absent: there is none."`
	State   string `json:"state" doc:"Says locked, or why it would not be run."`
	Sound   bool   `json:"sound" doc:"Whether it would be run."`
}

// PluginsFormat names the JSON form of the plugins.
const PluginsFormat = "gatebook/plugins/v1"

// Document is one kind of JSON that gatebook reads or writes.
type Document struct {
	Name   string // as in gatebook schema NAME
	About  string // what it is, no full stop
	Schema func() *schema.Schema
}

// All returns the documents; the runbook is the first.
func All() []Document {
	return []Document{
		{"runbook", "a runbook", model.Schema},
		{"policy", "a policy", model.PolicySchema},
		{"test", "the test file of a runbook", model.TestSchema},
		written[people.Statement]("answer", "what a person signs to answer a question"),
		written[render.Document]("diagnostics", "what gatebook check --format json writes"),
		written[dossier.Document]("plan", "what gatebook plan --format json writes"),
		written[event.Event]("event", "a line of gatebook run --format json, and the event in a record of a journal"),
		written[live.Told]("output", "a line of gatebook run --format json that is no event: what a step printed, or how far it is"),
		written[standing.Status]("status", "what gatebook status --format json writes"),
		written[history.Document]("history", "what gatebook history --format json writes"),
		written[history.Drills]("drills", "what gatebook history --drills --format json writes"),
		written[report.Audit]("audit", "what gatebook audit --format json writes"),
		written[graph.Graph]("graph", "what gatebook graph --format json writes"),
		written[proof.Proof]("drill", "what gatebook drill --format json writes"),
		written[compare.Comparison]("diff", "what gatebook diff --format json writes"),
		written[Actions]("actions", "what gatebook actions --format json writes"),
		written[Plugins]("plugins", "what gatebook plugins list and verify write with --format json"),
	}
}

// Names returns the names of all documents.
func Names() []string {
	var names []string
	for _, d := range All() {
		names = append(names, d.Name)
	}
	return names
}

// Written returns the names of the documents that --format json writes.
func Written() []string {
	return slices.DeleteFunc(Names(), func(name string) bool { return slices.Contains([]string{"runbook", "policy", "test", "answer"}, name) })
}

// Find returns the document of the name.
func Find(name string) (Document, bool) {
	all := All()
	i := slices.IndexFunc(all, func(d Document) bool { return d.Name == name })
	if i < 0 {
		return Document{}, false
	}
	return all[i], true
}

// File is the name of the document's file in the folder schema.
func (d Document) File() string { return d.Name + "-v1.json" }

func written[T any](name, about string) Document {
	return Document{name, about, func() *schema.Schema {
		s := describe[T]()
		s.ID = strings.Replace(model.SchemaID, "runbook", name, 1)
		s.Title = strings.ToUpper(about[:1]) + about[1:]
		return s
	}}
}
