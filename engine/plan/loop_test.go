package plan_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// loopOf plans a loop over so many items, with a batch as a runbook says it.
func loopOf(t interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}, checked func(text string) *plan.Plan, items int, batch string,
) *plan.Loop {
	t.Helper()
	keys := make([]string, items)
	for i := range keys {
		keys[i] = "x" + strings.Repeat("i", i)
	}
	made := checked(checktest.Head + `steps:
- id: a
  uses: http.check
  foreach: [` + strings.Join(keys, ", ") + `]
  batch: ` + batch + `
  with: {url: "http://localhost/${{ each.value }}"}
`)
	return made.Steps[0].Loop
}

// TestBatchesAreRoundedDown: 25% of 3 is nobody, of which a batch makes one.
func TestBatchesAreRoundedDown(t *testing.T) {
	t.Parallel()
	catalogue := checktest.Builtin(t)
	planned := func(text string) *plan.Plan { return mustPlan(t, checktest.Load(t, catalogue, "test.yaml", text), "") }
	for _, c := range []struct {
		items int
		batch string
		want  []int
	}{
		{0, "{sizes: [1]}", nil},
		{3, "{}", []int{1, 1, 1}},
		{3, "{maxParallel: 2}", []int{3}},
		{3, "{sizes: [25%]}", []int{1, 1, 1}},
		{3, "{sizes: [50%]}", []int{1, 1, 1}},
		{3, "{sizes: [99%]}", []int{2, 1}},
		{10, "{sizes: [1, 10%, 50%, 100%]}", []int{1, 1, 5, 3}},
		{40, "{sizes: [1, 10%, 50%, 100%]}", []int{1, 4, 20, 15}},
		{7, "{sizes: [2]}", []int{2, 2, 2, 1}},
		{7, "{sizes: [1, 3]}", []int{1, 3, 3}},
		{7, "{sizes: [100]}", []int{7}},
	} {
		if got := loopOf(t, planned, c.items, c.batch).BatchesOf(c.items); !slices.Equal(got, c.want) {
			t.Errorf("%s of %d: %v, want %v", c.batch, c.items, got, c.want)
		}
	}
}

// TestTheBudgetIsRoundedDown: 25% of 3 is no failure at all.
func TestTheBudgetIsRoundedDown(t *testing.T) {
	t.Parallel()
	catalogue := checktest.Builtin(t)
	planned := func(text string) *plan.Plan { return mustPlan(t, checktest.Load(t, catalogue, "test.yaml", text), "") }
	for _, c := range []struct {
		budget                          string
		failed, all, failedOfOne, batch int
		spent                           bool
	}{
		{"0", 0, 3, 0, 1, false},
		{"0", 1, 3, 1, 1, true},
		{"25%", 1, 3, 1, 1, true},
		{"25%", 1, 4, 1, 1, false},
		{"25%", 2, 7, 1, 1, true},
		{"2", 2, 3, 2, 2, false},
		{"{total: 2, batch: 1}", 2, 9, 1, 3, false},
		{"{total: 2, batch: 1}", 2, 9, 2, 3, true},
		{"{total: 100%, batch: 50%}", 2, 9, 2, 3, true},
		{"{total: 100%, batch: 50%}", 2, 9, 1, 3, false},
	} {
		l := loopOf(t, planned, 3, "{maxFailures: "+c.budget+"}")
		if got := l.Spent(c.failed, c.all, c.failedOfOne, c.batch); got != c.spent {
			t.Errorf("%s with %d of %d, %d of %d in the batch: %t, want %t", c.budget, c.failed, c.all, c.failedOfOne, c.batch, got, c.spent)
		}
	}
}

// TestBatchesAreAllThereIs: whatever the sizes, each instance is in one batch, and no batch
// is empty.
func TestBatchesAreAllThereIs(t *testing.T) {
	t.Parallel()
	catalogue := checktest.Builtin(t)
	rapid.Check(t, func(r *rapid.T) {
		planned := func(text string) *plan.Plan { return mustPlan(t, checktest.Load(t, catalogue, "test.yaml", text), "") }
		sizes := rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2", "7", "1%", "25%", "50%", "100%"}), 1, 4).Draw(r, "sizes")
		items := rapid.IntRange(0, 30).Draw(r, "items")
		sum := 0
		for _, size := range loopOf(r, planned, items, "{sizes: ["+strings.Join(sizes, ", ")+"]}").BatchesOf(items) {
			if size < 1 {
				r.Fatalf("a batch of %d", size)
			}
			sum += size
		}
		if sum != items {
			r.Fatalf("%d are in batches, of %d", sum, items)
		}
	})
}

// TestWhatCannotNameAnInstance: two of one name, none, and more than one line.
func TestWhatCannotNameAnInstance(t *testing.T) {
	t.Parallel()
	text := value.String
	for name, c := range map[string]struct {
		over value.Value
		want string
	}{
		"a text":      {text("a"), "it is a string, and neither a list nor a map"},
		"twice":       {value.List(text("a"), value.Int(1), text("1")), `the items 1 and 2 are both called "1"`},
		"a place":     {value.List(value.Object(), text("0")), `the items 0 and 1 are both called "0"`},
		"empty":       {value.List(text("a"), text("")), "the item 1 has no name: it is empty"},
		"two lines":   {value.List(text("a\nb")), "the item 0 cannot name an instance: a key is one line of at most 253 bytes"},
		"too long":    {value.List(text(strings.Repeat("a", 254))), "the item 0 cannot name an instance: a key is one line of at most 253 bytes"},
		"a list":      {value.List(text("b"), text("a")), ""},
		"a map":       {value.Object(value.Member{Name: "x y", Value: value.Null()}), ""},
		"quotes":      {value.List(text(`a"b]`)), ""},
		"two secrets": {value.List(text("a").Secret(), text("a").Secret()), ""},
	} {
		_, err := plan.Items(c.over)
		if got := said(err); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestAnInstanceIsFoundByItsName: one that is known as it was planned, another as it will be.
func TestAnInstanceIsFoundByItsName(t *testing.T) {
	t.Parallel()
	made := mustPlan(t, checktest.Load(t, checktest.Builtin(t), "test.yaml", checktest.Head+`steps:
- id: a
  uses: http.check
  foreach: ['x"]', y]
  with: {url: "http://localhost/${{ each.key }}"}
- {id: b, uses: http.check, with: {url: "http://localhost/"}}
`), "")
	one, ok := made.Step(`a["x\"]"]`)
	if !ok || one.Key != `x"]` || one.Of != "a" || one.Loop != nil || one.Params.String() != `{"url":"http://localhost/x\"]"}` {
		t.Errorf("found %+v", one)
	}
	other, ok := made.Step(`a["z"]`)
	if !ok || other.Key != "z" || other.Index != 0 {
		t.Errorf("found %+v", other)
	}
	for _, id := range []string{`b["x"]`, `a["x]`, `c["x"]`, `a[x]`, "a[]", `a["x"]["y"]`} {
		if found, ok := made.Step(id); ok {
			t.Errorf("%s is %+v", id, found)
		}
	}
}
