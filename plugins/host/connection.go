package host

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/gatebook/gatebook/plugins/host/internal/process"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Connect returns the plugin's actions over one connection, by their names: config
// satisfies the schema of its connections, and env names the variables of the host's
// environment that it gets. log takes what the plugin writes to its standard error, line
// by line; nil: nobody does. reached is told before each use what the connection reaches,
// and an error of it keeps that from being used; nil: all may be. Nothing is started before
// an action is used.
func (p *Plugin) Connect(
	name string, config json.RawMessage, env []string, log func(line []byte), reached func(context.Context, sdk.Target) error,
) map[string]sdk.Handler {
	c := &connection{
		host: p.host, plugin: p, name: name, config: config, env: slices.Clone(env), log: log, reached: reached, turn: make(chan struct{}, 1),
	}
	handlers := make(map[string]sdk.Handler, len(p.described.Actions))
	for _, description := range p.described.Actions {
		handlers[description.Name] = &handler{connection: c, description: description}
	}
	return handlers
}

// connection is a plugin for one target: a process, once an action of it is used.
type connection struct {
	host   *Host
	plugin *Plugin
	name   string
	config json.RawMessage
	env    []string
	log    func(line []byte)

	reached func(context.Context, sdk.Target) error // nil: whatever it is

	turn    chan struct{} // held while the process is started; one may
	current *process.Process
	target  sdk.Target // of the current process
}

// process returns the connection's process, and starts it when there is none or it
// has died. What that reaches must be what may be used.
func (c *connection) process(ctx context.Context) (*process.Process, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, process.Interrupted(ctx, "wait for the connection")
	}
	if c.current != nil && c.current.Gone() {
		c.end()
	}
	err := c.ready(ctx)
	if err != nil {
		typed := sdk.AsError(err).NothingChanged()
		typed.Connection = cmp.Or(c.name, c.plugin.described.Name)
		return nil, typed
	}
	return c.current, nil
}

// ready makes sure that there is a process, and that what it reaches may be used. One that
// reaches what may not is ended, so that the next looks anew.
func (c *connection) ready(ctx context.Context) error {
	if c.current == nil {
		if err := c.startProcess(ctx); err != nil {
			return err
		}
	}
	if c.reached == nil {
		return nil
	}
	err := c.reached(ctx, c.target)
	if err != nil {
		c.end()
	}
	return err
}

func (c *connection) end() {
	c.host.end(c.current)
	c.current, c.target = nil, sdk.Target{}
}

func (c *connection) startProcess(ctx context.Context) error {
	binary, err := c.host.program(c.plugin.described.Name, c.plugin.lock)
	if err != nil {
		return err
	}
	defer binary.Close()
	p, err := c.host.launch(ctx, c.plugin.described.Name, binary, c.environment(), c.log)
	if err != nil {
		return err
	}
	var target sdk.Target
	if err = c.confirm(ctx, p); err == nil {
		// It takes no longer than a start may: whoever else needs the connection waits for it.
		target, err = p.Configure(ctx, c.config, c.host.start)
	}
	if err != nil {
		c.host.end(p)
		return err
	}
	c.current, c.target = p, target
	return nil
}

// confirm has the process say again what it is: by what it is said to be a runbook was
// checked and approved, and secrets are known.
func (c *connection) confirm(ctx context.Context, p *process.Process) error {
	answer, err := p.Describe(ctx, c.host.start)
	if err != nil || proto.Equal(answer, c.plugin.described.answer) {
		return err
	}
	c.host.unremember(c.plugin.sha256)
	return fmt.Errorf("%w: %s does not say of itself what it was taken for. Either that was changed where it is remembered, in %s, "+
		"and is forgotten now, so that it can be checked and run again; or the plugin says something else each time, which is a fault of it",
		ErrUntrusted, c.plugin.described.Name, cmp.Or(c.host.options.Cache, "no folder"))
}

// environment is what the connection names of the host's, and nothing else.
func (c *connection) environment() []string {
	var env []string
	for name, value := range c.plugin.Variables(c.env) {
		env = append(env, name+"="+value)
	}
	slices.Sort(env)
	return env
}

// Variables returns those of the named variables of the host's environment that are set,
// as a connection that names them gets them.
func (p *Plugin) Variables(names []string) map[string]string {
	set := make(map[string]string, len(names))
	for _, name := range names {
		if strings.ContainsAny(name, "=\x00") || p.host.options.Environ == nil {
			continue
		}
		if value, ok := p.host.options.Environ(name); ok {
			set[name] = value
		}
	}
	return set
}
