package main

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

var update = flag.Bool("update", false, "write the generated files")

const (
	page      = "../../docs/kubernetes.md"         // written by hand around its tables
	reference = "../../docs/kubernetes-actions.md" // written from the declarations
)

func description(t *testing.T) sdk.PluginDescription {
	t.Helper()
	served, err := kubernetes().Served()
	if err != nil {
		t.Fatal(err)
	}
	return served.Description
}

// TestReferenceIsInStep holds the reference of the actions against their declarations.
func TestReferenceIsInStep(t *testing.T) {
	t.Parallel()
	var entries []*catalog.Entry
	for _, action := range description(t).Actions {
		action.Name = "k8s." + action.Name
		entries = append(entries, &catalog.Entry{Description: action})
	}
	hold(t, reference, `# The actions of the Kubernetes plugin

As they are called where a runbook names the plugin `+"`k8s`"+`. This page is written from the actions' own declarations; do not edit
it. How a runbook reaches a cluster, and what it may do there, is in [kubernetes.md](kubernetes.md).

`+catalog.Reference(entries...))
}

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
	now := "<!-- table: connection -->\n" + schema.Markdown(description(t).Connection) + "<!-- end -->"
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

// Whoever writes a role looks here for what an action takes.
func TestEachActionSaysWhatRightsItNeeds(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n## Rights\n")
	rights, _, _ := strings.Cut(rest, "\n## ")
	if !found {
		t.Fatalf("%s has no part about rights", page)
	}
	for _, action := range description(t).Actions {
		if !strings.Contains(rights, "`"+action.Name+"`") {
			t.Errorf("%s does not say what %s needs", page, action.Name)
		}
	}
}
