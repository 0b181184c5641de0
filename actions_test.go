package gatebook_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/steps"
)

// update is the customary flag of generated files.
var update = flag.Bool("update", false, "write the generated files")

// TestActionsPageIsInStep holds docs/actions.md against the declarations of the
// built-in actions, from which it is written.
func TestActionsPageIsInStep(t *testing.T) {
	t.Parallel()
	got := actionsPage(t)
	name := filepath.Join("docs", "actions.md")
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := readText(t, name); got != want {
		t.Errorf("%s is not what the actions say; run: go test -run %s -update .", name, t.Name())
	}
}

// actionsPage is the reference of the built-in actions: a table, and the page of each.
func actionsPage(t *testing.T) string {
	t.Helper()
	handlers, err := steps.Builtin(steps.Options{})
	if err != nil {
		t.Fatal(err)
	}
	actions, err := catalog.New(handlers...)
	if err != nil {
		t.Fatal(err)
	}
	var table, pages strings.Builder
	for _, name := range actions.Names() {
		entry, _ := actions.Lookup(name)
		d := entry.Description
		anchor := strings.ReplaceAll(name, ".", "") // as GitHub and GitLab make it
		fmt.Fprintf(&table, "| [`%s`](#%s) | %s | %s |\n", name, anchor, d.Effect, d.Summary)
		pages.WriteString("\n" + demote(entry.Markdown()))
	}
	return `# The built-in actions

What ` + "`uses:`" + ` can name without a plugin. This page is written from the actions' own declarations, as is what
` + "`gatebook explain ACTION`" + ` prints; do not edit it.

| action | effect | what it does |
| --- | --- | --- |
` + table.String() + pages.String()
}

// demote makes the headings of a page one level smaller; what stands in code stays.
func demote(page string) string {
	lines, inCode := strings.Split(page, "\n"), false
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "```"):
			inCode = !inCode
		case !inCode && strings.HasPrefix(line, "#"):
			lines[i] = "#" + line
		}
	}
	return strings.Join(lines, "\n")
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
