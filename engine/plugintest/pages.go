package plugintest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/schema"
)

// InStep holds the plugin's pages against its declarations, or writes them anew: the reference of its
// actions, and the table of a connection's fields in the page that is written by hand.
func InStep(t testing.TB, p Plugin, update bool) {
	t.Helper()
	pages, err := p.pages()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range pages {
		if update {
			if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s is not what the plugin says (%v); run: make generate", name, err)
		}
	}
}

// connectionTable is the place of a generated table in a page.
var connectionTable = regexp.MustCompile(`(?s)<!-- table: connection -->\n.*?<!-- end -->`)

// pages are what the plugin's pages are to be, by their names.
func (p Plugin) pages() (map[string]string, error) {
	text, err := os.ReadFile(p.Page)
	if err != nil {
		return nil, err
	}
	if len(connectionTable.FindAllString(string(text), -1)) != 1 {
		return nil, fmt.Errorf("%s has no place for the table of a connection, or more than one", p.Page)
	}
	table := "<!-- table: connection -->\n" + schema.Markdown(p.Description.Connection) + "<!-- end -->"
	return map[string]string{
		p.Page:      connectionTable.ReplaceAllLiteralString(string(text), table),
		p.Reference: p.reference(),
	}, nil
}

func (p Plugin) reference() string {
	var entries []*catalog.Entry
	for _, action := range p.Description.Actions {
		action.Name = p.Alias + "." + action.Name
		entries = append(entries, &catalog.Entry{Description: action})
	}
	page := filepath.Base(p.Page)
	return fmt.Sprintf(`# The actions of the %s plugin

As they are called where a runbook names the plugin `+"`%s`"+`. This page is written from the actions' own declarations; do not edit
it. How a connection of it is made, and what rights it needs, is in [%s](%s).

`, p.Title, p.Alias, page, page) + catalog.Reference(entries...)
}

// untoldRights are the actions of which the page does not say what they need: whoever gives rights
// looks there.
func untoldRights(t testing.TB, p Plugin) (found []string) {
	t.Helper()
	text, err := os.ReadFile(p.Page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, there := strings.Cut(string(text), "\n## Rights\n")
	if !there {
		return []string{p.Page + " has no part about rights"}
	}
	rights, _, _ := strings.Cut(rest, "\n## ")
	for _, action := range p.Description.Actions {
		if !strings.Contains(rights, "`"+action.Name+"`") {
			found = append(found, fmt.Sprintf("%s does not say what %s needs", p.Page, action.Name))
		}
	}
	return found
}
