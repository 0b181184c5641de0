package look_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/engine/look"
	"github.com/gatebook/gatebook/engine/patience"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// silent is a world whose servers answer after a minute and a half.
func silent(t *testing.T) *world {
	return &world{t: t, peek: func(ctx context.Context, _ *sdk.Call[peekInput]) (peekOutput, error) {
		select {
		case <-time.After(90 * time.Second):
			return peekOutput{Is: "late"}, nil
		case <-ctx.Done():
			return peekOutput{}, ctx.Err()
		}
	}}
}

// Each step has the time that it asks for, whoever else asks the same; who asks for as much
// time shares the answer. One that asks for none would have all the time in a run, so that it
// did not fail where a plan does not wait for it.
func TestWhatManyAskHasTheTimeOfEach(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := silent(t)
		made := w.plan(`steps:
- {id: a, uses: peek, needs: [], timeout: 1s, with: {at: web}}
- {id: b, uses: peek, needs: [], timeout: 2m, with: {at: web}}
- {id: c, uses: peek, needs: [], timeout: 2m, with: {at: web}}
- {id: d, uses: peek, needs: [], with: {at: web}}
- {id: e, uses: peek, needs: [d], with: {at: db}}
`)
		got := said(look.Now(t.Context(), made, look.Options{At: night(), AtOnce: 3}))
		if want := "a: fails: it had not ended after 1s\nb: reads late\nc: reads late\nd: cut off: it had not ended after 10s\n" +
			"e: nobody can tell whether a run that begins now would come here: the look at d was cut off\n"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if len(w.read) != 3 {
			t.Errorf("asked %d times, want 3", len(w.read))
		}
	})
}

// All looks together have one limit, and what they left out is said.
func TestAllLooksHaveOneLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := silent(t)
		made, start := w.plan(`steps:
- {id: a, uses: peek, timeout: 2m, with: {at: web}}
- {id: b, uses: peek, timeout: 2m, with: {at: db}}
- {id: c, uses: peek, gate: {expr: steps.b.outputs.is == "late"}, with: {at: x}}
- {id: d, uses: poke, with: {at: x}}
`), time.Now()
		ctx, cancel := patience.Limited(t.Context(), 2*time.Minute, 2*time.Minute)
		defer cancel()
		got := said(look.Now(ctx, made, look.Options{At: night(), AtOnce: 3}))
		const over = "all that a plan asks may take 2m0s, and took longer"
		if want := "a: reads late\nb: cut off: " + over + "\nc: gate -, " + over + "\n"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if took := time.Since(start); took != 2*time.Minute {
			t.Errorf("it took %s", took)
		}
	})
}

// A person who waits is told what is being asked, and when it no longer is.
func TestWhatIsAskedIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, start := silent(t), time.Now()
		made := w.plan(`steps:
- {id: a, uses: peek, timeout: 2m, with: {at: web}}
- {id: b, uses: poke, gate: {expr: observed.is == "late", observe: {uses: peek, with: {at: db}}}, with: {at: x}}
`)
		var told []string
		look.Now(t.Context(), made, look.Options{At: night(), Asking: func(asked []string) {
			told = append(told, fmt.Sprint(time.Since(start), asked))
		}})
		if got, want := fmt.Sprint(told), "[0s [peek for a] 1m30s [] 1m30s [peek for b] 1m40s []]"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
