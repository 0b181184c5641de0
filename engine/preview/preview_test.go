package preview_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/preview"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

type scaleInput struct {
	Name  string         `json:"name" required:"true" doc:"What to scale."`
	To    int            `json:"to" doc:"How far."`
	Parts map[string]any `json:"parts" doc:"What else."`
	List  []string       `json:"list" doc:"Where."`
}

// scaling is a catalogue with an action that can foresee what it would do.
func scaling(t *testing.T, foresee func(ctx context.Context, request sdk.Request) (sdk.Preview, error)) *catalog.Catalog {
	t.Helper()
	scale, err := sdk.Action[scaleInput, struct {
		Was int `json:"was" doc:"How far it was."`
	}]{
		Name: "scale", Summary: "Scale", Description: "It scales.", Effect: sdk.Change, NothingToUndo: "it is small",
		Apply: func(context.Context, *sdk.Call[scaleInput]) (out struct {
			Was int `json:"was" doc:"How far it was."`
		}, err error,
		) {
			return out, nil
		},
		Plan: func(ctx context.Context, call *sdk.Call[scaleInput]) (sdk.Preview, error) {
			return foresee(ctx, call.Request)
		},
	}.Handler()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := catalog.New(scale)
	if err != nil {
		t.Fatal(err)
	}
	return catalogue
}

// planned plans a runbook that has no inputs.
func planned(t *testing.T, checked *check.Runbook) *plan.Plan {
	t.Helper()
	made, _, err := plan.Make(checked, plan.Options{Inputs: value.Object()})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

const previewRunbook = checktest.Head + `steps:
- {id: one, uses: scale, with: {name: web}}
- id: two
  uses: scale
  with:
    name: web
    to: ${{ steps.one.outputs.was }}
    parts: {a: "${{ steps.one.outputs.was }}", b: 1}
    list: [x, "${{ steps.one.status }}"]
- {id: three, uses: scale, with: {name: db}, when: 1 > 2}
- {id: four, uses: scale, with: {name: broken}}
`

func TestPreviewAsksWithWhatIsKnown(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	catalogue := scaling(t, func(_ context.Context, request sdk.Request) (sdk.Preview, error) {
		asked.Add(1)
		var given map[string]any
		if err := json.Unmarshal(request.Params, &given); err != nil {
			return sdk.Preview{}, err
		}
		if given["name"] == "broken" {
			return sdk.Preview{}, sdk.FieldErrorf("name", "it is broken")
		}
		return sdk.Preview{Summary: string(request.Params), Warnings: request.Unknown}, nil
	})
	made := planned(t, checktest.Load(t, catalogue, "test.yaml", previewRunbook))
	previewed, found := preview.Of(t.Context(), made, preview.Options{AtOnce: 2})
	if asked.Load() != 3 {
		t.Errorf("%d actions were asked, want 3: not that of the step that is skipped", asked.Load())
	}
	two, _ := previewed.Step("two")
	if want := `{"name":"web","parts":{"b":1}}`; two.Preview == nil || two.Preview.Summary != want {
		t.Errorf("two was asked with %+v, want %s", two.Preview, want)
	}
	if want := []string{"list", "parts.a", "to"}; !slices.Equal(two.Preview.Warnings, want) {
		t.Errorf("unknown were %v, want %v", two.Preview.Warnings, want)
	}
	four, _ := previewed.Step("four")
	if four.Preview != nil || four.PreviewError != "name: it is broken" {
		t.Errorf("four has the preview %v and the error %q", four.Preview, four.PreviewError)
	}
	if len(found) != 1 || found[0].Rule != diag.ParameterRefused || found[0].Range.Text() != "broken" ||
		found[0].Detail != "The action scale says: name: it is broken." {
		t.Errorf("found %v, want that the name of four is refused, at its place", found)
	}
	if one, _ := made.Step("one"); one.Preview != nil {
		t.Error("the plan itself has changed")
	}
	if again, err := plan.New(*previewed); err != nil || again.Digest != made.Digest {
		t.Errorf("the digest depends on the previews: %v", err)
	}
}

// What one step makes of a secret is masked in what each other's action says, whichever of
// them is asked first: what was observed is part of what people approve.
func TestPreviewMasksWhatAnyStepMakesOfASecret(t *testing.T) {
	t.Parallel()
	catalogue := scaling(t, func(context.Context, sdk.Request) (sdk.Preview, error) {
		return sdk.Preview{Summary: "HUSH-HUSH-1 is there", Observed: []sdk.Seen{{Kind: "file", Name: "data-HUSH-HUSH-1", Version: "1"}}}, nil
	})
	checked := checktest.Load(t, catalogue, "test.yaml", checktest.Head+`inputs: {token: {type: string, secret: true}}
steps:
- {id: first, uses: scale, needs: [], with: {name: web}}
- {id: last, uses: scale, needs: [], with: {name: web, parts: {x: "${{ upper(inputs.token) }}"}}}
`)
	inputs := value.Object(value.Member{Name: "token", Value: value.String("hush-hush-1").Secret()})
	made, found, err := plan.Make(checked, plan.Options{Inputs: inputs})
	if err != nil {
		t.Fatal(err, found)
	}
	previewed, _ := preview.Of(t.Context(), made, preview.Options{AtOnce: 1})
	first, _ := previewed.Step("first")
	if first.Preview == nil {
		t.Fatal(first.PreviewError)
	}
	if want := "data-" + value.Mask; first.Preview.Observed[0].Name != want || first.Preview.Summary != value.Mask+" is there" {
		t.Errorf("the first says %+v, want the name %s", first.Preview, want)
	}
}

func TestPreviewEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	catalogue := scaling(t, func(context.Context, sdk.Request) (sdk.Preview, error) {
		t.Error("an action was asked")
		return sdk.Preview{}, nil
	})
	previewed, _ := preview.Of(ctx, planned(t, checktest.Load(t, catalogue, "test.yaml", previewRunbook)), preview.Options{AtOnce: 1})
	if one, _ := previewed.Step("one"); one.PreviewError != context.Canceled.Error() {
		t.Errorf("the error is %q, want that of the context", one.PreviewError)
	}
}

// A unit is a word of the action's, which may quote what it was given; a cost that is none is
// its fault, and never counted.
func TestPreviewOfWhatItCosts(t *testing.T) {
	t.Parallel()
	const secret = "hush_hush_1"
	catalogue := scaling(t, func(_ context.Context, request sdk.Request) (sdk.Preview, error) {
		if strings.Contains(string(request.Params), "broken") {
			return sdk.Preview{Cost: sdk.Cost{"usd": -1}}, nil
		}
		return sdk.Preview{Summary: "would scale", Cost: sdk.Cost{"usd": 2, secret: 1}}, nil
	})
	checked := checktest.Load(t, catalogue, "test.yaml", checktest.Head+`inputs: {token: {type: string, secret: true}}
steps:
- {id: one, uses: scale, with: {name: "${{ inputs.token }}"}}
- {id: two, uses: scale, with: {name: broken}}
`)
	made, found, err := plan.Make(checked, plan.Options{Inputs: value.Object(value.Member{Name: "token", Value: value.String(secret).Secret()})})
	if err != nil || found.HasErrors() {
		t.Fatal(err, found)
	}
	previewed, _ := preview.Of(t.Context(), made, preview.Options{AtOnce: 1})
	one, _ := previewed.Step("one")
	if diff := cmp.Diff(sdk.Cost{"usd": 2, value.Mask: 1}, one.Preview.Cost); diff != "" {
		t.Error(diff)
	}
	two, _ := previewed.Step("two")
	if two.Preview != nil || !strings.Contains(two.PreviewError, "-1 usd") {
		t.Errorf("got %+v and %q", two.Preview, two.PreviewError)
	}
}
