package condition

import (
	"slices"
	"time"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/expr/internal/operand"
	"github.com/gatebook/gatebook/engine/window"
)

// badWindows finds windows that are not there. Their names are constants, so that it is known
// before the run which are meant.
func badWindows(source expression, t *names.Types) []names.Fault {
	var faults []names.Fault
	source.eachWindow(func(call celast.CallExpr, name string, constant bool) {
		fault := &names.Fault{Rule: diag.ExprUnknownWindow, Detail: "The name of a window is a text in quotes, and nothing that is computed."}
		if constant {
			if _, known := t.Window(name); known {
				return
			}
			fault = t.UnknownWindow(name)
		}
		fault.Start, fault.End = source.span(call.Args()[0])
		faults = append(faults, *fault)
	})
	return faults
}

// eachWindow goes over the windows that the expression asks for.
func (s expression) eachWindow(each func(call celast.CallExpr, name string, constant bool)) {
	celast.PreOrderVisit(s.tree.Expr(), celast.NewExprVisitor(func(x celast.Expr) {
		if x.Kind() != celast.CallKind || !operand.IsOfWindow(x.AsCall().FunctionName()) || len(x.AsCall().Args()) != 2 {
			return
		}
		name, constant := literalText(x.AsCall().Args()[0])
		each(x.AsCall(), name, constant)
	}))
}

// Windows returns the names of the windows that the condition asks for, each once.
func (c *Condition) Windows() []string { return c.windows }

// windows returns the windows that the expression asks for, sorted, and whether all else that
// it refers to stays as it is during a run, or nearly: how long a run takes from a step is less
// when some of what the step is done for is done.
func (s expression) windows(refs []names.Ref) (found []string, lasting bool) {
	asked := 0 // how often for one of now
	s.eachWindow(func(call celast.CallExpr, name string, _ bool) {
		found = append(found, name)
		if at := call.Args()[1]; at.Kind() == celast.IdentKind && at.AsIdent() == names.RootNow {
			asked++
		}
	})
	lasting = !s.loops()
	for _, r := range refs {
		switch r.Root {
		case names.RootNow:
			asked--
		case names.RootInputs, names.RootVars, names.RootEach, names.RootRun:
		default:
			lasting = false
		}
	}
	slices.Sort(found)
	return slices.Compact(found), lasting && asked == 0
}

// wanes reports whether an expression that is false while a window is open stays so until the
// window closes: where it asks how long that stays open only whether it is long enough.
func wanes(x celast.Expr, denied bool) bool {
	if x.Kind() != celast.CallKind {
		return true
	}
	call := x.AsCall()
	args := call.Args()
	switch name := call.FunctionName(); name {
	case operators.LogicalNot:
		return wanes(args[0], !denied)
	case operators.LogicalAnd, operators.LogicalOr:
		return wanes(args[0], denied) && wanes(args[1], denied)
	case operators.Greater, operators.GreaterEquals, operators.Less, operators.LessEquals:
		long, short := args[0], args[1]
		if (name == operators.Less || name == operators.LessEquals) != denied {
			long, short = short, long
		}
		return !asksHowLong(short) && (isHowLong(long) || !asksHowLong(long))
	default:
		return !asksHowLong(x)
	}
}

// isHowLong reports whether an expression is how long a window stays open, and nothing else.
func isHowLong(x celast.Expr) bool {
	return x.Kind() == celast.CallKind && x.AsCall().FunctionName() == operand.WindowRemaining
}

// asksHowLong reports whether a part of an expression is.
func asksHowLong(x celast.Expr) bool {
	asks := false
	celast.PreOrderVisit(x, celast.NewExprVisitor(func(part celast.Expr) { asks = asks || isHowLong(part) }))
	return asks
}

// Closed is a window that is closed.
type Closed struct {
	Name  string
	Zone  string    // the time zone of its clock
	Opens time.Time // on that clock; zero: not before Shut, as far as was looked
	Shut  time.Time
}

// addWindows says which windows keep a condition from being true, and until when they do.
func (c *Condition) addWindows(verdict *Verdict, scope names.Scope) {
	if len(c.windows) == 0 || verdict.Truth == True {
		return
	}
	text, _ := names.RootOf(scope, names.RootNow).AsString()
	now, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return // before the run
	}
	lasting := c.lasting && verdict.Truth == False
	for _, name := range c.windows {
		known, ok := c.types.Types().Window(name)
		if _, _, over := names.OverriddenIn(scope, name); !ok || over {
			lasting = false
			continue
		}
		state := known.At(now)
		still := state.Until
		if state.Open {
			lasting = lasting && c.wanes
		} else {
			closed := closedOf(name, known, state)
			verdict.Closed = append(verdict.Closed, closed)
			if still = closed.Opens; still.IsZero() {
				still = closed.Shut
			}
		}
		if verdict.Still.IsZero() || still.Before(verdict.Still) {
			verdict.Still = still
		}
	}
	if !lasting {
		verdict.Still = time.Time{}
	}
}

// closedOf says when a window opens that is closed, by its own clock.
func closedOf(name string, known *window.Window, state window.State) Closed {
	closed := Closed{Name: name, Zone: known.Zone.String()}
	if state.Next.IsZero() {
		closed.Shut = state.Shut.In(known.Zone)
	} else {
		closed.Opens = state.Next.In(known.Zone)
	}
	return closed
}

// note says of a part that asks for a window, or for a drill, how that stands.
func (t *trace) note(x celast.Expr) string {
	if x.Kind() != celast.CallKind {
		return ""
	}
	args := x.AsCall().Args()
	if x.AsCall().FunctionName() == operand.LastDrill {
		return t.noteOfDrill(args)
	}
	if !operand.IsOfWindow(x.AsCall().FunctionName()) {
		return ""
	}
	name, ok := literalText(args[0])
	if at := t.valueOf(args[1]); ok && at != nil {
		said, _ := t.e.Said(name, at)
		return said
	}
	return ""
}
