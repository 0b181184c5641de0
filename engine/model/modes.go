package model

import (
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/syntax"
)

// Objectives are a runbook's promises.
type Objectives struct {
	Node     *syntax.Node `name:"objectives"`
	RTO      Duration     `key:"rto" positive:"true" doc:"Recovery time objective: how long a run may take; its report says whether it kept to it."`
	RPO      Duration     `key:"rpo" positive:"true" doc:"Recovery point objective: how much recent data may be lost, as a duration; what was lost is what dataLoss says. That nothing may be lost is 1ms."`
	DataLoss Value        `key:"dataLoss" doc:"How much recent data was lost, computed when a run has succeeded: a duration such as 90s, of what steps returned." examples:"${{ steps.check.outputs.behind }}s"`
}

// Mode is another way of doing a runbook.
type Mode struct {
	Node   *syntax.Node `doc:"Another way of doing the runbook: what is otherwise in it. In the mode drill a run is a drill."`
	Title  Text         `key:"title" doc:"One line for people."`
	Inputs Map[Value]   `key:"inputs" names:"id" doc:"Values of inputs in this mode, by their names. Where -i gives another value, that one counts."`
	Skip   List[Text]   `key:"skip" format:"id" doc:"The steps that are left out in this mode."`
}

// Drills returns the mode in which a run is a drill; false: there is none.
func (r *Runbook) Drills() (*Mode, bool) { return r.Modes.Get(event.Drill) }
