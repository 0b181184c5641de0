package steps

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestApprove(t *testing.T) {
	t.Parallel()
	action := approve(Options{})
	handler := handlerOf(t, action)
	asked := request(t, action, params{"message": "Go on?", "expires": "2h", "from": []any{"leads"}, "quorum": 2})
	question, err := handler.Ask(t.Context(), asked)
	if want := (sdk.Question{Message: "Go on?", Expires: 2 * time.Hour, From: []string{"leads"}, Quorum: 2}); err != nil || !reflect.DeepEqual(question, want) {
		t.Errorf("question %+v, %v", question, err)
	}
	at := time.Date(2026, 3, 1, 22, 0, 0, 0, time.UTC)
	raw, err := handler.Answer(t.Context(), asked, sdk.Answer{Approved: true, By: "ann", At: at, Comment: "seen it", Earlier: []sdk.Voice{{By: "bob", At: at}}})
	if err != nil {
		t.Fatal(err)
	}
	var got ApproveOutput
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	voices := []sdk.Voice{{By: "bob", At: at}, {By: "ann", At: at, Comment: "seen it"}}
	if want := (ApproveOutput{true, voices, Answered{"ann", at, "seen it"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("outputs %+v", got)
	}
	_, err = handler.Answer(t.Context(), asked, sdk.Answer{By: "bob", Comment: "not today"})
	failure{sdk.Denied, "", "refused by bob: not today"}.check(t, err)
}

// A question that nobody could answer in time is none; 0s would else stand for ever.
func TestQuestionsLeaveTimeToAnswer(t *testing.T) {
	t.Parallel()
	for _, expires := range []string{"0s", "-1h"} {
		asked := request(t, approve(Options{}), params{"message": "Go on?", "expires": expires})
		_, err := handlerOf(t, approve(Options{})).Ask(t.Context(), asked)
		failure{sdk.Permanent, "expires", "leaves nobody time to answer"}.check(t, err)
		asked = request(t, manual(Options{}), params{"instructions": "Look.", "expires": expires})
		_, err = handlerOf(t, manual(Options{})).Ask(t.Context(), asked)
		failure{sdk.Permanent, "expires", "leaves nobody time to answer"}.check(t, err)
	}
}
