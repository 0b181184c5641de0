package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// upOptions is what the command line of up says.
type upOptions struct {
	dir              string
	temporary        bool // the directory was made here, and goes with the cluster
	nodes            int
	nodeGrace        time.Duration
	exitOnStdinClose bool
}

// up runs a cluster until it is asked to stop, and returns the exit code.
func up(args []string) int {
	opts, err := parseUp(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "kubelab:", err)
		return 2
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	if opts.exitOnStdinClose {
		go func() {
			// The end of it, or a fault, both say that who held the other end is gone.
			_, _ = io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
	}
	if err := runCluster(ctx, opts); err != nil {
		fmt.Fprintf(os.Stderr, "kubelab: %v\nkubelab: the logs are %s and %s\n",
			err, filepath.Join(opts.dir, "kubelab.log"), filepath.Join(opts.dir, "etcd.log"))
		return 1
	}
	if opts.temporary {
		_ = os.RemoveAll(opts.dir)
	}
	return 0
}

// parseUp reads the command line and sees to it that the directory exists.
func parseUp(args []string) (upOptions, error) {
	var opts upOptions
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	flags.StringVar(&opts.dir, "dir", "", "the cluster's directory, made if missing, brought back if used before (default: a temporary one, removed at a clean stop)")
	flags.IntVar(&opts.nodes, "nodes", 3, "how many simulated nodes there are at least")
	flags.DurationVar(&opts.nodeGrace, "node-grace", 40*time.Second, "how long a node may be silent before it is NotReady, 8s or more")
	flags.BoolVar(&opts.exitOnStdinClose, "exit-on-stdin-close", false, "stop when standard input ends, which ties the cluster to the test that holds it")
	if err := flags.Parse(args); err != nil {
		return opts, err
	}
	switch {
	case flags.NArg() > 0:
		return opts, fmt.Errorf("up takes no arguments, got %q", flags.Args())
	case opts.nodes < 0:
		return opts, fmt.Errorf("-nodes must not be negative, got %d", opts.nodes)
	case opts.nodeGrace < 8*time.Second:
		return opts, fmt.Errorf("-node-grace must be 8s or more, so that a lease is renewed within it, got %s", opts.nodeGrace)
	}
	return opts, opts.makeDir()
}

// makeDir makes the directory and turns its name into an absolute one.
func (o *upOptions) makeDir() (err error) {
	if o.dir == "" {
		o.temporary = true
		o.dir, err = os.MkdirTemp("", "kubelab-")
		return err
	}
	if o.dir, err = filepath.Abs(o.dir); err != nil {
		return err
	}
	return os.MkdirAll(o.dir, 0o700)
}
