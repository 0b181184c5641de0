package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

func TestAParameterIsKnownWithAllItsParts(t *testing.T) {
	t.Parallel()
	request := sdk.Request{Unknown: []string{"command[1]", "env.TOKEN", "text"}}
	for name, want := range map[string]bool{
		"command": false, "env": false, "text": false, "text2": true, "tex": true, "cwd": true, "comma": true,
	} {
		if got := request.Knows(name); got != want {
			t.Errorf("%s is known: %t, want %t", name, got, want)
		}
	}
	if request.Knows("cwd", "text") {
		t.Error("of several parameters one is not known, and they are said to be")
	}
}

// refusing keeps the states before a change that it has room for.
type refusing struct {
	sdktest.Host
	room int
	with error
}

func (h *refusing) Before(context.Context, json.RawMessage) error {
	if h.room--; h.room < 0 {
		return h.with
	}
	return nil
}

// What was changed after a first state was kept is not forgotten for the second's sake.
func TestAStateThatCannotBeKept(t *testing.T) {
	t.Parallel()
	secret := sdk.Errorf(sdk.Permanent, "it holds a secret")
	for name, test := range map[string]struct {
		room      int
		with      error
		class     sdk.Class
		unchanged bool
	}{
		"the first, on a full disk":   {0, errors.New("disk full"), sdk.Transient, true},
		"the first, for its contents": {0, secret, sdk.Permanent, true},
		"the second":                  {1, errors.New("disk full"), sdk.Transient, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call := &sdk.Call[struct{}]{Host: &refusing{room: test.room, with: test.with}}
			var err error
			for range test.room + 1 {
				err = call.SaveBefore(t.Context(), 1)
			}
			if err == nil {
				t.Fatal("it was kept")
			}
			if got := sdk.AsError(err); got.Class != test.class || got.Unchanged != test.unchanged {
				t.Errorf("got %+v", got)
			}
		})
	}
	call := &sdk.Call[struct{}]{Host: &refusing{}}
	if got := sdk.AsError(call.SaveBefore(t.Context(), func() {})); got.Class != sdk.Permanent || !got.Unchanged {
		t.Errorf("what is no JSON: got %+v", got)
	}
}

// What the plan saw of a thing is found by its kind and name; where it saw two of them, or one that
// changed meanwhile, people agreed to neither.
func TestWhatThePlanSawOfAThing(t *testing.T) {
	t.Parallel()
	web, db := sdk.Seen{Kind: "Service", Name: "web", Version: "7", ID: "a"}, sdk.Seen{Kind: "Service", Name: "db", Version: "3"}
	moved := sdk.Seen{Kind: "Service", Name: "web", Version: "8", ID: "a"}
	for name, test := range map[string]struct {
		seen []sdk.Seen
		want sdk.Seen
		saw  bool
	}{
		"it":                 {[]sdk.Seen{db, web}, web, true},
		"it, for two steps":  {[]sdk.Seen{web, db, web}, web, true},
		"it in two versions": {[]sdk.Seen{web, moved}, sdk.Seen{}, false},
		"another":            {[]sdk.Seen{db, {Kind: "Config", Name: "web", Version: "1"}}, sdk.Seen{}, false},
		"nothing":            {nil, sdk.Seen{}, false},
	} {
		if got, saw := (sdk.Request{Seen: test.seen}).Saw("Service", "web"); got != test.want || saw != test.saw {
			t.Errorf("%s: got %v and %t, want %v and %t", name, got, saw, test.want, test.saw)
		}
	}
}
