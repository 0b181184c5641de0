package wording_test

import (
	"testing"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/wording"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestAnswersInWords(t *testing.T) {
	t.Parallel()
	failed := &event.Failure{Class: sdk.Permanent, Message: "the group is empty"}
	for _, c := range []struct {
		part    event.Part
		answer  sdk.Answer
		failure *event.Failure
		want    string
	}{
		{event.Do, sdk.Answer{Approved: true, By: "ann"}, nil, "was approved by ann"},
		{event.Do, sdk.Answer{By: "ann"}, nil, "was rejected by ann"},
		{event.Undo, sdk.Answer{Approved: true, By: "ann"}, nil, "to take it back was approved by ann"},
		{event.Begin, sdk.Answer{Approved: true, By: "ann"}, nil, "may begin by ann"},
		{event.Begin, sdk.Answer{By: "ann"}, nil, "is not to begin by ann"},
		{event.Do, sdk.Answer{}, failed, "could not be asked about: the group is empty"},
		{event.Begin, sdk.Answer{}, failed, "could not be asked about: the group is empty"},
	} {
		said := wording.Describe(event.Event{Type: event.Answered, Op: &event.Op{Step: "a", Part: c.part}, Answer: &c.answer, Failure: c.failure})
		got := said.What
		if said.By != "" {
			got += " by " + said.By
		}
		if said.Why != "" {
			got += ": " + said.Why
		}
		if got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
