package differences_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/compare"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/differences"
)

// A comment on a pull request holds so much, and says what it does not hold.
func TestMarkdownOfManyChangesFitsAComment(t *testing.T) {
	t.Parallel()
	c := &compare.Comparison{Counts: map[compare.Risk]int{}}
	for i := range 1000 {
		risk := compare.Risks()[i%4]
		c.Counts[risk]++
		c.Changes = append(c.Changes, compare.Change{Risk: risk, Step: fmt.Sprint("s", i), What: "command is another one", Before: strings.Repeat("<b>", 30), After: "@all"})
	}
	var b bytes.Buffer
	if err := differences.Markdown(&b, c, differences.MarkdownSize); err != nil {
		t.Fatal(err)
	}
	if b.Len() > differences.MarkdownSize || !strings.Contains(b.String(), "more; gatebook diff says which") || !strings.Contains(b.String(), "250 changes raise the risk") {
		t.Errorf("%d bytes: %.300s", b.Len(), b.String())
	}
}

// Whatever has changed: a comment holds what is written of it, and no part stays open.
func TestMarkdownNeverExceedsItsSize(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := func(label string) string {
			sign := rapid.SampledFrom([]string{"a ", "@", "`", "\u0301", "|", "<b>", "\n"}).Draw(t, label)
			return strings.Repeat(sign, rapid.SampledFrom([]int{0, 1, 40, 3_000}).Draw(t, label+" times"))
		}
		c := &compare.Comparison{Counts: map[compare.Risk]int{}, Before: plan.Header{File: text("file"), Name: "old"}, After: plan.Header{Name: text("name")}}
		for i := range rapid.IntRange(0, 400).Draw(t, "changes") {
			risk := compare.Risks()[i%4]
			c.Counts[risk]++
			c.Changes = append(c.Changes, compare.Change{Risk: risk, Step: fmt.Sprint("s", i), What: "it is another", Before: text("before"), Example: text("example")})
		}
		size := rapid.SampledFrom([]int{4_000, 10_000, differences.MarkdownSize}).Draw(t, "size")
		var b bytes.Buffer
		if err := differences.Markdown(&b, c, size); err != nil {
			t.Fatal(err)
		}
		if open, closed := strings.Count(b.String(), "<details>"), strings.Count(b.String(), "</details>"); b.Len() > size || open != closed {
			t.Fatalf("%d bytes of at most %d; %d parts are open, %d closed", b.Len(), size, open, closed)
		}
	})
}
