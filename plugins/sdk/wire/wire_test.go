package wire_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/wire"
	"github.com/gatebook/gatebook/schema"
)

// crossed sends a message through its bytes, as a connection does.
func crossed[M proto.Message](t *rapid.T, message M) M {
	text, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	read := message.ProtoReflect().New().Interface().(M)
	if err := proto.Unmarshal(text, read); err != nil {
		t.Fatal(err)
	}
	return read
}

func document(t *rapid.T, name string) json.RawMessage {
	return json.RawMessage(rapid.SampledFrom([]string{``, `{}`, `{"a":9007199254740993}`, `{"b":["é",null,1.5]}`}).Draw(t, name))
}

func words(t *rapid.T, name string) []string {
	list := rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, name)
	if len(list) == 0 {
		return nil // as the wire has it
	}
	return list
}

func duration(t *rapid.T, name string) time.Duration {
	return time.Duration(rapid.Int64Range(0, 1<<50).Draw(t, name))
}

// TestWhatCrossesArrivesAsItWas: everything that the sdk can say comes out of the
// other end as it went in.
func TestWhatCrossesArrivesAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		request := sdk.Request{
			Params: document(t, "params"), Unknown: words(t, "unknown"), Key: rapid.String().Draw(t, "key"), Run: rapid.String().Draw(t, "run"),
			Attempt: rapid.IntRange(0, 1000).Draw(t, "attempt"), Undo: rapid.Bool().Draw(t, "undo"),
			Before: document(t, "before"), Outputs: document(t, "outputs"), InPlan: rapid.Bool().Draw(t, "in plan"),
		}
		if rapid.Bool().Draw(t, "noted") {
			request.Notes = map[string]json.RawMessage{"pid": json.RawMessage(`{"pid":1}`)}
		}
		for range rapid.IntRange(0, 2).Draw(t, "seen") {
			request.Seen = append(request.Seen, sdk.Seen{Kind: "Service", Name: "web", Version: rapid.String().Draw(t, "version"), ID: rapid.String().Draw(t, "id")})
		}
		timeout := duration(t, "timeout")
		call := crossed(t, wire.FromRequest("drain", request, timeout))
		same(t, "request", request, wire.ToRequest(call))
		if call.GetAction() != "drain" || call.GetTimeout().AsDuration() != timeout {
			t.Errorf("got %v", call)
		}

		preview := sdk.Preview{
			Summary: rapid.String().Draw(t, "summary"), Warnings: words(t, "warnings"), Blockers: words(t, "blockers"), Estimate: duration(t, "estimate"),
			Changes:  []sdk.Delta{{Target: "Deployment shop/web", Kind: "Deployment", Op: "update", Diff: rapid.String().Draw(t, "diff")}},
			Observed: []sdk.Seen{{Kind: "Deployment", Name: "shop/web", Version: rapid.String().Draw(t, "version"), ID: rapid.String().Draw(t, "id")}},
			Cost:     sdk.Cost{"usd": rapid.Float64Range(0, 1e6).Draw(t, "usd"), "api_calls": 3},
		}
		same(t, "preview", preview, wire.ToPreview(crossed(t, wire.FromPreview(preview))))

		target := sdk.Target{ID: "kube-system:" + rapid.String().Draw(t, "id"), Title: "at " + rapid.String().Draw(t, "title")}
		same(t, "target", target, wire.ToTarget(crossed(t, wire.FromTarget(target))))

		state := rapid.SampledFrom([]sdk.State{sdk.Done, sdk.NotDone, sdk.Untouched, sdk.CannotTell}).Draw(t, "state")
		seen := sdk.Observation{State: state, Outputs: document(t, "outputs"), Detail: rapid.String().Draw(t, "detail")}
		same(t, "observation", seen, wire.ToObservation(crossed(t, wire.FromObservation(seen))))

		answer := sdk.Answer{
			Approved: rapid.Bool().Draw(t, "approved"), By: rapid.String().Draw(t, "by"), At: time.Unix(1_700_000_000, 5).UTC(),
			Comment: rapid.String().Draw(t, "comment"), Fields: document(t, "fields"),
			Earlier: []sdk.Voice{{By: rapid.String().Draw(t, "earlier"), At: time.Unix(1_700_000_001, 7).UTC(), Comment: "ok"}},
		}
		same(t, "answer", answer, wire.ToAnswer(crossed(t, wire.FromAnswer(call, answer))))
	})
}

func same[T any](t *rapid.T, what string, want, got T) {
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b json.RawMessage) bool { return string(a) == string(b) })); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", what, diff)
	}
}

func TestErrorsCross(t *testing.T) {
	t.Parallel()
	for _, class := range []sdk.Class{sdk.Transient, sdk.Permanent, sdk.Conflict, sdk.Denied, sdk.Timeout, sdk.Cancelled} {
		want := sdk.Errorf(class, "the node is gone")
		want.Field, want.Unchanged = "nodes[2].name", true
		got := sdk.AsError(wire.ToError(wire.FromError(want)))
		if got.Class != class || got.Field != want.Field || got.Message != want.Message || !got.Unchanged {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if err := wire.ToError(wire.FromError(sdk.ErrUnsupported)); !errors.Is(err, sdk.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
	if err := wire.ToError(wire.FromError(nil)); err != nil {
		t.Errorf("got %v", err)
	}
}

// TestWhatIsNewerIsReadWithCare: a number that this side does not know is taken for
// the worst that it may mean.
func TestWhatIsNewerIsReadWithCare(t *testing.T) {
	t.Parallel()
	object := []byte(`{"type":"object"}`)
	d, err := wire.ToDescription(&pluginv1.DescribeResponse{
		Connection: object, Actions: []*pluginv1.Action{{Name: "go", Effect: 99, Input: object, Output: object}},
	})
	if err != nil || d.Actions[0].Effect != sdk.Destroy {
		t.Errorf("got %+v, %v", d, err)
	}
	if got := wire.ToObservation(&pluginv1.Observation{Done: 99}); got.State != sdk.CannotTell {
		t.Errorf("got %q", got.State)
	}
	if got := sdk.AsError(wire.ToError(&pluginv1.Error{Class: 99})); got.Class != sdk.Permanent {
		t.Errorf("got %q", got.Class)
	}
}

func TestDescriptionsCross(t *testing.T) {
	t.Parallel()
	type input struct {
		Node  string          `json:"node" required:"true" pattern:"^[a-z]+$" doc:"Node to drain."`
		Grace schema.Duration `json:"grace" default:"30s" doc:"How long a pod has."`
		Token string          `json:"token" secret:"true" doc:"What lets one in."`
	}
	type output struct {
		Evicted int `json:"evicted" required:"true" unit:"pods" doc:"How many were moved."`
	}
	want := sdk.PluginDescription{
		Name: "shop", Version: "1.2.0", Summary: "A shop", Description: "Sells.", Connection: schema.For[input](),
		Rules: []schema.Rule{{Expr: "has(self.token)", Message: "A token."}},
		Actions: []sdk.Description{{
			Name: "drain", Summary: "Drain", Description: "Drains.", Effect: sdk.Change, Input: schema.For[input](), Output: schema.For[output](),
			Rules:      []schema.Rule{{Expr: "self.node != ''", Message: "No."}},
			Examples:   []schema.Example{{Title: "One", With: map[string]any{"node": "a"}}},
			Idempotent: true, CanPlan: true, CanObserve: true, CanUndo: true, NothingToUndo: "gone is gone", GraceParam: "grace",
		}},
	}
	message, err := wire.FromDescription(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := wire.ToDescription(message)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	message.Actions[0].Input = []byte(`{"type":`)
	if _, err := wire.ToDescription(message); err == nil {
		t.Error("a schema that is none was accepted")
	}
}

func TestQuestionsCross(t *testing.T) {
	t.Parallel()
	for _, want := range []sdk.Question{
		{Message: "Go?"},
		{Message: "Seen?", From: []string{"leads"}, Quorum: 2, Attachments: 1},
		{Message: "Who?", Expires: time.Hour, Fields: &schema.Schema{Type: schema.TypeObject, Closed: true}},
	} {
		message, err := wire.FromQuestion(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := wire.ToQuestion(message)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

// FuzzDescribe: a plugin may describe itself by any bytes.
func FuzzDescribe(f *testing.F) {
	f.Add([]byte(`{"type":"object"}`))
	f.Fuzz(func(_ *testing.T, text []byte) {
		_, _ = wire.ToDescription(&pluginv1.DescribeResponse{
			Connection: text, Actions: []*pluginv1.Action{{Input: text, Output: text, Examples: []*pluginv1.Example{{With: text}}}},
		})
	})
}

// Who is asked whether to begin must read what is reached.
func TestATargetWithoutATitleIsCalledByItsID(t *testing.T) {
	t.Parallel()
	if got := wire.ToTarget(&pluginv1.Target{Id: "4711"}); got.Title != "4711" {
		t.Errorf("got %+v", got)
	}
	if got := wire.ToTarget(nil); got.ID != "" || got.Title != "" {
		t.Errorf("got %+v", got)
	}
}
