package gatebook_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/schema"
)

var formatPage = filepath.Join("docs", "format.md")

// TestFormatPageIsInStep holds the tables of docs/format.md against the structs of the
// model. What stands around them is written by hand.
func TestFormatPageIsInStep(t *testing.T) {
	t.Parallel()
	holdTables(t, formatPage, formatTables(t))
}

// TestPolicyTableIsInStep holds the tables of the page about people against the structs.
func TestPolicyTableIsInStep(t *testing.T) {
	t.Parallel()
	const none = "no pattern of a policy is that of a duration"
	root := model.PolicySchema()
	simplify(root, none)
	tables := map[string]string{"policy": schema.Markdown(root)}
	for _, d := range root.Defs {
		simplify(d.Schema, none)
		tables[d.Name] = schema.Markdown(d.Schema)
	}
	holdTables(t, filepath.Join("docs", "people.md"), tables)
}

// holdTables holds the tables of a page, each between its two marks, against what they
// are made of.
func holdTables(t *testing.T, path string, tables map[string]string) {
	t.Helper()
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := regexp.MustCompile(`(?s)<!-- table: (\w+) -->\n.*?<!-- end -->`).ReplaceAllStringFunc(string(page), func(old string) string {
		name := strings.Fields(old)[2]
		table, ok := tables[name]
		if !ok {
			t.Errorf("%s wants a table %q, which is not there or is there already", path, name)
			return old
		}
		delete(tables, name)
		return "<!-- table: " + name + " -->\n" + table + "<!-- end -->"
	})
	for name := range tables {
		t.Errorf("%s has no table %q", path, name)
	}
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != string(page) {
		t.Errorf("the tables of %s are not in step; run: go test -run %s -update .", path, t.Name())
	}
}

// formatTables returns the table of the runbook, and that of each object in it.
func formatTables(t *testing.T) map[string]string {
	t.Helper()
	root := model.Schema()
	objectives, _ := root.Property("objectives")
	rto, ok := objectives.Property("rto")
	if !ok {
		t.Fatal("there is no objectives.rto to tell durations by")
	}
	duration := rto.Pattern
	simplify(root, duration)
	tables := map[string]string{"runbook": schema.Markdown(root)}
	for _, d := range root.Defs {
		simplify(d.Schema, duration)
		tables[d.Name] = schema.Markdown(d.Schema)
	}
	return tables
}

// simplify takes out of a schema what the page says once for all: the patterns. What
// only an expression or a duration fits is called so.
func simplify(s *schema.Schema, duration string) {
	switch {
	case s == nil:
		return
	case len(s.AnyOf) == 2 && s.AnyOf[0].Type == schema.TypeString && s.AnyOf[1].Type == schema.TypeBoolean:
		s.Type, s.Format, s.AnyOf = schema.TypeString, "CEL", nil
	case s.Pattern == duration:
		s.Format = schema.FormatDuration
	}
	s.Pattern = ""
	simplify(s.Items, duration)
	simplify(s.Additional, duration)
	for _, p := range s.Properties {
		simplify(p.Schema, duration)
	}
}

// TestExamplesOfTheFormatPassCheck checks each YAML block of the page: the runbook, of
// which nothing may be found, and steps by themselves.
func TestExamplesOfTheFormatPassCheck(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(formatPage)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)\n```yaml\n(.*?)\n```\n").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 2 {
		t.Fatalf("the page has only %d examples", len(blocks))
	}
	gatebook := newGatebook(t)
	for _, block := range blocks {
		text := block[1]
		const header = "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: part, version: 1.0.0}\n"
		switch {
		case strings.HasPrefix(text, "- id:"):
			text = header + "steps:\n" + text
		case !strings.Contains(text, "apiVersion:"):
			text = header + text
		}
		_, found := gatebook.Check(source.NewFile("example.yaml", []byte(text)))
		for _, d := range found {
			t.Errorf("%s: %s\n%s", d.Rule.Code, d.Detail, text)
		}
	}
}
