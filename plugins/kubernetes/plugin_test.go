package main

import "testing"

// The declaration is whole: each action's structs have a schema, and nothing is said twice.
func TestThePluginCanBeServed(t *testing.T) {
	t.Parallel()
	if _, err := kubernetes().Served(); err != nil {
		t.Fatal(err)
	}
}
