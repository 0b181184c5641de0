package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// server answers with a status, or not at all.
type server int

func (s server) RoundTrip(*http.Request) (*http.Response, error) {
	if s == 0 {
		return nil, errors.New("connection reset")
	}
	return &http.Response{StatusCode: int(s), Body: http.NoBody}, nil
}

// making is an action that has something made, and then finds fault with a parameter.
func making(says server, url string, unchanged bool) sdk.Declaration {
	return sdk.Action[struct{}, struct{}]{
		Name: "make", Summary: "Make a thing", Description: "It makes a thing.", Effect: sdk.Change, Idempotent: true,
		Apply: func(ctx context.Context, _ *sdk.Call[struct{}]) (struct{}, error) {
			asked, err := http.NewRequestWithContext(ctx, http.MethodPost, url, http.NoBody)
			if err != nil {
				return struct{}{}, err
			}
			if answer, err := request.Noting(says).RoundTrip(asked); err == nil {
				answer.Body.Close()
			}
			fault := sdk.Errorf(sdk.Permanent, "it is no good after all")
			if unchanged {
				fault = fault.NothingChanged()
			}
			return struct{}{}, fault
		},
	}
}

// An action may find out after a change that it was asked for what cannot be. To say that
// nothing was changed would keep the step from being taken back, and not to say it where it
// is so would have it taken back for nothing.
func TestAnActionSaysThatNothingWasChangedWhereItIsSo(t *testing.T) {
	t.Parallel()
	const maps = "https://cluster/api/v1/namespaces/shop/configmaps"
	for name, test := range map[string]struct {
		says           server
		url            string
		before         string // saved by an earlier attempt
		believes, want bool
	}{
		"a change":                          {201, maps, "", true, false},
		"a lost answer":                     {0, maps, "", true, false},
		"a dry run":                         {201, maps + "?dryRun=All", "", false, true},
		"a refusal":                         {403, maps, "", false, true},
		"a refusal after an earlier change": {403, maps, "{}", false, false},
		"a program that may have run":       {101, maps + "/exec", "", false, false},
	} {
		handler, err := cluster.Truthful([]sdk.Declaration{making(test.says, test.url, test.believes)})[0].Handler()
		if err != nil {
			t.Fatal(err)
		}
		_, err = handler.Apply(t.Context(), sdk.Request{Params: json.RawMessage("{}"), Attempt: 1, Before: json.RawMessage(test.before)}, &sdktest.Host{})
		if said := sdk.AsError(err); err == nil || said.Unchanged != test.want {
			t.Errorf("%s: got %v, which says that nothing was changed: %t", name, err, said.Unchanged)
		}
	}
}
