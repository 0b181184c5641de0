package steps

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestApprove(t *testing.T) {
	t.Parallel()
	action := approve(Options{})
	handler := handlerOf(t, action)
	asked := request(t, action, params{"message": "Go on?", "expires": "2h"})
	question, err := handler.Ask(t.Context(), asked)
	if want := (sdk.Question{Message: "Go on?", Expires: 2 * time.Hour}); err != nil || question != want {
		t.Errorf("question %+v, %v", question, err)
	}
	at := time.Date(2026, 3, 1, 22, 0, 0, 0, time.UTC)
	raw, err := handler.Answer(t.Context(), asked, sdk.Answer{Approved: true, By: "ann", At: at, Comment: "seen it"})
	if err != nil {
		t.Fatal(err)
	}
	var got ApproveOutput
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if want := (ApproveOutput{true, Answered{"ann", at, "seen it"}}); got != want {
		t.Errorf("outputs %+v", got)
	}
	_, err = handler.Answer(t.Context(), asked, sdk.Answer{By: "bob", Comment: "not today"})
	failure{sdk.Denied, "", "refused by bob: not today"}.check(t, err)
}
