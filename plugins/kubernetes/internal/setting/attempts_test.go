package setting_test

import (
	"testing"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// After a crash an attempt is made again with what the first one has saved.
func TestSecondAttempts(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		between func(*house) // the attempts; the change of the first is made, its answer lost
		seen    sdk.State    // then
		writes  int          // of gatebook, in both attempts
		says    string       // the second attempt's conflict
		undone  string       // the color after the undo
		clash   string       // the undo's conflict
	}{
		"the change is there":   {between: func(*house) {}, seen: sdk.Done, writes: 1, undone: "red"},
		"it was never made":     {between: func(h *house) { h.paint("gatebook", "red") }, seen: sdk.Untouched, writes: 2, undone: "red"},
		"somebody made another": {between: func(h *house) { h.paint("ann", "blue") }, seen: sdk.NotDone, writes: 1, says: "ann changed", undone: "blue", clash: "ann changed"},
		"somebody took the setting away": {
			between: (*house).strip, seen: sdk.NotDone, writes: 1,
			says:  "changed the ConfigMap mine/wall meanwhile: the house takes none",
			clash: "changed the ConfigMap mine/wall meanwhile: the house takes none",
		},
		"somebody declared the same": {between: func(h *house) {
			h.paint("ann", "green")
			h.wall.ManagedFields = append(h.wall.ManagedFields, managed(cluster.Manager)...)
		}, seen: sdk.Done, writes: 1, undone: "green", clash: "ann set it anew"},
		"somebody made the same again": {between: func(h *house) { h.paint("ann", "green") }, seen: sdk.Done, writes: 1, undone: "green", clash: "ann set it anew"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, host := &street{}, &sdktest.Host{}
			h, handler, req := s.build("mine"), s.action(t), request(t, "mine", "green")
			h.lost = 1
			if _, err := handler.Apply(t.Context(), req, host); err == nil || sdk.AsError(err).Class != sdk.Transient || sdk.AsError(err).Unchanged {
				t.Fatalf("got %v, want a transient error after which nobody knows what changed", err)
			}
			req.Before, req.Attempt = host.StateBefore(), 2
			c.between(h)
			if seen, err := handler.Observe(t.Context(), req, host); err != nil || seen.State != c.seen {
				t.Errorf("it was seen as %s (%v), want %s", seen.State, err, c.seen)
			}
			later := &sdktest.Host{}
			outputs, err := handler.Apply(t.Context(), req, later)
			switch {
			case c.says != "":
				lab.Fails(t, err, sdk.Conflict, c.says)
				if sdk.AsError(err).Unchanged {
					t.Error("it says that nothing was changed, which it cannot know")
				}
			case err != nil:
				t.Fatal(err)
			case string(outputs) != `{"color":"green","before":"red","changed":true}`:
				t.Errorf("got %s", outputs)
			}
			if saved := later.StateBefore(); saved != nil {
				t.Errorf("the second attempt saved %s", saved)
			}
			if h.writes != c.writes {
				t.Errorf("it wrote %d times, want %d", h.writes, c.writes)
			}
			if err := handler.Undo(t.Context(), req, host); c.clash != "" {
				lab.Fails(t, err, sdk.Conflict, c.clash)
			} else if err != nil {
				t.Fatal(err)
			}
			if got := h.color(); got != c.undone {
				t.Errorf("after the undo it is %s, want %s", got, c.undone)
			}
		})
	}
}
