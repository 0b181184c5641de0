// Package connection holds what a plan knows of its connections: what each is configured for,
// what it turns out to reach, and what its plugin writes to its log.
//
// The plan is immutable, and a connection lives: what is heard of it before and in a run comes
// together here, for those who listen. Nothing is started by it before it is asked to reach
// something. Part of engine/plan.
package connection

import (
	"cmp"
	"context"

	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Connection is a plugin configured for one target.
type Connection struct {
	Name        string      `json:"name,omitempty" doc:"The name in the runbook; absent: the plugin's only connection, which is not declared."`
	Plugin      string      `json:"plugin" doc:"The plugin, by the name that the runbook gives it."`
	Source      string      `json:"source" doc:"The plugin's own name."`
	Version     string      `json:"version"`
	SHA256      string      `json:"sha256" doc:"SHA-256 of the plugin's program for this platform."`
	Config      value.Value `json:"config" doc:"What configures it, secrets masked."`
	Environment []string    `json:"environment,omitempty" doc:"The variables that the plugin gets of gatebook's environment."`

	// Target and TargetError are what was found out of it for people to see before a run.
	Target      *sdk.Target `json:"target,omitempty" doc:"What it reaches; absent: nobody asked, or the plugin cannot tell."`
	TargetError string      `json:"targetError,omitempty" doc:"Why it could not be told what it reaches."`

	// Secrets are what those of the variables hold that are secrets by their names.
	Secrets value.Value `json:"-"`

	// Actions are those that it serves, by their names in the plugin.
	Actions map[string]sdk.Handler `json:"-"`
	// Used is set where an action over it is part of the plan.
	Used bool `json:"-"`
}

// Called is what people call the connection.
func (c *Connection) Called() string { return cmp.Or(c.Name, c.Plugin) }

// reacher is a handler of an action over a connection that can be made without the action
// being used.
type reacher interface {
	// Reach makes the connection, where it is not, and has it told what that reaches.
	Reach(ctx context.Context) error
}

// Reach makes the connection ready, where steps use it, and has told what it reaches.
func (c *Connection) Reach(ctx context.Context) error {
	for _, handler := range c.Actions {
		if over, ok := handler.(reacher); ok && c.Used {
			return over.Reach(ctx)
		}
	}
	return nil
}

// verifier is a handler of an action whose plugin can be looked at without being started.
type verifier interface {
	// Verify looks whether the plugin may be started.
	Verify() error
}

// Verify looks whether its plugin may be started.
func (c *Connection) Verify() error {
	for _, handler := range c.Actions {
		if of, ok := handler.(verifier); ok {
			return of.Verify()
		}
	}
	return nil
}
