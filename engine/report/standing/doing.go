package standing

import (
	"fmt"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/wording"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Doing says in a few words what a step is at, or why it ended as it did: plain text
// on one line.
func (step *Step) Doing(now time.Time) string {
	var parts []string
	if step.Attempts > 1 && step.Attempt > 0 && (step.Status == event.Running || step.Attempt > 1) {
		parts = append(parts, fmt.Sprintf("attempt %d/%d", step.Attempt, max(step.Attempts, step.Attempt)))
	}
	if step.Loop != nil && !step.Status.Settled() {
		parts = append(parts, step.loopDoing(now)...)
	}
	if step.Status == event.Running && len(step.inside) > 0 {
		parts = append(parts, step.insideDoing())
	}
	switch {
	case step.LeftOut != nil && (step.Status == event.Skipped || step.Status == event.Pending):
		parts = append(parts, wording.LeftOut(step.LeftOut))
	case step.Ask != nil:
		parts = append(parts, step.Ask.Asks()+until(step.Ask.Until, now)+": "+layout.Line(step.Ask.Message))
		if people := step.Ask.People(); people != "" {
			parts = append(parts, people)
		}
		if step.Ask.Part == event.Begin && step.Failure != nil { // it is asked whether that is tried again
			parts = append(parts, wording.Failure(step.Failure))
		}
	case step.Wait != nil:
		parts = append(parts, waitWords(step.Wait.Part)+until(step.Wait.Until, now)+": "+step.Wait.For+step.Wait.opens(now))
	case step.stopped != "" && step.Status.Settled():
		parts = append(parts, step.stopping())
	case step.Status == event.Undoing:
		parts = append(parts, "it is taken back")
	case step.Failure != nil && step.Status != event.Succeeded:
		parts = append(parts, wording.Failure(step.Failure))
	case step.Status.Settled():
	case step.Progress != nil:
		parts = append(parts, progressWords(step))
	}
	if step.Loop != nil && step.Status.Settled() {
		parts = append(parts, step.loopDoing(now)...)
	}
	said := step.Failure != nil && strings.Contains(step.Failure.Message, step.Output)
	if step.Output != "" && !said && !step.Status.Settled() && step.Ask == nil && step.Wait == nil {
		parts = append(parts, step.Output)
	}
	return strings.Join(parts, " · ")
}

// AtWork are the steps that a run which pauses waits for, in the plan's order.
func (s *Status) AtWork() []string {
	var ids []string
	for _, step := range s.Active() {
		switch step.Status {
		case event.Running, event.Verifying, event.Undoing:
			if step.over == nil && step.Loop == nil && !step.takesIn {
				ids = append(ids, step.ID)
			}
		default:
		}
	}
	return ids
}

// Asks says that people are asked, and where the step is to be taken back, that it is for that.
func (a *Ask) Asks() string { return wording.Asks(a.Part) }

// stopping is for what a step was stopped, and what it says that it left.
func (step *Step) stopping() string {
	if left := step.LeftBehind(); left != "" {
		return step.stopped + "; " + left
	}
	return step.stopped
}

// LeftBehind is what an action that was cancelled said to that, such as what it left half
// done; empty where it said nothing, or was taken back since.
func (step *Step) LeftBehind() string {
	if step.Failure == nil || step.Failure.Class != sdk.Cancelled || step.Status != event.Failed {
		return ""
	}
	said, _ := strings.CutPrefix(wording.Failure(step.Failure), event.WasCancelled)
	return strings.TrimPrefix(said, ": ")
}

// waitWords says that a step waits for a condition, for its deadline to follow; the condition itself
// comes last, since it may be a whole sentence.
func waitWords(part event.Part) string {
	switch part {
	case event.Gate:
		return "waits"
	case event.Between:
		return "waits between batches"
	default:
		return "verifies"
	}
}

// opens says when the windows open that are waited for.
func (w *Wait) opens(now time.Time) string {
	if closed := wording.Closed(w.Closed, now); closed != "" {
		return "; " + closed
	}
	return ""
}

func progressWords(step *Step) string {
	p := step.Progress
	text := layout.Line(p.Message)
	if p.Total > 0 {
		text = strings.TrimSpace(fmt.Sprintf("%d/%d %s", p.Done, p.Total, text))
	}
	return text
}

// until says by when, and how long that is from now.
func until(deadline, now time.Time) string {
	if deadline.IsZero() {
		return ""
	}
	text := " until " + layout.Until(deadline, now)
	if left := deadline.Sub(now).Round(time.Second); left > 0 {
		text += ", " + layout.Span(left) + " left"
	}
	return text
}
