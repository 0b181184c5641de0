package engine_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// An action is told what people agreed to, in the process that began the run and in the one that
// takes it up; the step behind it and what takes it back are told nothing.
func TestAnActionIsToldWhatPeopleAgreedTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, agreed := newPlay(t), []sdk.Seen{{Kind: "Service", Name: "web", Version: "index 42", ID: "4711"}}
		var told [][]sdk.Seen
		hears := func(do deed) deed {
			return func(ctx context.Context, call *sdk.Call[playInput]) (playOutput, error) {
				told = append(told, call.Seen)
				return do(ctx, call)
			}
		}
		denied := func(context.Context, *sdk.Call[playInput]) (playOutput, error) {
			return playOutput{}, sdk.Errorf(sdk.Denied, "you may not").NothingChanged()
		}
		p.on("web", hears(denied))
		p.on("db", hears(fail(sdk.Permanent)))
		p.on("-web", hears(func(context.Context, *sdk.Call[playInput]) (playOutput, error) { return playOutput{}, nil }))
		options := runOptions
		options.Seen = map[string][]sdk.Seen{"web": agreed}
		const text = `onFailure: rollback
steps:
- {id: web, uses: play.change, onFailure: pause, with: {name: web}}
- {id: db, uses: play.change, with: {name: db}}
`
		pl := planned(t, p.engine, text)
		first := <-p.going(func() (event.Result, error) { return p.engine.Run(context.Background(), pl, p.process, options) })
		p.ends(first, event.OutcomePaused)
		p.on("web", hears(func(context.Context, *sdk.Call[playInput]) (playOutput, error) { return playOutput{}, nil }))
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeRolledBack, "web", "-db", "-web")
		if want := [][]sdk.Seen{agreed, agreed, nil, nil}; !slices.EqualFunc(told, want, slices.Equal) {
			t.Errorf("told were %v, want %v", told, want)
		}
	})
}
