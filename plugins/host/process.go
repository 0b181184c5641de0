package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk/wire"
)

// process is a plugin that runs and answers.
type process struct {
	pluginv1.PluginClient
	name   string // "kubernetes"
	log    *tail
	child  *child
	client *plugin.Client
	config *plugin.ClientConfig

	settled   chan struct{}          // closed when it is known whether it was started
	shook     atomic.Bool            // hands
	killedFor atomic.Pointer[string] // why the host ended it

	mu      sync.Mutex
	sockets string // the folder that go-plugin made for them
}

// newProcess returns what is to be started. The program stays open until it is.
func newProcess(name string, program *binary, env []string, log *tail) *process {
	p := &process{name: name, log: log, child: newChild(program, env, log), settled: make(chan struct{})}
	p.config = &plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: wire.ProtocolVersion, MagicCookieKey: wire.CookieKey, MagicCookieValue: wire.CookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{wire.ProtocolVersion: {wire.ServiceName: clientPlugin{}}},
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, sockets string) (runner.Runner, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.sockets = sockets
			p.child.addEnv(spec.Env)
			return p.child, nil
		},
		SkipHostEnv:      true,
		AutoMTLS:         true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
		SyncStdout:       log, // what it prints after the handshake
		SyncStderr:       log,
		GRPCDialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(wire.MaxMessage), grpc.MaxCallSendMsgSize(wire.MaxRequest))},
	}
	p.client = plugin.NewClient(p.config)
	return p
}

// errSlow is why a start is ended that takes longer than it may.
var errSlow = errors.New("it took too long to start")

// start starts the process and shakes hands with it. When ctx ends, or timeout is over,
// the process does too.
func (p *process) start(ctx context.Context, timeout time.Duration) error {
	starting, stop := context.WithTimeoutCause(ctx, timeout, errSlow)
	defer stop()
	p.config.StartTimeout = 2 * timeout // ours comes first, and bounds more
	unwatch := context.AfterFunc(starting, func() { _ = p.child.Kill(starting) })
	err := p.connect()
	if !unwatch() && err == nil {
		err = starting.Err()
	}
	if err != nil {
		p.kill()
		return p.refused(starting, err, timeout)
	}
	return nil
}

func (p *process) connect() error {
	if _, err := p.client.Start(); err != nil {
		return err
	}
	p.shook.Store(true)
	if p.config.TLSConfig.RootCAs == nil {
		return errNoTLS
	}
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

// gone reports whether the process has ended, or is being killed.
func (p *process) gone() bool {
	select {
	case <-p.child.ended:
		return true
	default:
		return p.killedFor.Load() != nil
	}
}

// hangUpPatience is how long it is waited for the end of a process that hung up, which
// comes a moment later where it is dying.
const hangUpPatience = 5 * time.Second

// ended waits for the end of a process that hung up, and reports whether it came.
func (p *process) ended() bool {
	select {
	case <-p.child.ended:
		return true
	case <-time.After(hangUpPatience):
		return false
	}
}

// ending says how a process ended that hung up.
func (p *process) ending() string {
	if !p.ended() {
		return "it still runs"
	}
	return p.child.exit()
}

// endPatience is how long a process has to end when it is asked to.
const endPatience = 5 * time.Second

// end asks the process to end, and ends it when it does not. One that has not shaken
// hands cannot be asked.
func (p *process) end() {
	if !p.shook.Load() {
		p.kill()
		return
	}
	late := time.AfterFunc(endPatience, func() { _ = p.child.Kill(context.Background()) })
	defer late.Stop()
	p.hangUp()
}

// kill ends the process at once, also one that is about to be started.
func (p *process) kill() {
	_ = p.child.Kill(context.Background())
	p.hangUp()
}

// hangUp has go-plugin let go of the process, and removes what is left of its sockets.
func (p *process) hangUp() {
	p.client.Kill()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sockets != "" {
		_ = os.RemoveAll(p.sockets)
	}
}

// killFor ends the process for a reason.
func (p *process) killFor(format string, args ...any) {
	p.because(fmt.Sprintf(format, args...))
	p.kill()
}

// because says why the process is ended, which those who wait for its answers hear. The
// first reason is the one.
func (p *process) because(reason string) { p.killedFor.CompareAndSwap(nil, &reason) }

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
