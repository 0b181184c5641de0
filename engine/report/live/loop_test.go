package live_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/live"
	"github.com/gatebook/gatebook/engine/report/standing"
)

// fleetPlan is a plan in which one step is done for n machines, with a pause between its
// two batches.
func fleetPlan(n int) *plan.Plan {
	p := examplePlan("roll", "other")
	roll := p.Steps[0]
	roll.Loop = &plan.Loop{Pause: time.Minute, MaxFailures: plan.Budget{Total: "10%"}, Batches: []int{n / 2, n - n/2}}
	for i := range n {
		roll.Loop.Instances = append(roll.Loop.Instances, roll.Instance(fmt.Sprintf("n%d", i+1)))
	}
	return p
}

func machine(i int) string { return event.InstanceID("roll", fmt.Sprintf("n%d", i)) }

// openFleet begins the loop, with the first of its machines at work.
func openFleet(play theater, p *plan.Plan, atWork int) {
	var keys []string
	for _, one := range p.Steps[0].Loop.Instances {
		keys = append(keys, one.Key)
	}
	play.start()
	play.tell(event.Event{Type: event.LoopOpened, Op: op("roll", event.Do, 0), Loop: &event.Loop{Keys: keys, Batches: p.Steps[0].Loop.Batches}})
	play.settle("roll", event.Running)
	for i := range atWork {
		play.begin(machine(i+1), 1)
	}
}

// Below a step stand those of its instances that are at work, by their keys; of many
// there are as many as leave room for the other steps.
func TestTerminalShowsInstancesBelowTheirStep(t *testing.T) {
	t.Parallel()
	p := fleetPlan(40)
	onTerminal(t, 60, 8, p, func(play theater, _ *live.Terminal, shown *screen) {
		openFleet(play, p, 12)
		play.begin("other", 1)
		play.settle(machine(1), event.Succeeded)
		play.settle(machine(2), event.Failed)
		play.settle(machine(9), event.Asking)
		play.tell(event.Event{Type: event.AskOpened, Op: op(machine(9), event.Do, 0)})
		frame()
		want := []string{
			`web 1.2.0 · 100ms · 2/41 done, 1 failed`,
			`› roll      100ms   1 of 40 done, batch 1 of 2, 1 failed (…`,
			`?   ["n9"]  100ms   asks: Go on?`,
			`›   ["n3"]  100ms   attempt 1/3`,
			`›   ["n4"]  100ms   attempt 1/3`,
			`› other     100ms   attempt 1/3`,
			`  … and 7 more at work`,
		}
		_, region, _ := strings.Cut(shown.text(), "web 1.2.0 · ")
		got := strings.Split("web 1.2.0 · "+region, "\n")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s\n%s", diff, shown.text())
		}
		if text := shown.text(); strings.Contains(text, `✓ roll["n1"]`) || !strings.Contains(text, `✗ roll["n2"] failed`) {
			t.Errorf("of many, those that went well leave no line, and those that failed do:\n%s", text)
		}
		play.end(event.OutcomeFailed)
	})
}

// While a loop pauses nothing is at work, which must not look like a hang.
func TestTerminalSaysWhyNothingHappens(t *testing.T) {
	t.Parallel()
	p := fleetPlan(2)
	onTerminal(t, 100, 24, p, func(play theater, _ *live.Terminal, shown *screen) {
		openFleet(play, p, 1)
		play.settle(machine(1), event.Succeeded)
		play.tell(event.Event{Type: event.BatchDone, Op: op("roll", event.Do, 0)})
		until := layout.Clock(time.Now().Add(time.Minute))
		frame()
		if text := shown.text(); !strings.Contains(text, "1 of 2 done, after batch 1 of 2 · pauses until "+until+", 1m left") {
			t.Errorf("it does not say why nothing happens:\n%s", text)
		}
		play.end(event.OutcomeFailed)
	})
}

// Many instances that are silent for long are one line, and so is a loop that pauses.
func TestLinesOfALoopThatIsSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b record
		p := fleetPlan(20)
		play := theater{live.NewLines(&b, standing.New(p), layout.Style{}, time.Now)}
		openFleet(play, p, 8)
		time.Sleep(70 * time.Second)
		if err := play.view.Close(); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			`roll is done for 20, in batches of 10 and 10`,
			`roll … still at work after 1m: 0 of 20 done, batch 1 of 2`,
			`8 steps … still at work: roll["n1"], roll["n2"], roll["n3"], roll["n4"], roll["n5"] and 3 more`,
		} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("no %q in\n%s", want, b.String())
			}
		}
	})
}
