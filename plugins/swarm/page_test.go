package main

import (
	"flag"
	"os"
	"regexp"
	"testing"

	"github.com/gatebook/gatebook/plugins/swarm/internal/connection"
	"github.com/gatebook/gatebook/schema"
)

var update = flag.Bool("update", false, "write the generated files")

// page is written by hand around its table.
const page = "../../docs/swarm.md"

// TestConnectionIsInStep holds the table of a connection's configuration against its struct.
func TestConnectionIsInStep(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	table := regexp.MustCompile(`(?s)<!-- table: connection -->\n.*?<!-- end -->`)
	if len(table.FindAllString(string(text), -1)) != 1 {
		t.Fatalf("%s has no place for the table of a connection", page)
	}
	now := "<!-- table: connection -->\n" + schema.Markdown(schema.For[connection.Config]()) + "<!-- end -->"
	hold(t, page, table.ReplaceAllLiteralString(string(text), now))
}

// hold compares a page with what it should be, or writes it anew.
func hold(t *testing.T, name, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != want {
		t.Errorf("%s is not what the plugin says (%v); run: make generate", name, err)
	}
}
