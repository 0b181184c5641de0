package sdk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestACostIsAmountsByUnit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cost sdk.Cost
		want string
	}{
		{nil, ""},
		{sdk.Cost{"usd": 12.5, "api_calls": 0}, ""},
		{sdk.Cost{"USD": 1}, `counted in "USD"`},
		{sdk.Cost{"": 1}, `counted in ""`},
		{sdk.Cost{"usd": -1}, "-1 usd"},
		{sdk.Cost{"usd": math.NaN()}, "NaN usd"},
		{sdk.Cost{"usd": math.Inf(1)}, "+Inf usd"},
	} {
		err := c.cost.Validate()
		if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %q", c.cost, err, c.want)
		}
	}
}

// What it cost is read of the outputs, where a plugin may say anything.
func TestCostOfOutputs(t *testing.T) {
	t.Parallel()
	says := sdk.Description{CostOutput: "cost"}
	for _, c := range []struct {
		outputs string
		want    sdk.Cost
		bad     bool
	}{
		{`{"cost": {"usd": 2.5}}`, sdk.Cost{"usd": 2.5}, false},
		{`{}`, nil, false},
		{`{"cost": null}`, nil, false},
		{`{"cost": {"usd": "two"}}`, nil, true},
		{`{"cost": {"usd": -2}}`, nil, true},
		{`[]`, nil, true},
	} {
		got, err := says.CostOf(json.RawMessage(c.outputs))
		if (err != nil) != c.bad || err == nil && !cmp.Equal(c.want, got) {
			t.Errorf("%s: got %v, %v", c.outputs, got, err)
		}
	}
	if got, err := (sdk.Description{}).CostOf(json.RawMessage(`{"cost": {"usd": 2}}`)); got != nil || err != nil {
		t.Errorf("of an action that does not say where its cost stands: %v, %v", got, err)
	}
}

func TestACostOutputIsAnObjectOfNumbers(t *testing.T) {
	t.Parallel()
	type outputs struct {
		Cost   map[string]float64 `json:"cost" doc:"What it cost."`
		Calls  map[string]int     `json:"calls" doc:"What it called."`
		Words  map[string]string  `json:"words" doc:"What it said."`
		Hidden map[string]float64 `json:"hidden" secret:"true" doc:"What nobody is told."`
		Units  struct {
			USD float64 `json:"usd" doc:"Money."`
		} `json:"units" doc:"What it cost, in units that are known."`
		Named struct {
			USD  float64 `json:"usd" doc:"Money."`
			Name string  `json:"name" doc:"Of what."`
		} `json:"named" doc:"What it cost, and of what."`
	}
	for name, fits := range map[string]bool{"": true, "cost": true, "calls": true, "units": true, "named": false, "words": false, "hidden": false, "absent": false} {
		_, err := sdk.Action[struct{}, outputs]{
			Name: "buy", Summary: "Buy something", Effect: sdk.Change, CostOutput: name,
			Apply: func(context.Context, *sdk.Call[struct{}]) (outputs, error) { return outputs{}, nil },
		}.Handler()
		if (err == nil) != fits {
			t.Errorf("CostOutput %q: %v", name, err)
		}
	}
}

func TestTheUnitsOfACost(t *testing.T) {
	t.Parallel()
	type outputs struct {
		Any   map[string]float64 `json:"any" doc:"What it cost."`
		Units struct {
			USD   float64 `json:"usd" doc:"Money."`
			Calls int     `json:"calls" doc:"Calls."`
		} `json:"units" doc:"What it cost, in units that are known."`
	}
	for name, want := range map[string]string{"any": "[] true", "units": "[usd calls] false", "": "[] false"} {
		handler, err := sdk.Action[struct{}, outputs]{
			Name: "buy", Summary: "Buy something", Effect: sdk.Change, CostOutput: name,
			Apply: func(context.Context, *sdk.Call[struct{}]) (outputs, error) { return outputs{}, nil },
		}.Handler()
		if err != nil {
			t.Fatal(err)
		}
		units, others := handler.Describe().CostUnits()
		if got := fmt.Sprint(units, others); got != want {
			t.Errorf("of %q they are %s, want %s", name, got, want)
		}
	}
	if _, others := (sdk.Description{CanPlan: true}).CostUnits(); !others {
		t.Error("an action that says beforehand what it would do can say what that would cost")
	}
}
