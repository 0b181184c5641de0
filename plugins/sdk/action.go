package sdk

import (
	"context"
	"log/slog"

	"github.com/gatebook/gatebook/schema"
)

// Action declares an action with typed input and output. It is data: fill in what
// the action can do and leave the rest nil. [Action.Handler] makes of it what an
// engine calls.
type Action[I, O any] struct {
	Name        string // "check"; with its family: "http.check"
	Summary     string // one line, no full stop
	Description string // Markdown, whole sentences
	Effect      Effect
	Idempotent  bool
	Rules       []schema.Rule
	Examples    []schema.Example

	NothingToUndo string // as in [Description.NothingToUndo]
	GraceParam    string // as in [Description.GraceParam]
	InPlan        bool   // as in [Description.InPlan]
	CostOutput    string // as in [Description.CostOutput]

	Plan    func(ctx context.Context, call *Call[I]) (Preview, error)
	Apply   func(ctx context.Context, call *Call[I]) (O, error)
	Observe func(ctx context.Context, call *Call[I]) (Observed[O], error)
	Undo    func(ctx context.Context, call *Call[I]) error

	// Ask and Answer, instead of Apply, for what people do.
	Ask    func(ctx context.Context, call *Call[I]) (Question, error)
	Answer func(ctx context.Context, call *Call[I], answer Answer) (O, error)
}

// Call is one use of an action by an engine.
type Call[I any] struct {
	Request
	Input I
	Host  Host
	Log   *slog.Logger // structured lines, passed on through Host.Output

	saved bool // a state before the change is kept
}

// Observed is the typed answer of an action's Observe.
type Observed[O any] struct {
	State   State
	Outputs O // with Done
	Detail  string
}
