// Package catalog finds actions by their name, the built-in ones and those of
// plugins alike.
//
// It holds what an engine asks of an action again and again: its description, and
// the validators of its parameters and outputs, compiled when they are first
// needed. It calls no action. Floor 2: it imports schema and plugins/sdk.
package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Catalog is a set of actions. It is immutable, and safe for concurrent use.
type Catalog struct {
	entries map[string]*Entry
	names   []string
	plugins map[string]*Plugin
}

// Entry is one action of a catalogue.
type Entry struct {
	Handler     sdk.Handler // of a built-in action; see [Entry.On]
	Description sdk.Description
	Plugin      *Plugin // nil: it is built in

	action string // its name in the plugin
	input  func() (*schema.Validator, error)
	output func() (func(outputs json.RawMessage) error, error)
}

// New returns the catalogue of the handlers, and of what takes in a runbook. Two with one name
// are an error.
func New(handlers ...sdk.Handler) (*Catalog, error) {
	c := &Catalog{entries: map[string]*Entry{Included: included()}, names: []string{Included}}
	var faults []error
	for _, handler := range handlers {
		description := handler.Describe()
		if _, taken := c.entries[description.Name]; taken {
			faults = append(faults, fmt.Errorf("two actions are called %q", description.Name))
			continue
		}
		c.entries[description.Name] = newEntry(handler, description)
		c.names = append(c.names, description.Name)
	}
	slices.Sort(c.names)
	return c, errors.Join(faults...)
}

func newEntry(handler sdk.Handler, description sdk.Description) *Entry {
	return &Entry{
		Handler:     handler,
		Description: description,
		input: sync.OnceValues(func() (*schema.Validator, error) {
			return schema.Compile(description.Input)
		}),
		output: sync.OnceValues(description.OutputCheck),
	}
}

// Described returns an action of which no more is known than what it says of itself: one
// to look at, and not to use.
func Described(description sdk.Description) *Entry { return newEntry(nil, description) }

// Lookup returns the action of the name, and whether there is one.
func (c *Catalog) Lookup(name string) (*Entry, bool) {
	entry, ok := c.entries[name]
	return entry, ok
}

// Names returns the names of all actions, sorted.
func (c *Catalog) Names() []string { return slices.Clone(c.names) }

// Input returns the validator of the action's parameters. It fails where the
// action's schema is faulty, which only a plugin's can be.
func (e *Entry) Input() (*schema.Validator, error) { return e.input() }

// Fits says how outputs of the action break their schema, by which the runbook was checked:
// one without the sdk may return anything, and no type holds one to bounds and enums.
func (e *Entry) Fits(outputs json.RawMessage) error {
	check, err := e.output()
	if err != nil {
		return err
	}
	return check(outputs)
}
