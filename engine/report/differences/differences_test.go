package differences_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/compare"
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
	if b.Len() > 65_536 || !strings.Contains(b.String(), "more; gatebook diff says which") || !strings.Contains(b.String(), "250 changes raise the risk") {
		t.Errorf("%d bytes: %.300s", b.Len(), b.String())
	}
}
