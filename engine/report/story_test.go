package report_test

import (
	"encoding/json"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

var began = time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)

// story makes the events of a run, a second apart.
type story struct {
	events []event.Event
	now    time.Time
}

func newStory() *story {
	s := &story{now: began}
	s.tell(event.Event{Type: event.RunStarted, Run: &event.Run{
		ID: "20261121-030000-abcd", Runbook: "web-upgrade", Version: "1.2.0", File: "web.yaml", Digest: "sha256:aa", PlanDigest: "sha256:bb",
		Gatebook: "0.1.0", By: "ann", Inputs: value.Object(value.Member{Name: "token", Value: value.String("s3cret").Secret()}),
		Record:  value.Object(value.Member{Name: "version", Value: value.String("web:2")}, value.Member{Name: "environment", Value: value.String("production")}),
		Process: event.Process{PID: 42, Host: "ops1", User: "ann"},
	}})
	return s
}

func (s *story) tell(e event.Event) *story {
	e.Time = s.now
	s.events = append(s.events, e)
	s.now = s.now.Add(time.Second)
	return s
}

func op(step string, part event.Part, attempt int) *event.Op {
	return &event.Op{Step: step, Part: part, Attempt: attempt}
}

func (s *story) decided(step string, part event.Part, status event.Status, f *event.Failure) *story {
	e := event.Event{Type: event.StepDecided, Op: op(step, part, 0), Status: status, Failure: f}
	if status.Settled() {
		e.Elapsed = 1500 * time.Millisecond
	}
	return s.tell(e)
}

func (s *story) attempt(step, action string, part event.Part, n int, f *event.Failure) *story {
	params := value.Object(value.Member{Name: "command", Value: value.List(value.String("deploy"))})
	s.tell(event.Event{Type: event.AttemptStarted, Op: op(step, part, n), Action: action, Params: &params})
	return s.tell(event.Event{Type: event.AttemptFinished, Op: op(step, part, n), Failure: f})
}

func (s *story) judged(step string, part event.Part, truth string, until *time.Time) *story {
	tree, err := json.Marshal(expr.Explanation{Text: "observed.value < 0.01", Value: "false", State: "value", Children: []*expr.Explanation{
		{Text: "observed.value", Value: "0.2", State: "value"}, {Text: "0.01", Value: "0.01", State: "value"},
	}})
	if err != nil {
		panic(err)
	}
	return s.tell(event.Event{Type: event.ConditionMet, Op: op(step, part, 1), Verdict: &event.Verdict{
		Name: "error rate", Expr: "observed.value < 0.01", Truth: truth, Message: "too many errors", Until: until, Explain: tree,
	}})
}

func (s *story) ended(r event.Result) *story {
	mode := event.Ended
	if r.Outcome == event.OutcomePaused {
		mode = event.Paused
	}
	s.tell(event.Event{Type: event.ModeChanged, Mode: mode})
	r.Elapsed = s.now.Sub(began)
	return s.tell(event.Event{Type: event.RunFinished, Result: &r})
}

func (s *story) asked() *story {
	return s.decided("sign_off", event.Do, event.Asking, nil).tell(event.Event{
		Type: event.AskOpened, Op: op("sign_off", event.Do, 0), Data: json.RawMessage(`{"message":"Clean up?"}`),
		Timer: &event.Timer{At: began.Add(2 * time.Hour)},
	})
}

// stories are runs that end, or stand, in each way there is.
func stories() map[string]*story {
	failed := &event.Failure{Class: sdk.Transient, Message: "exit code 1"}
	verify := &event.Failure{Class: event.VerifyFailed, Message: "too many errors"}
	atWork := &event.Failure{Class: event.Lost, Message: "the action did not end within 45s of being asked to, and may still be at work"}
	askedBack := &event.Failure{Class: sdk.Cancelled, Message: "rollback asked by ann"}
	until := began.Add(10 * time.Minute)
	upgraded := func() *story {
		return newStory().decided("before", event.Do, event.Succeeded, nil).
			attempt("upgrade", "exec", event.Do, 1, failed).attempt("upgrade", "exec", event.Do, 2, nil).
			decided("upgrade", event.Verify, event.Verifying, nil)
	}
	refused := &event.Failure{Class: event.Refused, Message: "bob said no: not today", Unchanged: true}
	lacking := value.Object(value.Member{Name: "revision", Value: value.Int(7)}, value.Member{Name: "url", Value: value.Null()})
	outputs := value.Object(value.Member{Name: "revision", Value: value.Int(7)})
	return map[string]*story{
		"succeeded": upgraded().judged("upgrade", event.Verify, "true", nil).decided("upgrade", event.Do, event.Succeeded, nil).
			ended(event.Result{Outcome: event.OutcomeSucceeded, Changed: []string{"upgrade"}, Outputs: &outputs}),
		"rolled-back": upgraded().judged("upgrade", event.Verify, "false", nil).decided("upgrade", event.Do, event.Failed, verify).
			tell(event.Event{Type: event.ModeChanged, Mode: event.Reverse}).
			decided("upgrade", event.Undo, event.Undoing, nil).attempt("upgrade", "exec", event.Undo, 1, nil).
			decided("upgrade", event.Undo, event.Undone, nil).
			ended(event.Result{Outcome: event.OutcomeRolledBack, Step: "upgrade", Failure: verify, Undone: []string{"upgrade"}}),
		"rolled-back-in-part": newStory().attempt("upgrade", "exec", event.Do, 1, nil).decided("upgrade", event.Do, event.Succeeded, nil).
			attempt("wipe", "exec", event.Do, 1, failed).decided("wipe", event.Do, event.Failed, failed).
			ended(event.Result{Outcome: event.OutcomeFailed, Step: "wipe", Failure: failed, Changed: []string{"upgrade", "wipe"}}).
			tell(event.Event{Type: event.RollbackAsked, By: "ann"}).
			tell(event.Event{Type: event.ModeChanged, Mode: event.Draining, Reason: "rollback asked by ann"}).
			attempt("upgrade", "exec", event.Undo, 1, nil).decided("upgrade", event.Undo, event.Undone, nil).
			ended(event.Result{
				Outcome: event.OutcomeRolledBack, Failure: &event.Failure{Class: sdk.Cancelled, Message: "rollback asked by ann"},
				Changed: []string{"wipe"}, Undone: []string{"upgrade"},
			}),
		"failed-unchanged": newStory().attempt("before", "http.check", event.Do, 1, failed).decided("before", event.Do, event.Failed, failed).
			ended(event.Result{Outcome: event.OutcomeFailed, Step: "before", Failure: failed}),
		"cannot-be-taken-back": newStory().attempt("wipe", "exec", event.Do, 1, failed).decided("wipe", event.Do, event.Failed, failed).
			ended(event.Result{Outcome: event.OutcomeFailed, Step: "wipe", Failure: failed, Changed: []string{"wipe"}}),
		"stuck": upgraded().judged("upgrade", event.Verify, "false", nil).decided("upgrade", event.Do, event.Failed, verify).
			tell(event.Event{Type: event.ModeChanged, Mode: event.Reverse}).
			attempt("upgrade", "exec", event.Undo, 1, failed).decided("upgrade", event.Undo, event.LeftOver, failed).
			ended(event.Result{Outcome: event.OutcomeStuck, Step: "upgrade", Failure: verify, Changed: []string{"upgrade"}, Left: []string{"upgrade"}}),
		"asked-back-and-left": upgraded().judged("upgrade", event.Verify, "true", nil).decided("upgrade", event.Do, event.Succeeded, nil).
			tell(event.Event{Type: event.RollbackAsked, By: "ann"}).tell(event.Event{Type: event.ModeChanged, Mode: event.Reverse}).
			attempt("upgrade", "exec", event.Undo, 1, failed).decided("upgrade", event.Undo, event.LeftOver, failed).
			ended(event.Result{Outcome: event.OutcomeStuck, Failure: askedBack, AskedBack: began, Changed: []string{"upgrade"}, Left: []string{"upgrade"}}),
		"asked-back-and-stays": newStory().attempt("wipe", "exec", event.Do, 1, nil).decided("wipe", event.Do, event.Succeeded, nil).
			tell(event.Event{Type: event.RollbackAsked, By: "ann"}).
			ended(event.Result{Outcome: event.OutcomeFailed, Failure: askedBack, AskedBack: began, Changed: []string{"wipe"}}),
		"at-work": newStory().decided("before", event.Do, event.Succeeded, nil).attempt("upgrade", "exec", event.Do, 1, atWork).
			decided("upgrade", event.Do, event.Failed, atWork).
			ended(event.Result{
				Outcome: event.OutcomeStuck, Failure: &event.Failure{Class: sdk.Cancelled, Message: "cancel asked by ann"},
				Changed: []string{"upgrade"}, Lost: []string{"upgrade"},
			}),
		"failed": newStory().decided("before", event.Do, event.Succeeded, nil).attempt("upgrade", "exec", event.Do, 3, failed).
			decided("upgrade", event.Do, event.Failed, failed).
			ended(event.Result{
				Outcome: event.OutcomeFailed, Step: "upgrade", Failure: failed, Changed: []string{"upgrade"}, Outputs: &lacking,
				Missing: map[string]string{"outputs.url": "step upgrade has no outputs: it failed", "record.version": "step upgrade has no outputs: it failed"},
			}),
		"stopped": newStory().decided("before", event.Do, event.Running, nil).attempt("upgrade", "exec", event.Do, 3, failed).
			decided("upgrade", event.Do, event.Failed, failed).
			tell(event.Event{Type: event.ModeChanged, Mode: event.Draining, Reason: "step upgrade failed"}).
			decided("before", event.Do, event.Failed, &event.Failure{Class: sdk.Cancelled, Message: "it was cancelled", Unchanged: true}).
			ended(event.Result{Outcome: event.OutcomeFailed, Step: "upgrade", Failure: failed}),
		"gate-closed": newStory().judged("upgrade", event.Gate, "false", nil).
			decided("upgrade", event.Do, event.Failed, &event.Failure{Class: event.GateClosed, Message: "too many errors", Unchanged: true}).
			ended(event.Result{Outcome: event.OutcomeGateClosed, Step: "upgrade", Failure: &event.Failure{Class: event.GateClosed, Message: "too many errors"}}),
		"refused": newStory().asked().tell(event.Event{Type: event.Answered, Op: op("sign_off", event.Do, 0), By: "bob", Answer: &sdk.Answer{By: "bob", Comment: "not today"}}).
			decided("sign_off", event.Do, event.Failed, refused).
			ended(event.Result{Outcome: event.OutcomeGateClosed, Step: "sign_off", Failure: refused}),
		"lacking": newStory().tell(event.Event{
			Type: event.AttemptFinished, Op: op("before", event.Do, 1),
			Reason: "its log ends at 256 MiB, and does not have the last 73 lines that it printed",
		}).decided("before", event.Do, event.Succeeded, nil).
			ended(event.Result{
				Outcome: event.OutcomeSucceeded, Outputs: &lacking,
				Missing: map[string]string{"outputs.url": "step upgrade has no outputs: it was skipped", "record.version": "it is no text"},
			}),
		"asking": upgraded().decided("upgrade", event.Do, event.Succeeded, nil).asked(),
		"paused": upgraded().decided("upgrade", event.Do, event.Succeeded, nil).asked().
			tell(event.Event{Type: event.PauseAsked, By: "ann", Reason: "signal interrupt"}).decided("sign_off", event.Do, event.Pending, nil).
			ended(event.Result{Outcome: event.OutcomePaused, Changed: []string{"upgrade"}, Asking: []string{"sign_off"}}),
		"lost": newStory().tell(event.Event{Type: event.AttemptStarted, Op: op("upgrade", event.Do, 1), Action: "exec"}).
			tell(event.Event{Type: event.RunResumed, Process: &event.Process{PID: 43, Host: "ops2"}}).
			tell(event.Event{Type: event.AttemptObserved, Op: op("upgrade", event.Do, 1), State: sdk.CannotTell, Reason: "the action cannot say whether it was done"}).
			decided("upgrade", event.Do, event.LostTrack, nil).
			ended(event.Result{Outcome: event.OutcomePaused, Step: "upgrade", Lost: []string{"upgrade"}, Failure: &event.Failure{Class: event.Lost, Message: "the action cannot say whether it was done"}}),
		"waiting": newStory().decided("upgrade", event.Gate, event.Waiting, nil).judged("upgrade", event.Gate, "false", &until),
	}
}
