package run

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func folderFor(t *testing.T) *journal.Run {
	t.Helper()
	folder, err := journal.NewStore(t.TempDir()).Create("run")
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// What a connection reaches at its first use is on the disk before it is used, and nothing
// else may be used in its place.
func TestNothingIsDoneToAnotherTarget(t *testing.T) {
	t.Parallel()
	d := idle(t)
	defer d.stop()
	d.folder = folderFor(t)
	prod, spare := &plan.Connection{Name: "prod", Plugin: "k"}, &plan.Connection{Name: "spare", Plugin: "k"}
	red, blue := sdk.Target{ID: "1", Title: "red"}, sdk.Target{ID: "2", Title: "blue"}
	full := errors.New("the disk is full")
	for _, saving := range []error{full, nil} {
		judged := make(chan error, 1)
		go func() { judged <- d.targets.judge(t.Context(), prod, red) }()
		told := <-d.arrived
		if diff := cmp.Diff(&event.Target{Connection: "prod", Plugin: "k", Target: red}, told.fact.Target); told.fact.Type != event.TargetReached || !told.urgent || diff != "" {
			t.Errorf("told: %+v\n%s", told, diff)
		}
		told.saved <- saving
		if err := <-judged; !errors.Is(err, saving) {
			t.Errorf("judged: %v, want %v", err, saving)
		}
	}
	same := sdk.Target{ID: "1", Title: "red, at another address"}
	if err := errors.Join(d.targets.judge(t.Context(), prod, same), d.targets.judge(t.Context(), spare, sdk.Target{})); err != nil {
		t.Errorf("the same, and one of which nobody can tell: %v", err)
	}
	for says, other := range map[string]sdk.Target{
		"it reaches blue now, where run run has reached red:":                             blue,
		"it reaches red with the id 3 now, where run run has reached red with the id 1:":  {ID: "3", Title: "red"},
		"it reaches what its plugin cannot name now, where run run has reached red: noth": {},
	} {
		err := d.targets.judge(t.Context(), prod, other)
		if typed := sdk.AsError(err); err == nil || typed.Class != sdk.Conflict || !typed.Unchanged || !strings.HasPrefix(typed.Message, says) {
			t.Errorf("judged: %+v, want %q", typed, says)
		}
	}
	if len(d.arrived) > 0 {
		t.Errorf("told beside: %+v", <-d.arrived)
	}
}

// What was never known of a connection needs nobody's word to be another.
func TestNewTargetIsOfAConnectionWhoseTargetIsKnown(t *testing.T) {
	t.Parallel()
	d := idle(t)
	defer d.stop()
	d.folder, d.plan = folderFor(t), &plan.Plan{Connections: []*plan.Connection{{Name: "here", Plugin: "k"}}}
	for over, want := range map[string]string{
		"here":  "run run: what its connection here reached is not known, so that it may reach another without --new-target",
		"there": "run run: it has no connection there",
	} {
		_, err := d.sameTargets(t.Context(), Resumption{NewTargets: []string{over}})
		if _, refused := errors.AsType[*RefusedError](err); !refused || err.Error() != want {
			t.Errorf("%s: %v, want %s", over, err, want)
		}
	}
}

// A journal has a second target of a connection where a person said that there may be one.
func TestTheLastTargetOfAJournalCounts(t *testing.T) {
	t.Parallel()
	d := idle(t)
	defer d.stop()
	for _, id := range []string{"1", "2"} {
		d.targets.know(event.Target{Plugin: "k", Target: sdk.Target{ID: id, Title: id}})
	}
	if was, known := d.targets.of(&plan.Connection{Plugin: "k"}); !known || was.ID != "2" {
		t.Errorf("it is known as %+v", was)
	}
	if d.targets.forget("other") || !d.targets.forget("k") || d.targets.forget("k") {
		t.Error("forgotten is not what was known")
	}
}

// An id that holds a secret is not written down, and tells one target from another all the
// same, in this process and the next.
func TestSecretsInIDsHideNoOtherTarget(t *testing.T) {
	t.Parallel()
	folder := folderFor(t)
	over := &plan.Connection{Name: "prod", Plugin: "k"}
	account := func(key string) sdk.Target { return sdk.Target{ID: "account " + key, Title: "account " + key} }
	knows := func() *driver {
		d := idle(t)
		d.folder = folder
		d.secrets.Learn(value.List(value.String("11112222").Secret(), value.String("33334444").Secret()))
		return d
	}
	d := knows()
	defer d.stop()
	judged := make(chan error, 1)
	go func() { judged <- d.targets.judge(t.Context(), over, account("11112222")) }()
	told := <-d.arrived
	told.saved <- nil
	if err := <-judged; err != nil {
		t.Fatal(err)
	}
	reached := *told.fact.Target
	if text := fmt.Sprintf("%+v", reached); strings.Contains(text, "1111") || len(reached.Seals) != 1 {
		t.Errorf("told: %s", text)
	}
	next := knows()
	defer next.stop()
	next.targets.know(reached)
	for _, d := range []*driver{d, next} {
		if err := d.targets.judge(t.Context(), over, account("11112222")); err != nil {
			t.Errorf("the same: %v", err)
		}
		err := d.targets.judge(t.Context(), over, account("33334444"))
		if err == nil || !strings.Contains(err.Error(), "it reaches another one now") || strings.Contains(err.Error(), "3333") {
			t.Errorf("another: %v", err)
		}
	}
}

// What a step tells as its secret may be a part of what is known already.
func TestASecretThatIsLearnedLaterMakesNoOtherTarget(t *testing.T) {
	t.Parallel()
	d := idle(t)
	defer d.stop()
	over, shop := &plan.Connection{Plugin: "k"}, sdk.Target{ID: "shop 47114711", Title: "shop"}
	d.targets.know(event.Target{Plugin: "k", Target: shop})
	d.secrets.Learn(value.String("47114711").Secret())
	d.folder = folderFor(t)
	if err := d.targets.judge(t.Context(), over, shop); err != nil {
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
		d := idle(t)
		defer d.stop()
		if same := d.targets.same(seen{Target: event.Target{Target: c.was}}, c.now); same != c.same {
			t.Errorf("%s: read again: %t", name, same)
		}
		if same := d.targets.same(seen{raw: names(c.was)}, c.now); same != c.same {
			t.Errorf("%s: in one process: %t", name, same)
		}
	}
}
