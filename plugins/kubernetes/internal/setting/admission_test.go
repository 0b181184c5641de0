package setting_test

import (
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// glossy is admission that makes of each color another one, once.
func glossy(color string) string { return "glossy " + strings.TrimPrefix(color, "glossy ") }

// What admission makes of the value that a step sets is the step's own: nobody is accused
// of it, and it is taken back.
func TestWhatAdmissionMakesOfAValueIsTheStepsOwn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lost      int // answers of the first attempt
		foreign   string
		says      string
		undone    string
		admission func(string) string // later
	}{
		"with its answer":           {admission: glossy, undone: "red"},
		"without it":                {admission: glossy, lost: 1, undone: "red"},
		"with other colors by then": {undone: "red"},
		"somebody made another":     {admission: glossy, foreign: "blue", says: "ann changed", undone: "blue"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, host := &street{}, &sdktest.Host{}
			h, handler, req := s.build("mine"), s.action(t), request(t, "mine", "green")
			h.admits, h.lost = glossy, c.lost
			if _, err := handler.Apply(t.Context(), req, host); (err == nil) != (c.lost == 0) {
				t.Fatal(err)
			}
			h.admits = c.admission
			if c.foreign != "" {
				h.paint("ann", c.foreign)
			}
			req.Before, req.Notes, req.Attempt = host.StateBefore(), host.Notes(), 2
			seen, err := handler.Observe(t.Context(), req, host)
			lab.Must(t, err)
			outputs, err := handler.Apply(t.Context(), req, &sdktest.Host{})
			if c.says == "" {
				lab.Must(t, err)
				if want := `{"color":"glossy green","before":"red","changed":true}`; seen.State != sdk.Done || string(outputs) != want {
					t.Errorf("it was seen as %s, and the second attempt returned %s", seen.State, outputs)
				}
			} else {
				lab.Fails(t, err, sdk.Conflict, c.says)
			}
			if h.writes != 1 {
				t.Errorf("it was set %d times", h.writes)
			}
			h.admits = nil         // which would make what was there glossy as well
			req.Notes = nil        // those of the step are not its undo's
			req.Key += "-and-back" // and neither is its key
			switch err := handler.Undo(t.Context(), req, &sdktest.Host{}); {
			case c.says != "":
				lab.Fails(t, err, sdk.Conflict, c.says)
			default:
				lab.Must(t, err)
			}
			if got := h.color(); got != c.undone {
				t.Errorf("after the undo it is %s, want %s", got, c.undone)
			}
		})
	}
}

// A value of which admission makes the one that is there changes nothing.
func TestWhatAdmissionMakesTheSameIsNoChange(t *testing.T) {
	t.Parallel()
	s, host := &street{}, &sdktest.Host{}
	h, handler, req := s.build("mine"), s.action(t), request(t, "mine", "red")
	h.admits = glossy
	h.paint("ann", "glossy red")
	preview, err := handler.Plan(t.Context(), req)
	if err != nil || preview.Summary != "nothing to do: the ConfigMap mine/wall is glossy red" || len(preview.Changes) > 0 {
		t.Errorf("the plan is %+v (%v)", preview, err)
	}
	for range 2 {
		outputs, err := handler.Apply(t.Context(), req, host)
		if want := `{"color":"glossy red","before":"glossy red","changed":false}`; err != nil || string(outputs) != want {
			t.Errorf("it returned %s (%v), want %s", outputs, err, want)
		}
		req.Before, req.Notes, req.Attempt = host.StateBefore(), host.Notes(), 2
	}
	h.paint("bob", "red")
	if err := handler.Undo(t.Context(), req, host); err != nil || h.writes != 0 || h.color() != "red" {
		t.Errorf("the undo of nothing: %v; it was set %d times and is %s", err, h.writes, h.color())
	}
}
