package target

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// known is what is known of a run that has these secrets, and what was kept of it.
func known(run string, secrets ...string) (k *Known, kept *[]event.Target) {
	masker := value.NewMasker()
	for _, secret := range secrets {
		masker.Learn(value.String(secret).Secret())
	}
	kept = new([]event.Target)
	return Of(run, masker.Text, func(reached event.Target) error {
		*kept = append(*kept, reached)
		return nil
	}), kept
}

// What a connection has reached may be used again, and nothing else in its place.
func TestNothingIsDoneToAnotherTarget(t *testing.T) {
	t.Parallel()
	k, kept := known("run")
	prod, spare := &plan.Connection{Name: "prod", Plugin: "k"}, &plan.Connection{Name: "spare", Plugin: "k"}
	red, blue := sdk.Target{ID: "1", Title: "red"}, sdk.Target{ID: "2", Title: "blue"}
	if err := k.Judge(prod, red); err != nil || len(*kept) != 1 {
		t.Fatalf("at its first use it is judged %v, and %d are kept", err, len(*kept))
	}
	same := sdk.Target{ID: "1", Title: "red, at another address"}
	if err := errors.Join(k.Judge(prod, same), k.Judge(spare, sdk.Target{})); err != nil {
		t.Errorf("the same, and one of which nobody can tell: %v", err)
	}
	for says, other := range map[string]sdk.Target{
		"it reaches blue now, where run run has reached red:":                             blue,
		"it reaches red with the id 3 now, where run run has reached red with the id 1:":  {ID: "3", Title: "red"},
		"it reaches what its plugin cannot name now, where run run has reached red: noth": {},
	} {
		err := k.Judge(prod, other)
		if typed := sdk.AsError(err); err == nil || typed.Class != sdk.Conflict || !typed.Unchanged || !strings.HasPrefix(typed.Message, says) {
			t.Errorf("judged: %+v, want %q", typed, says)
		}
	}
	if len(*kept) != 1 {
		t.Errorf("kept beside: %+v", (*kept)[1:])
	}
}

// A journal has a second target of a connection where a person said that there may be one.
func TestTheLastTargetOfAJournalCounts(t *testing.T) {
	t.Parallel()
	k, _ := known("run")
	for _, id := range []string{"1", "2"} {
		k.Learn(event.Target{Plugin: "k", Target: sdk.Target{ID: id, Title: id}})
	}
	if was, is := k.of(&plan.Connection{Plugin: "k"}); !is || was.ID != "2" {
		t.Errorf("it is known as %+v", was)
	}
	if k.Forget("other") || !k.Forget("k") || k.Forget("k") {
		t.Error("forgotten is not what was known")
	}
}

// An id that holds a secret is not written down, and tells one target from another all the
// same, in this process and the next.
func TestSecretsInIDsHideNoOtherTarget(t *testing.T) {
	t.Parallel()
	over := &plan.Connection{Name: "prod", Plugin: "k"}
	account := func(key string) sdk.Target { return sdk.Target{ID: "account " + key, Title: "account " + key} }
	first, kept := known("run", "11112222", "33334444")
	if err := first.Judge(over, account("11112222")); err != nil {
		t.Fatal(err)
	}
	reached := (*kept)[0]
	if text := fmt.Sprintf("%+v", reached); strings.Contains(text, "1111") || len(reached.Seals) != 1 {
		t.Errorf("kept: %s", text)
	}
	next, _ := known("run", "11112222", "33334444")
	next.Learn(reached)
	for _, k := range []*Known{first, next} {
		if err := k.Judge(over, account("11112222")); err != nil {
			t.Errorf("the same: %v", err)
		}
		err := k.Judge(over, account("33334444"))
		if err == nil || !strings.Contains(err.Error(), "it reaches another one now") || strings.Contains(err.Error(), "3333") {
			t.Errorf("another: %v", err)
		}
	}
}

// What a step tells as its secret may be a part of what is known already.
func TestASecretThatIsLearnedLaterMakesNoOtherTarget(t *testing.T) {
	t.Parallel()
	k, _ := known("run", "47114711")
	over, shop := &plan.Connection{Plugin: "k"}, sdk.Target{ID: "shop 47114711", Title: "shop"}
	k.Learn(event.Target{Plugin: "k", Target: shop})
	if err := k.Judge(over, shop); err != nil {
		t.Error(err)
	}
}

// Who may not see the surest name of a target knows it by another.
func TestATargetIsKnownByTheSurestNameThatBothHave(t *testing.T) {
	t.Parallel()
	narrow, wide := sdk.Target{ID: "address:1", Title: "c"}, sdk.Target{ID: "uid:1", Also: []string{"address:1"}, Title: "c"}
	for name, c := range map[string]struct {
		was, now sdk.Target
		same     bool
	}{
		"seen with more rights":         {narrow, wide, true},
		"seen with fewer rights":        {wide, narrow, true},
		"at another address":            {wide, sdk.Target{ID: "uid:1", Also: []string{"address:2"}}, true},
		"another at the same address":   {wide, sdk.Target{ID: "uid:2", Also: []string{"address:1"}}, false},
		"another, seen with less":       {wide, sdk.Target{ID: "address:2"}, false},
		"nothing that both have":        {narrow, sdk.Target{ID: "uid:1"}, false},
		"nothing at all":                {narrow, sdk.Target{}, false},
		"a name that says of no kind":   {sdk.Target{ID: "red"}, sdk.Target{ID: "red"}, true},
		"another of which none says so": {sdk.Target{ID: "red"}, sdk.Target{ID: "blue"}, false},
	} {
		k, _ := known("run")
		if same := k.same(seen{Target: event.Target{Target: c.was}}, c.now); same != c.same {
			t.Errorf("%s: read again: %t", name, same)
		}
		if same := k.same(seen{raw: c.was.Names()}, c.now); same != c.same {
			t.Errorf("%s: in one process: %t", name, same)
		}
	}
}
