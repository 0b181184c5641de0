package gatebook_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/source"
)

// formatRows returns the rows of a table of docs/format.md by its header.
func formatRows(t *testing.T, header string) [][]string {
	t.Helper()
	page, err := os.ReadFile(formatPage)
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), header+"\n")
	if !found {
		t.Fatalf("%s has no table %s", formatPage, header)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	var rows [][]string
	for _, line := range strings.Split(table, "\n")[1:] {
		cells := strings.Split(strings.Trim(line, "| "), "|")
		for i, cell := range cells {
			cells[i] = strings.TrimSpace(cell)
		}
		rows = append(rows, cells)
	}
	if len(rows) < 3 {
		t.Fatalf("the table %s has only %d rows", header, len(rows))
	}
	return rows
}

// TestBatchesAreAsTheFormatSays plans a loop for each row of the page.
func TestBatchesAreAsTheFormatSays(t *testing.T) {
	t.Parallel()
	gatebook := newGatebook(t)
	for _, row := range formatRows(t, "| `sizes` | of | batches |") {
		sizes, of := strings.Trim(row[0], "`"), row[1]
		want, _, _ := strings.Cut(row[2], ":")
		all, err := strconv.Atoi(of)
		if err != nil {
			t.Fatal(err)
		}
		items := strings.Trim(strings.Repeat("x, ", all), ", ")
		for i := range all {
			items = strings.Replace(items, "x", fmt.Sprintf("n%d", i), 1)
		}
		text := "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: part, version: 1.0.0}\nsteps:\n" +
			"  - {id: a, uses: wait, with: {for: 1s}, foreach: [" + items + "], batch: {sizes: " + sizes + "}}\n"
		runbook, found := gatebook.Check(source.NewFile("sizes.yaml", []byte(text)))
		if found.HasErrors() {
			t.Fatalf("%s: %v", text, found)
		}
		planned, found, err := gatebook.Plan(runbook, nil)
		if err != nil || found.HasErrors() {
			t.Fatalf("%s: %v %v", sizes, err, found)
		}
		if got := strings.Trim(strings.ReplaceAll(fmt.Sprint(planned.Steps[0].Loop.Batches), " ", ", "), "[]"); got != want {
			t.Errorf("%s of %s are %s, and the page says %s", sizes, of, got, want)
		}
	}
}

// TestAsManyMayFailAsTheFormatSays holds the page's rows against the rounding.
func TestAsManyMayFailAsTheFormatSays(t *testing.T) {
	t.Parallel()
	said := regexp.MustCompile("`([0-9]+%?)`")
	for _, row := range formatRows(t, "| `maxFailures` | of | may fail |") {
		share, ok := model.ParseShare(said.FindStringSubmatch(row[0])[1])
		all, err := strconv.Atoi(row[1])
		if !ok || err != nil {
			t.Fatalf("%v cannot be read", row)
		}
		if got := strconv.Itoa(share.Of(all)); got != row[2] {
			t.Errorf("%s of %s may fail, and the page says %s", got, row[1], row[2])
		}
	}
}
