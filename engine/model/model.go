// Package model is the typed runbook: what the format gatebook/v1 can say, with the
// place of everything that is said.
//
// The structs in this package are the format's one declaration. [Decode] reads a
// syntax tree into them and reports whatever does not fit, all in one pass, and
// [Schema] writes the JSON Schema that editors complete from. Whether actions exist,
// expressions hold and references lead anywhere is for check. Floor 3.
package model

import "github.com/gatebook/gatebook/engine/syntax"

// APIVersion is the format that this package reads, and Kind what it describes.
const (
	APIVersion = "gatebook/v1"
	Kind       = "Runbook"
)

// Runbook is one runbook file. What is absent is zero: its Node is nil.
type Runbook struct {
	Node        *syntax.Node     `doc:"A runbook."`
	APIVersion  Text             `key:"apiVersion" required:"true" const:"gatebook/v1" doc:"The version of the file format."`
	Kind        Text             `key:"kind" required:"true" const:"Runbook" doc:"What the file describes."`
	Metadata    Metadata         `key:"metadata" required:"true" doc:"Who and what the runbook is."`
	Objectives  Objectives       `key:"objectives" doc:"What the runbook promises."`
	Limits      Limits           `key:"limits" doc:"How much a run may do. The plan counts it, and the run keeps to it."`
	Requires    Requires         `key:"requires" doc:"What the runbook needs of gatebook."`
	Plugins     Map[*Plugin]     `key:"plugins" names:"id" doc:"The plugins whose actions the runbook uses, by the name that it gives them: their actions are NAME.ACTION."`
	Connections Map[*Connection] `key:"connections" names:"id" doc:"The targets that plugins reach, by name: on says which one a step means."`
	Inputs      Map[*Input]      `key:"inputs" names:"id" doc:"The values that the caller gives, each described by JSON Schema words. One without a default is required."`
	Vars        Map[Value]       `key:"vars" names:"id" doc:"Values with a name, for use in expressions as vars.NAME."`
	Modes       Map[*Mode]       `key:"modes" names:"id" doc:"Other ways of doing the runbook, by name, as for a drill or an outage that was planned: run, plan and drill take one with --mode."`
	Windows     Map[*Window]     `key:"windows" names:"id" doc:"When something may be changed, by name: conditions ask window(\"NAME\", now) and windowRemaining(\"NAME\", now)."`
	OnFailure   Text             `key:"onFailure" enum:"rollback,stop,pause" default:"stop" doc:"What happens when a step fails and does not say so itself."`
	Steps       List[*Step]      `key:"steps" required:"true" min:"1" doc:"What is done. A step with no needs depends on the step before it."`
	Finally     List[*Step]      `key:"finally" doc:"Steps that run at the end, however the run went."`
	Outputs     Map[Value]       `key:"outputs" names:"id" doc:"The values that the run gives back."`
	Record      Record           `key:"record" doc:"What the history table says of a run."`
}

// Metadata says who and what a runbook is.
type Metadata struct {
	Node        *syntax.Node `name:"metadata"`
	Name        Text         `key:"name" required:"true" format:"dns" doc:"The runbook's name: a DNS label." examples:"web-rolling-upgrade"`
	Version     Text         `key:"version" required:"true" format:"semver" doc:"The version of this runbook, by SemVer." examples:"1.2.0"`
	Title       Text         `key:"title" doc:"One line for people."`
	Description Text         `key:"description" doc:"What it is for, in Markdown."`
	Owners      List[Text]   `key:"owners" doc:"The teams or people that look after it."`
	Source      Text         `key:"source" doc:"The document that it follows."`
	Lock        Text         `key:"lock" format:"dns" doc:"Runs of runbooks with one lock name exclude each other: a DNS label." examples:"web-production"`
	Labels      Map[Text]    `key:"labels" doc:"Words to find it by."`
}

// Limits are how much a run may do. What is absent is not limited.
type Limits struct {
	Node        *syntax.Node `name:"limits"`
	MaxChanges  Integer      `key:"maxChanges" min:"0" doc:"How many steps that change or destroy something may begin, each instance of a step with foreach counted; one that is tried again counts once, and what is taken back does not count." examples:"20"`
	MaxDestroys Integer      `key:"maxDestroys" min:"0" doc:"How many of these may destroy." examples:"0"`
	MaxTargets  Integer      `key:"maxTargets" min:"0" doc:"How many different things may be touched, as the plan lists them; a step whose action cannot say what it touches counts as one."`
	MaxDuration Duration     `key:"maxDuration" positive:"true" doc:"How long after its beginning a run may begin to change something. All time counts: waiting for people, and a pause too." examples:"2h"`
	MaxCost     Map[Number]  `key:"maxCost" names:"id" min:"0" doc:"How much may be spent, by unit, as actions say what they cost: {usd: 50}."`
}

// Requires says what a runbook needs of gatebook.
type Requires struct {
	Node     *syntax.Node `name:"requires"`
	Gatebook Text         `key:"gatebook" format:"constraint" doc:"The versions of gatebook that may run it." examples:">=0.1"`
}

// Plugin is one plugin, from which actions come.
type Plugin struct {
	Node    *syntax.Node `doc:"One plugin."`
	Source  Text         `key:"source" required:"true" format:"dns" doc:"The plugin's own name: it is the program gatebook-plugin-SOURCE." examples:"kubernetes"`
	Version Text         `key:"version" format:"constraint" doc:"The versions that will do; gatebook.lock pins one." examples:"~1"`
}

// Connection is a plugin configured for one target.
type Connection struct {
	Node        *syntax.Node `doc:"A plugin configured for one target."`
	Plugin      Text         `key:"plugin" required:"true" format:"id" doc:"The plugin, by the name that it has in plugins."`
	With        Map[Value]   `key:"with" doc:"The configuration, as the plugin wants it. It may use inputs and vars."`
	Environment List[Text]   `key:"environment" doc:"The variables of gatebook's environment that the plugin gets; it gets no others." examples:"HOME,PATH"`
}

// Record says what the history table holds of a run beside its time, operator and
// result.
type Record struct {
	Node        *syntax.Node `name:"record"`
	Environment Value        `key:"environment" doc:"Where it was done."`
	Version     Value        `key:"version" doc:"The version that was rolled out."`
	Remark      Value        `key:"remark" doc:"Anything else worth keeping."`
}

// Step is one use of an action.
type Step struct {
	Node      *syntax.Node          `doc:"One use of an action."`
	ID        Text                  `key:"id" required:"true" format:"id" doc:"The step's name in expressions: steps.ID."`
	Title     Text                  `key:"title" doc:"One line for people."`
	Uses      Text                  `key:"uses" required:"true" format:"action" doc:"The action." examples:"exec,http.check"`
	On        Text                  `key:"on" format:"id" doc:"The connection, for an action of a plugin; absent: the plugin's only one."`
	Foreach   Value                 `key:"foreach" doc:"A list or a map: the step is done once for each of its items, which expressions see as each.value, each.key and each.index."`
	Batch     *Batch                `key:"batch" doc:"How many of them are done at once, and what must hold in between; absent: one after the other."`
	With      Map[Value]            `key:"with" doc:"The action's parameters."`
	Needs     List[Text]            `key:"needs" format:"id" doc:"The steps that must have finished before; absent: the step before it in the file; empty: none."`
	When      Expr                  `key:"when" doc:"A CEL condition; false skips the step."`
	Gate      OneOrMany[*Condition] `key:"gate" doc:"Conditions that must hold before the step starts."`
	Verify    OneOrMany[*Condition] `key:"verify" doc:"Conditions that must hold after the action, for the step to count as succeeded."`
	Retry     *Retry                `key:"retry" doc:"How often and when a failed attempt is made again."`
	Timeout   Duration              `key:"timeout" positive:"true" doc:"How long one attempt may take."`
	Rollback  *Rollback             `key:"rollback" doc:"The action that takes the step back, how its own does, or why nothing does."`
	OnFailure Text                  `key:"onFailure" enum:"rollback,stop,pause,continue" doc:"What happens when the step fails; absent: what the runbook says."`
}

// Retry says how often and when a failed attempt is made again.
type Retry struct {
	Node     *syntax.Node `doc:"How often and when a failed attempt is made again."`
	Attempts Integer      `key:"attempts" required:"true" min:"1" doc:"How many attempts are made at most, the first included."`
	Delay    Duration     `key:"delay" default:"1s" doc:"How long to wait before the second attempt."`
	MaxDelay Duration     `key:"maxDelay" default:"1m" doc:"The longest wait between two attempts."`
	Factor   Number       `key:"factor" min:"1" default:"2" doc:"By how much each wait is longer than the one before."`
	If       Expr         `key:"if" doc:"A CEL condition over the error; false gives up at once."`
}

// Rollback takes a step back: an action, how the step's own action is to undo what it did, or
// the reason why there is nothing.
type Rollback struct {
	Node    *syntax.Node `doc:"The action that takes a step back, how the step's own action undoes what it did, or the reason why nothing does." some:"uses,retry,timeout" or:"none"`
	Uses    Text         `key:"uses" format:"action" doc:"The action that takes the step back; absent: the step's own, which can undo what it did."`
	On      Text         `key:"on" format:"id" doc:"The connection, for an action of a plugin; absent: the plugin's only one."`
	With    Map[Value]   `key:"with" doc:"The action's parameters."`
	Retry   *Retry       `key:"retry" doc:"How often and when a failed attempt is made again."`
	Timeout Duration     `key:"timeout" positive:"true" doc:"How long one attempt may take; absent: as long as one of the step."`
	None    Text         `key:"none" doc:"Why the step cannot be taken back, instead of an action."`
}

// Condition is a CEL expression that must be true, with a message for when it is not.
type Condition struct {
	Node    *syntax.Node `doc:"A CEL expression that must be true."`
	Name    Text         `key:"name" doc:"A short name for people."`
	Expr    Expr         `key:"expr" required:"true" doc:"A CEL condition; it sees the observation as observed."`
	Message Text         `key:"message" doc:"What it means that the condition is false."`
	Observe *Observe     `key:"observe" doc:"A fresh observation by a read action, made each time the condition is looked at."`
	Within  Duration     `key:"within" positive:"true" doc:"How long to go on looking; absent: once."`
	Every   Duration     `key:"every" positive:"true" default:"5s" doc:"How often to look."`
	Hold    Duration     `key:"hold" positive:"true" doc:"How long it must stay true."`
}

// Observe is one use of a read action by a condition.
type Observe struct {
	Node *syntax.Node `doc:"One use of a read action."`
	Uses Text         `key:"uses" required:"true" format:"action" doc:"The read action."`
	On   Text         `key:"on" format:"id" doc:"The connection, for an action of a plugin; absent: the plugin's only one."`
	With Map[Value]   `key:"with" doc:"The action's parameters."`
}
