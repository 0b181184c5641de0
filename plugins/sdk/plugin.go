package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/gatebook/gatebook/schema"
)

// Plugin declares a plugin: the actions of one kind of target, and what it takes to
// reach one. C is the configuration of a connection, a struct like the input of an
// action; struct{} where there is nothing to configure.
//
//	sdk.Plugin[Cluster]{Name: "kubernetes", Version: "1.2.0", Configure: k.connect, Actions: []sdk.Declaration{k.drain(), k.cordon()}}
//
// One process serves one connection, so that actions find their client where
// Configure put it.
type Plugin[C any] struct {
	Name        string // "kubernetes"
	Version     string // SemVer: "1.2.0"
	Summary     string // one line, no full stop
	Description string // Markdown, whole sentences

	// Configure reaches for the target, once, before any action is used. Nil: there is
	// nothing to do. An error made by [FieldErrorf] is shown at that line of the runbook.
	Configure func(ctx context.Context, config C) error
	// Rules hold across the fields of a configuration, as those of an action do across
	// its parameters: what is wrong for sure is then found before anything is reached.
	Rules []schema.Rule

	// Target says what Configure reached, and is asked right after it. Nil: nobody can
	// tell one target from another, so that a run that is taken up again may go on at
	// another one than it began at.
	Target  func(ctx context.Context) (Target, error)
	Actions []Declaration
}

// Declaration is an [Action] of any types.
type Declaration interface {
	// Handler makes of the declaration what an engine calls.
	Handler() (Handler, error)
}

// PluginDescription is what a plugin says of itself.
type PluginDescription struct {
	Name        string         `json:"name"`
	Version     string         `json:"version"`
	Summary     string         `json:"summary"`
	Description string         `json:"description,omitempty"`
	Connection  *schema.Schema `json:"connection"`      // of a connection's configuration
	Rules       []schema.Rule  `json:"rules,omitempty"` // across its fields
	Actions     []Description  `json:"actions"`         // in the order of their declaration
}

// Served is a [Plugin] with its types erased, as an engine sees it.
type Served struct {
	Description PluginDescription

	configure func(ctx context.Context, config json.RawMessage) error
	target    func(ctx context.Context) (Target, error) // nil: it cannot tell
	handlers  map[string]Handler
}

// Served makes of the declaration what an engine calls. It fails where the declaration,
// or that of an action, contradicts itself, and names every fault.
func (p Plugin[C]) Served() (*Served, error) {
	faults := []error{p.check()}
	connection, err := schema.Of(reflect.TypeFor[C]())
	if err != nil {
		return nil, fmt.Errorf("plugin %q: connection: %w", p.Name, err)
	}
	decode, err := newDecoder[C](connection)
	if err != nil {
		return nil, fmt.Errorf("plugin %q: connection: %w", p.Name, err)
	}
	served := &Served{
		Description: PluginDescription{
			Name: p.Name, Version: p.Version, Summary: p.Summary, Description: p.Description, Connection: connection, Rules: p.Rules,
		},
		configure: p.configurer(decode),
		target:    p.Target,
		handlers:  make(map[string]Handler, len(p.Actions)),
	}
	for _, declared := range p.Actions {
		faults = append(faults, served.add(declared))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("plugin %q: %w", p.Name, err)
	}
	return served, nil
}

func (p Plugin[C]) check() error {
	switch {
	case !IsPluginName(p.Name):
		return errors.New(`the name must be lower case, as "kubernetes": letters, digits and hyphens, at most 63, a letter first and no hyphen last`)
	case !isSemVer(p.Version):
		return fmt.Errorf("the version %q must be SemVer, as 1.2.0 or 1.2.0-rc.1+build.5, and no number in it may begin with 0", p.Version)
	case p.Summary == "" || strings.HasSuffix(p.Summary, ".") || strings.Contains(p.Summary, "\n"):
		return errors.New("the summary must be one line without a full stop")
	case len(p.Actions) == 0:
		return errors.New("there are no actions")
	default:
		return nil
	}
}

// isSemVer reports whether a version is one of SemVer 2.0.0, of numbers that its readers
// can hold.
func isSemVer(version string) bool {
	const (
		number  = `(0|[1-9]\d{0,18})`
		release = `(0|[1-9]\d{0,18}|\d*[A-Za-z-][0-9A-Za-z-]*)`
		build   = `[0-9A-Za-z-]+`
	)
	return regexp.MustCompile(`^` + number + `\.` + number + `\.` + number +
		`(-` + release + `(\.` + release + `)*)?` + `(\+` + build + `(\.` + build + `)*)?$`).MatchString(version)
}

func (p Plugin[C]) configurer(decode decoder[C]) func(context.Context, json.RawMessage) error {
	return func(ctx context.Context, text json.RawMessage) error {
		var config C
		if err := decode.into(&config, text); err != nil {
			return err
		}
		if p.Configure == nil {
			return nil
		}
		return p.Configure(ctx, config)
	}
}

func (s *Served) add(declared Declaration) error {
	handler, err := declared.Handler()
	if err != nil {
		return err
	}
	description := handler.Describe()
	switch _, taken := s.handlers[description.Name]; {
	case taken:
		return fmt.Errorf("two actions are called %q", description.Name)
	case strings.Contains(description.Name, "."):
		return fmt.Errorf("action %q: the name must have no dot, since a runbook puts its own name of the plugin before it", description.Name)
	}
	s.handlers[description.Name] = handler
	s.Description.Actions = append(s.Description.Actions, description)
	return nil
}

// Configure decodes a connection's configuration and reaches for its target.
func (s *Served) Configure(ctx context.Context, config json.RawMessage) error {
	return s.configure(ctx, config)
}

// Target says what Configure reached; the zero Target: the plugin cannot tell.
func (s *Served) Target(ctx context.Context) (Target, error) {
	if s.target == nil {
		return Target{}, nil
	}
	reached, err := s.target(ctx)
	if err == nil && (reached.ID == "" || reached.Title == "") {
		err = Errorf(Permanent, "what was reached has no id or no title, which is a fault of the plugin")
	}
	if err == nil {
		err = reached.Validate()
	}
	return reached, err
}

// Handler returns the action of the name, and whether there is one.
func (s *Served) Handler(name string) (Handler, bool) {
	handler, ok := s.handlers[name]
	return handler, ok
}
