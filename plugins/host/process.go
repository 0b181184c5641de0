package host

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/wire"
)

// process is a plugin that runs and answers.
type process struct {
	pluginv1.PluginClient
	name   string // "kubernetes 1.2.0", for people
	child  *child
	client *plugin.Client
	log    *tail

	killedFor atomic.Pointer[string] // why the host ended it
}

// launch starts a program and shakes hands with it. The program stays open.
func launch(name string, program *binary, env []string, timeout time.Duration, log *tail) (*process, error) {
	p := &process{name: name, log: log}
	p.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: wire.ProtocolVersion, MagicCookieKey: wire.CookieKey, MagicCookieValue: wire.CookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{wire.ProtocolVersion: {wire.ServiceName: clientPlugin{}}},
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, _ string) (runner.Runner, error) {
			p.child = &child{program: program, env: append(env, spec.Env...), log: log}
			return p.child, nil
		},
		SkipHostEnv:      true,
		AutoMTLS:         true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		StartTimeout:     timeout,
		Logger:           hclog.NewNullLogger(),
		SyncStdout:       log, // what it prints after the handshake
		SyncStderr:       log,
		GRPCDialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(wire.MaxMessage), grpc.MaxCallSendMsgSize(wire.MaxMessage))},
	})
	if err := p.connect(); err != nil {
		p.kill()
		return nil, p.refused(err, timeout)
	}
	return p, nil
}

func (p *process) connect() error {
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	dispensed, err := protocol.Dispense(wire.ServiceName)
	if err != nil {
		return err
	}
	p.PluginClient = dispensed.(pluginv1.PluginClient)
	return nil
}

// refused says why there was no handshake, in our words: those of go-plugin speak
// to its developers.
func (p *process) refused(err error, timeout time.Duration) error {
	said := err.Error()
	why := "it did not speak the plugin protocol: " + firstLine(said)
	switch {
	case strings.Contains(said, "timeout while waiting"):
		why = fmt.Sprintf("it was started and said nothing for %s", timeout)
	case strings.Contains(said, "Unrecognized remote plugin message: \n"), strings.Contains(said, "exited before we could connect"):
		why = "it ended before it said anything (" + p.ending() + ")"
	case strings.Contains(said, "Unrecognized remote plugin message: "):
		_, printed, _ := strings.Cut(firstLine(said), "message: ")
		why = fmt.Sprintf("it printed %q to standard output, which belongs to the handshake; a plugin writes its log to standard error", printed)
	case strings.Contains(said, "error parsing core protocol version"):
		why = "it printed something else than the handshake to standard output, which belongs to the handshake; a plugin writes its log to standard error"
	case strings.Contains(said, "incompatible API version"):
		why = p.incompatible(said)
	}
	return sdk.Errorf(sdk.Permanent, "start the plugin %s: %s%w", p.name, why, p.log.cause()).NothingChanged()
}

// incompatible says which of the two must be upgraded.
func (p *process) incompatible(said string) string {
	_, after, _ := strings.Cut(said, "Plugin version: ")
	var theirs int
	_, _ = fmt.Sscanf(after, "%d", &theirs)
	if theirs > wire.ProtocolVersion {
		return fmt.Sprintf("it speaks version %d of the plugin protocol, and this gatebook version %d: upgrade gatebook", theirs, wire.ProtocolVersion)
	}
	return fmt.Sprintf("it speaks version %d of the plugin protocol, and this gatebook version %d: upgrade the plugin", theirs, wire.ProtocolVersion)
}

// gone reports whether the process has ended.
func (p *process) gone() bool {
	select {
	case <-p.child.ended:
		return true
	default:
		return false
	}
}

// ending says how the process ended. A plugin that hung up is waited for: how it
// ended is known a moment later.
func (p *process) ending() string {
	if p.child == nil || p.child.ended == nil {
		return "it could not be started"
	}
	select {
	case <-p.child.ended:
		return p.child.exit()
	case <-time.After(2 * lastWords):
		return "it still runs"
	}
}

// kill ends the process at once, and what it left of its socket.
func (p *process) kill() {
	if p.child != nil && p.child.command != nil {
		_ = p.child.Kill(context.Background())
	}
	p.client.Kill()
}

// killFor ends the process for a reason, which those who wait for its answers hear.
func (p *process) killFor(reason string) {
	p.killedFor.CompareAndSwap(nil, &reason)
	p.kill()
}

// clientPlugin is the host's half of what go-plugin calls a plugin.
type clientPlugin struct{ plugin.NetRPCUnsupportedPlugin }

var _ plugin.GRPCPlugin = clientPlugin{}

// GRPCServer is the plugin's half, which is not here.
func (clientPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("a host is no plugin")
}

// GRPCClient speaks to the plugin.
func (clientPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, connection *grpc.ClientConn) (any, error) {
	return pluginv1.NewPluginClient(connection), nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
