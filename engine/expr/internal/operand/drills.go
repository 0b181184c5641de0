package operand

import (
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/value"
)

// LastDrill is the function that tells how long ago a runbook was last drilled.
const LastDrill = "lastDrill"

// drillFunction declares it. What it says depends on the run.
func drillFunction() cel.EnvOption {
	none := cel.UnaryBinding(func(name ref.Val) ref.Val { return types.NewErr("nobody knows of drills of %s", textOf(name)) })
	return cel.Function(LastDrill, cel.Overload("last_drill_string", []*cel.Type{cel.StringType}, cel.DurationType, none))
}

// neverDrilled is how long ago it counts as that there was none: longer than anybody asks for.
const neverDrilled = 100 * 365 * 24 * time.Hour

// untilDrills is why it is not known.
const untilDrills = "drills are looked up when the run starts"

// askDrill answers how long it is since the last good drill.
func (e *Evaluation) askDrill(args []ref.Val) ref.Val {
	name := textOf(args[0])
	last, known := names.LastDrillIn(e.scope, name)
	if !known {
		return e.unknown([]value.Cause{{Reason: untilDrills}})
	}
	if last.Never {
		return types.Duration{Duration: neverDrilled}
	}
	at := names.RootOf(e.scope, names.RootNow)
	text, _ := at.AsString()
	now, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return e.unknown(at.Causes())
	}
	return types.Duration{Duration: max(0, now.Sub(last.At))}
}

// SaidOfDrill says for people when a runbook was last drilled; false: it is not known.
func (e *Evaluation) SaidOfDrill(name string) (string, bool) {
	last, known := names.LastDrillIn(e.scope, name)
	switch {
	case !known:
		return "", false
	case last.Never && len(last.Unread) > 0:
		return fmt.Sprintf("no good drill of %s is known, and what cannot be read may have been one: run %s", name, names.Listing(last.Unread)), true
	case last.Never:
		return fmt.Sprintf("%s was never drilled, as far as the state folder knows, or no drill of it was good", name), true
	default:
		return fmt.Sprintf("the last good drill of %s ended at %s, run %s", name, last.At.Format(time.RFC3339), last.Run), true
	}
}
