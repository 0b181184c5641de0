package machine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// asking is a run that has asked for a quorum, whose question stands for an hour.
func asking(tb testing.TB, quorum int) (m *machine.Machine, facts []event.Event) {
	op := event.Op{Step: "a", Part: event.Do}
	facts = []event.Event{
		{Type: event.RunStarted, Run: &event.Run{Parallelism: 1}, Time: epoch},
		{Type: event.AskOpened, Op: &op, Quorum: quorum, Time: epoch, Timer: &event.Timer{Op: op, Purpose: event.TimerExpiry, At: epoch.Add(time.Hour)}},
	}
	m = machine.New(planOf(tb, asks("a"), read("b", "a")))
	for _, fact := range facts {
		m.Next(fact)
	}
	return m, facts
}

// answeredBy is an answer of a person by a key.
func answeredBy(who, key string, yes bool, at time.Time) event.Event {
	e := event.Event{
		Type: event.Answered, Op: &event.Op{Step: "a", Part: event.Do}, By: who, Time: at,
		Answer: &sdk.Answer{Approved: yes, By: who, At: at},
	}
	if key != "" {
		e.Proof = &event.Proof{Key: key}
	}
	return e
}

// A question that takes several people is open until so many different ones have said yes;
// one no ends it. Whatever a run was told is what a replay of it knows.
func TestAQuorumIsOfDifferentPeople(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		quorum := rapid.IntRange(0, 4).Draw(r, "quorum")
		m, facts := asking(t, quorum)
		now := epoch
		var people, keys []string // of each voice that counts
		for open := true; open && len(facts) < 20; {
			now = now.Add(time.Duration(rapid.IntRange(1, 60).Draw(r, "seconds")) * time.Second)
			if rapid.IntRange(0, 4).Draw(r, "paused") == 0 {
				facts = append(facts,
					event.Event{Type: event.PauseAsked, Time: now}, event.Event{Type: event.ResumeAsked, Time: now.Add(time.Second)},
					event.Event{Type: event.AskOpened, Op: facts[1].Op, Quorum: quorum, Time: now.Add(time.Second), Timer: &event.Timer{
						Op: *facts[1].Op, Purpose: event.TimerExpiry, At: now.Add(time.Second + time.Hour),
					}})
				for _, fact := range facts[len(facts)-3:] {
					m.Next(fact)
				}
				now = now.Add(time.Second)
				continue
			}
			who, key := rapid.SampledFrom([]string{"ann", "bob", "cy", "di", "ed"}).Draw(r, "who"), rapid.SampledFrom([]string{"", "k1", "k2", "k3", "k4", "k5"}).Draw(r, "key")
			yes := rapid.IntRange(0, 9).Draw(r, "yes") > 0
			answer := answeredBy(who, key, yes, now)
			facts = append(facts, answer)
			m.Next(answer)
			if yes && !slices.Contains(people, who) && (key == "" || !slices.Contains(keys, key)) {
				people, keys = append(people, who), append(keys, key)
			}
			open = yes && len(people) < max(quorum, 1)
			if m.Asks("a") != open {
				r.Fatalf("after %s said %t, with %v of %d: it asks is %t", who, yes, people, quorum, m.Asks("a"))
			}
			if voices := m.Voices("a", now); open && len(voices) != len(people) {
				r.Fatalf("got %v, and %v have said yes", voices, people)
			}
		}
		again := machine.New(planOf(t, asks("a"), read("b", "a")))
		for _, fact := range facts {
			again.Next(fact)
		}
		if was, is := fmt.Sprint(m.Voices("a", now), m.Asks("a"), m.Mode()), fmt.Sprint(again.Voices("a", now), again.Asks("a"), again.Mode()); was != is {
			r.Fatalf("a replay knows %s, and it was %s", is, was)
		}
	})
}

// A yes does not outlive what its question stands for, be the run paused for a week in between.
func TestAVoiceGrowsStale(t *testing.T) {
	t.Parallel()
	m, facts := asking(t, 2)
	m.Next(answeredBy("ann", "", true, epoch.Add(time.Minute)))
	week := epoch.Add(168 * time.Hour)
	m.Next(event.Event{Type: event.PauseAsked, Time: epoch.Add(2 * time.Minute)})
	m.Next(event.Event{Type: event.ResumeAsked, Time: week})
	m.Next(event.Event{Type: event.AskOpened, Op: facts[1].Op, Quorum: 2, Time: week, Timer: &event.Timer{At: week.Add(time.Hour)}})
	m.Next(answeredBy("bob", "", true, week.Add(time.Minute)))
	if !m.Asks("a") {
		t.Error("two have said yes a week apart, and that counts")
	}
	if voices := m.Voices("a", week.Add(time.Minute)); len(voices) != 1 || voices[0].By != "bob" {
		t.Errorf("got %v", voices)
	}
	m.Next(answeredBy("ann", "", true, week.Add(2*time.Minute)))
	if m.Asks("a") {
		t.Error("both have said yes, and it asks on")
	}
}

// A step that is given a new chance is asked for anew by everybody.
func TestANewChanceHasNoVoices(t *testing.T) {
	t.Parallel()
	m, facts := asking(t, 2)
	m.Next(answeredBy("ann", "", true, epoch.Add(time.Minute)))
	m.Next(answeredBy("bob", "", false, epoch.Add(2*time.Minute)))
	m.Next(event.Event{Type: event.ResumeAsked, Time: epoch.Add(3 * time.Minute)})
	opened := facts[1]
	opened.Time = epoch.Add(3 * time.Minute)
	m.Next(opened)
	m.Next(answeredBy("bob", "", true, epoch.Add(4*time.Minute)))
	if voices := m.Voices("a", epoch.Add(4*time.Minute)); !m.Asks("a") || len(voices) != 1 {
		t.Errorf("got %v, and it asks is %t", voices, m.Asks("a"))
	}
}
