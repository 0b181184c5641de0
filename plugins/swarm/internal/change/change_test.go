package change_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/change"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// wall is a spec.
type wall struct {
	Color string
	Note  string `json:",omitempty"`
}

// house has a wall, and a version, as a swarm has things. It is gone where its ID is empty.
type house struct {
	live    change.Object[wall]
	writes  int
	lost    int    // answers of changes to come that get lost
	peels   string // why it is painted anew in the color that it has
	between func() // happens after the next look
}

func newHouse() *house {
	return &house{live: change.Object[wall]{ID: "h1", Name: "house", Index: 7, Spec: wall{Color: "red", Note: "mind the paint"}}}
}

// paint changes the wall as somebody else does.
func (h *house) paint(spec wall) {
	was := h.live.Spec
	h.live.Spec, h.live.Previous = spec, &was
	h.live.Index++
}

// back has the swarm itself take the last change back.
func (h *house) back() {
	h.live.Spec, h.live.Previous, h.live.Back, h.live.Mark = *h.live.Previous, nil, "the house has put its old color back", "today"
	h.live.Index++
}

type input struct {
	House   string `json:"house"`
	Color   string `json:"color"`
	Version uint64 `json:"version"`
}

type output struct {
	Color   string `json:"color" doc:"."`
	Before  string `json:"before" doc:"."`
	Changed bool   `json:"changed" doc:"."`
}

func (h *house) action(t *testing.T) sdk.Handler {
	t.Helper()
	handler, err := change.Of[input, output, wall]{
		Engine: &engine.Engine{Timeout: time.Minute}, Kind: "house", Names: []string{"house"}, Params: []string{"color"}, Verb: "paint",
		Name:    func(in input) string { return in.House },
		Version: func(in input) uint64 { return in.Version },
		Get: func(context.Context, input) (change.Object[wall], error) {
			if h.live.ID == "" {
				return h.live, errdefs.ErrNotFound
			}
			seen, between := h.live, h.between
			if h.between = nil; between != nil {
				between()
			}
			return seen, nil
		},
		Put: func(_ context.Context, _ input, live change.Object[wall], to wall) error {
			if live.Index != h.live.Index {
				return errors.New("rpc error: code = Unknown desc = update out of sequence")
			}
			h.writes++
			h.live.Back, h.peels = "", ""
			h.paint(to)
			if h.lost > 0 {
				h.lost--
				return errdefs.ErrUnavailable
			}
			return nil
		},
		Want: func(_ context.Context, use change.Use[input], was change.Object[wall]) (wall, error) {
			return wall{Color: use.Input.Color, Note: was.Spec.Note}, nil
		},
		Diff: func(_ string, was, is wall) string { return was.Color + "\n" + is.Color },
		Words: func(was, is wall) string {
			if was.Color == is.Color {
				return fmt.Sprintf("note is %s, was %s", is.Note, was.Note)
			}
			return fmt.Sprintf("color is %s, was %s", is.Color, was.Color)
		},
		Anew: func(_ context.Context, in input, live change.Object[wall]) (string, error) {
			if in.Color != live.Spec.Color {
				return "", errors.New("there is something to change")
			}
			return h.peels, nil
		},
		Summary: func(input, change.Change[wall]) string { return "would paint it" },
		After: func(_ context.Context, _ *sdk.Call[input], c change.Change[wall]) (output, error) {
			return output{Color: c.Want.Color, Before: c.Was.Color, Changed: c.Changed()}, nil
		},
	}.Action(sdk.Action[input, output]{Name: "paint", Summary: "Paint a house", Description: "Paints it."}).Handler()
	lab.Must(t, err)
	return handler
}

func request(t *testing.T) sdk.Request {
	return lab.Request(t, map[string]any{"house": "house", "color": "green"})
}

// After a crash an attempt is made again, with what the first one has kept.
func TestSecondAttempts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		between func(*house) // the attempts; the change of the first is made, its answer lost
		noted   bool         // the first attempt has noted that it saw its change
		seen    sdk.State    // then
		class   sdk.Class    // of the second attempt's error; empty: it succeeds
		says    string       // of that
		writes  int          // of gatebook, in both attempts
		undone  string       // the color after the undo
		clash   string       // the undo's conflict
	}{
		"the change is there": {between: func(*house) {}, seen: sdk.Done, writes: 1, undone: "red"},
		"it was never made": {
			between: func(h *house) { h.live = newHouse().live }, seen: sdk.Untouched, writes: 2, undone: "red",
		},
		"somebody made another": {
			between: func(h *house) { h.paint(wall{"blue", "mind the paint"}) }, seen: sdk.NotDone, class: sdk.Conflict, writes: 1,
			says: "somebody changed the house house meanwhile: color is blue, was green", undone: "blue", clash: "color is blue, was green",
		},
		"somebody changed what the step does not": {
			between: func(h *house) { h.paint(wall{"green", "dry"}) }, seen: sdk.NotDone, class: sdk.Conflict, writes: 1,
			says: "somebody changed the house house meanwhile: note is dry, was mind the paint", undone: "green", clash: "meanwhile: note is dry, was mind the paint",
		},
		"somebody took it back after it was seen": {
			between: func(h *house) { h.paint(newHouse().live.Spec) }, noted: true, seen: sdk.Untouched, class: sdk.Conflict, writes: 1,
			says: "color is red, was green", undone: "red",
		},
		"the swarm itself took it back": {
			between: (*house).back, seen: sdk.NotDone, class: sdk.Permanent, writes: 1, says: "the house has put its old color back", undone: "red",
		},
		"it was removed": {
			between: func(h *house) { h.live.ID = "" }, seen: sdk.NotDone, class: sdk.Conflict, writes: 1,
			says: "the house house was removed meanwhile", undone: "green", clash: "was removed meanwhile",
		},
		"there is another of that name": {
			between: func(h *house) { h.live.ID = "h2" }, seen: sdk.NotDone, class: sdk.Conflict, writes: 1,
			says: "is not the one that this step began with", undone: "green", clash: "is not the one",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, host := newHouse(), &sdktest.Host{}
			h.lost = 1
			if c.noted {
				h.lost = 0
			}
			handler, req := h.action(t), request(t)
			if _, err := handler.Apply(t.Context(), req, host); (err == nil) != c.noted {
				t.Fatalf("the first attempt: %v", err)
			}
			req.Before, req.Notes, req.Attempt = host.StateBefore(), host.Notes(), 2
			c.between(h)
			if seen, err := handler.Observe(t.Context(), req, host); err != nil || seen.State != c.seen {
				t.Errorf("it was seen as %s (%s, %v), want %s", seen.State, seen.Detail, err, c.seen)
			}
			later := &sdktest.Host{}
			outputs, err := handler.Apply(t.Context(), req, later)
			if c.class != "" {
				lab.Fails(t, err, c.class, c.says)
			} else if want := `{"color":"green","before":"red","changed":true}`; err != nil || string(outputs) != want {
				t.Errorf("got %s, %v, want %s", outputs, err, want)
			}
			if saved := later.StateBefore(); saved != nil {
				t.Errorf("the second attempt saved %s", saved)
			}
			if h.writes != c.writes {
				t.Errorf("it wrote %d times, want %d", h.writes, c.writes)
			}
			req.Notes = nil
			for range 2 {
				if err := handler.Undo(t.Context(), req, host); c.clash != "" {
					lab.Fails(t, err, sdk.Conflict, c.clash)
				} else {
					lab.Must(t, err)
				}
			}
			if h.live.Spec.Color != c.undone {
				t.Errorf("after the undo it is %s, want %s", h.live.Spec.Color, c.undone)
			}
		})
	}
}

// What happens between a look and the change after it is seen by the version: the swarm's own notes
// are outlasted, and what somebody else has changed is not overwritten.
func TestBetweenALookAndTheChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		between func(*house)
		says    string
		undone  string // the color after the undo, which has nothing to take back
		clash   string // the undo's conflict
	}{
		"the swarm noted something": {between: func(h *house) { h.live.Index++ }, undone: "red"},
		"somebody was quicker": {
			between: func(h *house) { h.paint(wall{"blue", "mind the paint"}) }, says: "somebody changed the house house meanwhile: color is blue, was red", undone: "blue",
		},
		"somebody was quicker, twice": {
			between: func(h *house) { h.paint(wall{"blue", ""}); h.paint(wall{"pink", ""}) }, says: "more than once; by the last change of it color is pink, was blue",
			undone: "pink", clash: "color is pink, was blue", // nobody can tell whether the step's was among them
		},
		"it was removed": {between: func(h *house) { h.live = change.Object[wall]{} }, says: "was removed meanwhile", clash: "was removed meanwhile"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse()
			h.between = func() { c.between(h) }
			handler, req, host := h.action(t), request(t), &sdktest.Host{}
			_, err := handler.Apply(t.Context(), req, host)
			if c.says == "" {
				lab.Must(t, err)
				if h.writes != 1 || h.live.Spec.Color != "green" {
					t.Errorf("it is %s after %d changes", h.live.Spec.Color, h.writes)
				}
			} else {
				lab.Fails(t, err, sdk.Conflict, c.says)
				if h.writes != 0 {
					t.Error("it was overwritten")
				}
			}
			req.Before = host.StateBefore()
			if err := handler.Undo(t.Context(), req, host); c.clash != "" {
				lab.Fails(t, err, sdk.Conflict, c.clash)
			} else {
				lab.Must(t, err)
			}
			if h.live.Spec.Color != c.undone {
				t.Errorf("after the undo it is %s, want %s", h.live.Spec.Color, c.undone)
			}
		})
	}
}

// A version that never rests ends the attempt, and not the patience of the person who waits.
func TestAVersionThatNeverRests(t *testing.T) {
	t.Parallel()
	h := newHouse()
	var restless func()
	restless = func() { h.live.Index++; h.between = restless }
	h.between = restless
	_, err := h.action(t).Apply(t.Context(), request(t), &sdktest.Host{})
	lab.Fails(t, err, sdk.Conflict, "it is changed all the time")
}

// What somebody changed since the plan is named, as far as the engine knows.
func TestThePlanIsHeldTo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meddle func(*house)
		says   string
	}{
		"nothing":            {meddle: func(*house) {}},
		"the swarm noted":    {meddle: func(h *house) { h.live.Index++ }},
		"painted once":       {func(h *house) { h.paint(wall{Color: "blue"}) }, "since it was planned: color is blue, was red"},
		"painted twice":      {func(h *house) { h.paint(wall{Color: "blue"}); h.paint(wall{Color: "pink"}) }, "more than once; by the last change of it color is pink, was blue"},
		"built anew":         {func(h *house) { h.live.ID = "h2" }, "is not the one that the plan saw, but a new one of that name"},
		"and nobody knows":   {func(h *house) { h.paint(wall{Color: "blue"}); h.live.Previous = nil }, "since it was planned: more than once"},
		"painted, and again": {meddle: func(h *house) { h.paint(wall{Color: "blue"}); h.paint(newHouse().live.Spec) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse()
			handler, req := h.action(t), request(t)
			preview, err := handler.Plan(t.Context(), req)
			lab.Must(t, err)
			req.Seen = preview.Observed
			c.meddle(h)
			if _, err = handler.Apply(t.Context(), req, &sdktest.Host{}); c.says == "" {
				lab.Must(t, err)
				return
			}
			lab.Outdated(t, err, c.says)
			if h.writes != 0 {
				t.Error("it was overwritten")
			}
		})
	}
}

// What is kept for the way back is what the step changes, and no more.
func TestOnlyWhatLeadsBackIsKept(t *testing.T) {
	t.Parallel()
	h, host := newHouse(), &sdktest.Host{}
	_, err := h.action(t).Apply(t.Context(), request(t), host)
	lab.Must(t, err)
	var kept struct{ Back map[string]any }
	lab.Must(t, json.Unmarshal(host.StateBefore(), &kept))
	if len(kept.Back) != 1 || kept.Back["Color"] != "red" || strings.Contains(string(host.StateBefore()), "paint") {
		t.Errorf("kept is %s", host.StateBefore())
	}
}

// What the engine notes of an object is nothing that a sealed plan is refused for.
func TestAPlanDoesNotNameTheIndex(t *testing.T) {
	t.Parallel()
	h := newHouse()
	handler := h.action(t)
	first, err := handler.Plan(t.Context(), request(t))
	lab.Must(t, err)
	h.live.Index++
	again, err := handler.Plan(t.Context(), request(t))
	lab.Must(t, err)
	if len(first.Observed) == 0 || !slices.Equal(first.Observed, again.Observed) {
		t.Errorf("it saw %v, and then %v", first.Observed, again.Observed)
	}
}

// What is as the step wants it is set once more where there is a reason, by the version that was looked at. Nothing
// of it changes, so that nothing is kept, and there is nothing to take back.
func TestWhatIsSetAnew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		peels   string
		between func(*house)
		writes  int
		says    string // its conflict
	}{
		"no reason":               {between: func(*house) {}},
		"a reason":                {peels: "it peels", between: func(*house) {}, writes: 1},
		"the swarm noted":         {peels: "it peels", between: func(h *house) { h.live.Index++ }, writes: 1},
		"somebody was quicker":    {peels: "it peels", between: func(h *house) { h.paint(wall{"blue", ""}) }, says: "meanwhile: color is blue, was green"},
		"somebody did so already": {peels: "it peels", between: func(h *house) { h.paint(h.live.Spec); h.peels = "" }},
		"it was removed":          {peels: "it peels", between: func(h *house) { h.live = change.Object[wall]{} }, says: "there is no house"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, host := newHouse(), &sdktest.Host{}
			h.live.Spec.Color, h.peels = "green", c.peels
			handler, req := h.action(t), request(t)
			preview, err := handler.Plan(t.Context(), req)
			if lab.Must(t, err); preview.NothingToDo() != (c.peels == "") {
				t.Errorf("the plan is %+v", preview)
			}
			h.between = func() { c.between(h) }
			outputs, err := handler.Apply(t.Context(), req, host)
			if want := fmt.Sprintf(`"changed":%t`, c.writes > 0); c.says == "" && (err != nil || !strings.Contains(string(outputs), want)) {
				t.Errorf("got %s, %v, want %s", outputs, err, want)
			} else if c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("got %v, want it to say %q", err, c.says)
			}
			if h.writes != c.writes || host.StateBefore() != nil {
				t.Errorf("it wrote %d times, want %d, and kept %s", h.writes, c.writes, host.StateBefore())
			}
			lab.Must(t, handler.Undo(t.Context(), req, host))
		})
	}
}
