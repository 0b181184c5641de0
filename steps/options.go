package steps

import (
	"context"
	"io"
	"net"
	"path/filepath"

	"github.com/gatebook/gatebook/steps/internal/guardian"
	"github.com/gatebook/gatebook/steps/internal/process"
	"github.com/gatebook/gatebook/steps/internal/web"
)

// Options is what the built-in actions need from the process that runs them. Time is
// not among it: timers and measurements use the time package, whose clock tests
// replace as a whole with testing/synctest.
type Options struct {
	// Environ is the environment: what exec passes on, and where the proxies for
	// HTTP are named (HTTP_PROXY, HTTPS_PROXY, NO_PROXY).
	Environ []string
	// Dir is the directory that relative paths in parameters start from; empty: the
	// current one.
	Dir string
	// Dial opens every network connection that the actions make; nil: a [net.Dialer].
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Guardian ends, on Linux, what the programs of exec, exec.check and collect leave
	// running when this process is killed. With nil only the programs themselves die with
	// it.
	Guardian *Guardian
}

// Guardian is another process that watches this one: see [NewGuardian]. One is enough for
// all actions of a process.
type Guardian = guardian.Guardian

// NewGuardian returns a guardian that is a program at a path, with its name and its
// arguments. The program does nothing but call [Guard]; often it is this very one, which
// knows by an argument what it is. It is started when an action's program has run for a
// while, and ends with this process.
func NewGuardian(path string, argv ...string) *Guardian { return guardian.New(path, argv...) }

// Guard is the whole work of a guardian. It is given its standard input and its standard
// output, and returns when there is nothing more to do.
func Guard(input io.Reader, output io.ReaderAt) { guardian.Main(input, output) }

// dial opens a connection.
func (o Options) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if o.Dial != nil {
		return o.Dial(ctx, network, address)
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, address)
}

// path returns a parameter's path, seen from the working directory.
func (o Options) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(o.Dir, name)
}

// programs is what actions that run programs use of the options.
func (o Options) programs() *process.Runner { return process.NewRunner(o.Environ, o.path, o.Guardian) }

// web is what actions that speak HTTP or TLS use of the options.
func (o Options) web() web.Client {
	return web.Client{Environ: o.Environ, Path: o.path, Dial: o.dial}
}
