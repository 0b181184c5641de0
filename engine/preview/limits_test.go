package preview_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/patience"
	"github.com/gatebook/gatebook/engine/preview"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// A preview that does not end is cut off, and that is no fault of its step: also where the
// action does not listen, and where all together have no more time.
func TestAPreviewEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limit time.Duration
		deaf  bool
		want  string
		after time.Duration
	}{
		"by itself":              {time.Hour, false, "it had not ended after 30s", 30 * time.Second},
		"where it is not heard":  {time.Hour, true, "it had not ended after 30s; it did not end when it was asked to", 32 * time.Second},
		"with all of the others": {5 * time.Second, false, "all that a plan asks may take 5s, and took longer", 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				catalogue := scaling(t, func(ctx context.Context, _ sdk.Request) (sdk.Preview, error) {
					if c.deaf {
						<-release
					}
					<-ctx.Done()
					return sdk.Preview{}, ctx.Err()
				})
				made := planned(t, checktest.Load(t, catalogue, "test.yaml", checktest.Head+`steps: [{id: one, uses: scale, with: {name: web}}]`))
				began, told := time.Now(), ""
				ctx, cancel := patience.Limited(t.Context(), c.limit, c.limit)
				defer cancel()
				previewed, found := preview.Of(ctx, made, preview.Options{Asking: func(asked []string) { told += fmt.Sprint(asked) }})
				one, _ := previewed.Step("one")
				if !one.PreviewCut || one.PreviewError != c.want || len(found) > 0 {
					t.Errorf("cut: %t, error %q, found %v, want %q", one.PreviewCut, one.PreviewError, found, c.want)
				}
				if took := time.Since(began); took != c.after {
					t.Errorf("it took %s, want %s", took, c.after)
				}
				if told != "[scale for one][]" {
					t.Errorf("told %s", told)
				}
				close(release)
			})
		})
	}
}

// What takes a step back and what is observed for it is asked for what it looks at, and can
// fail nothing; of a list that begins with what is known the beginning is told.
func TestWhatIsAroundAStepIsAskedToo(t *testing.T) {
	t.Parallel()
	catalogue := scaling(t, func(_ context.Context, request sdk.Request) (sdk.Preview, error) {
		var in scaleInput
		if err := json.Unmarshal(request.Params, &in); err != nil {
			return sdk.Preview{}, err
		}
		if in.Name == "broken" {
			return sdk.Preview{}, sdk.FieldErrorf("name", "it is broken")
		}
		return sdk.Preview{Observed: []sdk.Seen{{Kind: "name", Name: in.Name, Version: fmt.Sprintf("later %t, list %s", request.Later, request.Begins["list"])}}}, nil
	})
	made := planned(t, checktest.Load(t, catalogue, "test.yaml", checktest.Head+`steps:
- {id: one, uses: scale, with: {name: web}, rollback: {uses: scale, with: {name: back}}}
- {id: two, uses: scale, with: {name: web, list: [a, b, "${{ steps.one.status }}"]}, rollback: {uses: scale, with: {name: broken}}}
`))
	previewed, found := preview.Of(t.Context(), made, preview.Options{AtOnce: 2})
	if len(found) > 0 {
		t.Error(found)
	}
	one, _ := previewed.Step("one")
	if back := one.Rollback.Use.Preview; back == nil || back.Observed[0] != (sdk.Seen{Kind: "name", Name: "back", Version: "later true, list "}) {
		t.Errorf("what takes one back: %+v", back)
	}
	two, _ := previewed.Step("two")
	if got := two.Preview.Observed[0].Version; got != `later false, list ["a","b"]` {
		t.Errorf("two was asked with %s", got)
	}
	if two.Rollback.Use.Preview != nil || two.PreviewError != "" {
		t.Errorf("what takes two back: %+v, %q", two.Rollback.Use, two.PreviewError)
	}
	if was, _ := made.Step("one"); was.Rollback.Use.Preview != nil {
		t.Error("the plan itself has changed")
	}
}
