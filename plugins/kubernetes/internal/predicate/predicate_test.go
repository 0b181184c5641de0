package predicate_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/predicate"
)

func deployment() map[string]any {
	return map[string]any{
		"metadata": map[string]any{"name": "web", "generation": int64(3)},
		"spec":     map[string]any{"replicas": int64(3)},
		"status": map[string]any{"readyReplicas": int64(3), "conditions": []any{
			map[string]any{"type": "Available", "status": "True"},
		}},
	}
}

func TestHolds(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		holds bool
		says  string // what is in the way of an answer
	}{
		`object.status.readyReplicas == object.spec.replicas`:                              {true, ""},
		`object.status.readyReplicas >= 2.5`:                                               {true, ""},
		`object.status.conditions.exists(c, c.type == "Available" && c.status == "False")`: {false, ""},
		`object.?status.?phase.orValue("") == "Bound"`:                                     {false, ""},
		`object.metadata.name.startsWith("we")`:                                            {true, ""},
		`object.status.phase == "Bound"`:                                                   {false, "no such key: phase"},
		`object.spec.replicas`:                                                             {false, "is int"},
	}
	for text, c := range cases {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			made, err := predicate.Compile(text)
			if err != nil {
				t.Fatal(err)
			}
			holds, err := made.Holds(t.Context(), deployment())
			if holds != c.holds || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %t, %v", holds, err)
			}
		})
	}
}

func TestWrongExpressionsAreKnownBefore(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		`object.status.phase ==`:                    "at 1:23, Syntax error",
		`obj.status.phase == "x"`:                   "at 1:1, undeclared reference to 'obj'",
		`1 + 1`:                                     "is int, and must be true or false",
		`object.name.matches("(")`:                  "invalid matches argument",
		strings.Repeat("!", 20000) + "object.ready": "size exceeds limit",
	} {
		if _, err := predicate.Compile(text); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.40s: got %v, want %q on one line", text, err, says)
		}
	}
}

func TestWorkIsBounded(t *testing.T) {
	t.Parallel()
	made, err := predicate.Compile(`object.list.all(a, object.list.all(b, object.list.all(c, a + b + c >= 0)))`)
	if err != nil {
		t.Fatal(err)
	}
	list := make([]any, 300)
	for i := range list {
		list[i] = int64(i)
	}
	if _, err := made.Holds(t.Context(), map[string]any{"list": list}); !errors.Is(err, predicate.ErrTooMuchWork) {
		t.Errorf("got %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := made.Holds(ended, map[string]any{"list": list}); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context ended, got %v", err)
	}
}
