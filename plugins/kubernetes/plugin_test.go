package main

import (
	"strings"
	"testing"

	"github.com/gatebook/gatebook/schema"
)

// The declaration is whole: each action's structs have a schema, and nothing is said twice.
func TestThePluginCanBeServed(t *testing.T) {
	t.Parallel()
	if _, err := kubernetes().Served(); err != nil {
		t.Fatal(err)
	}
}

// What is said to be a name has a pattern, so that check refuses what nothing can be called.
func TestNamesAreHeldToWhatObjectsCanBeCalled(t *testing.T) {
	t.Parallel()
	names := 0
	for _, action := range description(t).Actions {
		walk(action.Input, func(field string, s *schema.Schema) {
			if !strings.HasPrefix(s.Description, "Name of ") && !strings.HasPrefix(s.Description, "Namespace of ") {
				return
			}
			if names++; s.Pattern == "" {
				t.Errorf("%s: %s is a name, and has no pattern", action.Name, field)
			}
		})
	}
	if names == 0 {
		t.Error("no action takes a name")
	}
}

// walk visits the fields of a schema, and what is below them.
func walk(s *schema.Schema, visit func(field string, s *schema.Schema)) {
	for _, property := range s.Properties {
		visit(property.Name, property.Schema)
		walk(property.Schema, visit)
	}
	for _, below := range []*schema.Schema{s.Items, s.Additional} {
		if below != nil {
			walk(below, visit)
		}
	}
}
