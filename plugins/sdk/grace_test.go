package sdk_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

func TestTheGraceIsThatOfTheParameter(t *testing.T) {
	t.Parallel()
	object := func(property *schema.Schema) *schema.Schema {
		property.Format = schema.FormatDuration
		return &schema.Schema{Type: schema.TypeObject, Properties: []schema.Property{{Name: "grace", Schema: property}}}
	}
	with := sdk.Description{GraceParam: "grace", Input: object(&schema.Schema{Type: schema.TypeString, Default: "5m"})}
	without := sdk.Description{GraceParam: "grace", Input: object(&schema.Schema{Type: schema.TypeString})}
	for _, test := range []struct {
		described sdk.Description
		params    string
		want      time.Duration
	}{
		{with, `{}`, 5 * time.Minute},
		{with, `{"grace":"1h"}`, time.Hour},
		{with, `{"grace":"-1h"}`, 0},
		{with, `{"grace":7}`, 0},
		{with, `no JSON`, 0},
		{without, `{}`, 0},
		{sdk.Description{Input: with.Input}, `{"grace":"1h"}`, 0},
	} {
		if got := test.described.Grace(json.RawMessage(test.params)); got != test.want {
			t.Errorf("%s: got %s, want %s", test.params, got, test.want)
		}
	}
}

func TestACheckWaitsAsItsParameterSays(t *testing.T) {
	t.Parallel()
	within := func(format, otherwise string) *schema.Schema {
		property := &schema.Schema{Type: schema.TypeString, Format: format}
		if otherwise != "" {
			property.Default = otherwise
		}
		return &schema.Schema{Type: schema.TypeObject, Properties: []schema.Property{{Name: "within", Schema: property}}}
	}
	waits := sdk.Description{InPlan: true, Input: within(schema.FormatDuration, "5m")}
	for _, test := range []struct {
		described sdk.Description
		params    string
		want      time.Duration
	}{
		{waits, `{}`, 5 * time.Minute},
		{waits, `{"within":"0s"}`, 0},
		{waits, `{"within":"1h"}`, time.Hour},
		{sdk.Description{InPlan: true, Input: within(schema.FormatDuration, "")}, `{}`, 0},
		{sdk.Description{InPlan: true, Input: within("", "5m")}, `{}`, 0},
		{sdk.Description{Input: waits.Input}, `{}`, 0},
	} {
		if got := test.described.Waits(json.RawMessage(test.params)); got != test.want {
			t.Errorf("%s: got %s, want %s", test.params, got, test.want)
		}
	}
}
