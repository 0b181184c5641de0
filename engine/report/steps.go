package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/event"
)

// stepLines writes a line for each step, its columns aligned.
func (out *page) stepLines(s *Status, now time.Time) {
	ids, words := 0, 0
	for _, step := range s.Steps {
		ids, words = max(ids, Width(step.ID)), max(words, Width(Word(step.Status)))
	}
	for _, step := range s.Steps {
		elapsed := ""
		if !step.Started.IsZero() {
			elapsed = Elapsed(step.ElapsedAt(now))
		}
		line := fmt.Sprintf("%s %s  %s  %s  %s",
			out.Mark(step.Status), Pad(step.ID, ids), Pad(Word(step.Status), words), Pad(elapsed, 7), step.Doing(now))
		out.line("%s", strings.TrimRight(line, " "))
	}
}

// Doing says in a few words what a step is at, or why it ended as it did: plain text
// on one line.
func (step *Step) Doing(now time.Time) string {
	var parts []string
	if step.Attempts > 1 && step.Attempt > 0 && (step.Status == event.Running || step.Attempt > 1) {
		parts = append(parts, fmt.Sprintf("attempt %d/%d", step.Attempt, max(step.Attempts, step.Attempt)))
	}
	switch {
	case step.Ask != nil:
		parts = append(parts, "asks: "+Line(step.Ask.Message)+until(step.Ask.Until, now))
	case step.Wait != nil:
		parts = append(parts, "waits for "+step.Wait.For+until(step.Wait.Until, now))
	case step.stopped != "" && step.Status.Settled():
		parts = append(parts, "stopped: "+step.stopped)
	case step.Failure != nil && step.Status != event.Succeeded:
		parts = append(parts, failureWords(step.Failure))
	case step.Status.Settled():
	case step.Progress != nil:
		parts = append(parts, progressWords(step))
	}
	if step.Output != "" && !step.Status.Settled() && step.Ask == nil && step.Wait == nil {
		parts = append(parts, step.Output)
	}
	return strings.Join(parts, " · ")
}

func progressWords(step *Step) string {
	p := step.Progress
	text := Line(p.Message)
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
	left := deadline.Sub(now)
	if left <= 0 {
		return " until " + Clock(deadline) + ", any moment now"
	}
	return " until " + Clock(deadline) + ", " + short(left.Round(time.Second)) + " left"
}

// without returns the ids that none of the other lists has.
func without(ids []string, others ...[]string) []string {
	var kept []string
	for _, id := range ids {
		if !slices.ContainsFunc(others, func(other []string) bool { return slices.Contains(other, id) }) {
			kept = append(kept, id)
		}
	}
	return kept
}

func plainInt(n int) string { return strconv.Itoa(n) }

func plainCount(n int, word string) string { return strconv.Itoa(n) + " " + word }
