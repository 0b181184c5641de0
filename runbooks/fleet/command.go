package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const usage = `fleet is a small system to try runbooks on.

  fleet demo    [--gatebook PATH] [--runbook PATH]    tell the story of two upgrades
  fleet up      [--services A,B,C] [--release R]      run a fleet until interrupted
  fleet status  --control URL                         say how it is
  fleet drain   --control URL NAME                    take a service out of rotation
  fleet upgrade --control URL NAME RELEASE            replace its process
  fleet admit   --control URL NAME                    put it back into rotation
  fleet serve   --name NAME --release R               be one service
`

// timeout is how long an operation on a service may take.
const timeout = 30 * time.Second

// streams are the process's own.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// errUsage is an error of whoever typed the command, who was told already.
var errUsage = errors.New("usage")

// run carries out one command and returns the exit code.
func run(ctx context.Context, args []string, std streams) int {
	verb := "help"
	if len(args) > 0 {
		verb, args = args[0], args[1:]
	}
	err := dispatch(ctx, verb, args, std)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprint(std.err, usage)
		return 2
	default:
		fmt.Fprintln(std.err, "fleet:", err)
		return 1
	}
}

func dispatch(ctx context.Context, verb string, args []string, std streams) error {
	flags := flag.NewFlagSet("fleet "+verb, flag.ContinueOnError)
	flags.SetOutput(std.err)
	control := flags.String("control", "", "the fleet's control `address`")
	name := flags.String("name", "", "the service's `name`")
	version := flags.String("release", "1.0.0", "the `release` to run")
	services := flags.String("services", "web-1,web-2,web-3", "the services' `names`")
	gatebook := flags.String("gatebook", "bin/gatebook", "the gatebook `program`")
	runbook := flags.String("runbook", "runbooks/fleet-upgrade.yaml", "the `file` to run")
	if err := flags.Parse(args); err != nil {
		return cmp.Or(only(err, flag.ErrHelp), errUsage)
	}
	rest := flags.Args()
	switch {
	case verb == "help":
		_, err := fmt.Fprint(std.out, usage)
		return err
	case verb == "serve" && len(rest) == 0:
		return serve(ctx, *name, *version, std)
	case verb == "up" && len(rest) == 0:
		return up(ctx, strings.Split(*services, ","), *version, std)
	case verb == "demo" && len(rest) == 0:
		return demo(ctx, story{gatebook: *gatebook, runbook: *runbook, services: strings.Split(*services, ","), std: std})
	case verb == "status" && len(rest) == 0:
		return call(ctx, std.out, http.MethodGet, *control, "services")
	case (verb == "drain" || verb == "admit") && len(rest) == 1:
		return call(ctx, std.out, http.MethodPost, *control, "services", rest[0], verb)
	case verb == "upgrade" && len(rest) == 2:
		return call(ctx, std.out, http.MethodPost, *control, "services", rest[0], verb+"?release="+url.QueryEscape(rest[1]))
	default:
		return errUsage
	}
}

// only returns err if it is the one wanted.
func only(err, wanted error) error {
	if errors.Is(err, wanted) {
		return wanted
	}
	return nil
}

// up runs a fleet until ctx ends.
func up(ctx context.Context, names []string, version string, std streams) error {
	running, err := open(ctx, names, version, std.err)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "balancer %s\ncontrol  %s\n", running.address, running.control)
	<-ctx.Done()
	return running.close()
}

// installation is a fleet that runs: its services, balancer and control address.
type installation struct {
	*supervisor
	address string // of the balancer
	control string
	leave   context.CancelFunc
	ended   chan error // of the balancer and the control address, one each
}

// open starts a fleet, every service with one release and in rotation. Whoever
// opens it closes it.
func open(ctx context.Context, names []string, version string, errorsTo io.Writer) (*installation, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	front, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	back, err := listen(ctx)
	if err != nil {
		return nil, errors.Join(err, front.Close())
	}
	// The addresses answer until close, which comes after whatever ended ctx.
	serving, leave := context.WithCancel(context.WithoutCancel(ctx))
	fleet := &installation{
		supervisor: newSupervisor(self, names, errorsTo), address: addressOf(front), control: addressOf(back),
		leave: leave, ended: make(chan error, 2),
	}
	go func() { fleet.ended <- serveUntil(serving, front, fleet.balancer) }()
	go func() { fleet.ended <- serveUntil(serving, back, fleet.supervisor.control()) }()
	if err := fleet.up(ctx, version); err != nil {
		return nil, errors.Join(err, fleet.close())
	}
	return fleet, nil
}

// close stops the services, then the addresses, and returns when all are gone.
func (i *installation) close() error {
	err := i.down()
	i.balancer.client.CloseIdleConnections()
	i.leave()
	return errors.Join(err, <-i.ended, <-i.ended)
}

// call asks a fleet's control address and prints its answer: to a question as it
// is, to a request in one line.
func call(ctx context.Context, out io.Writer, method, control string, path ...string) error {
	if control == "" {
		return errUsage
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, control+"/"+strings.Join(path, "/"), http.NoBody)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusOK && method == http.MethodGet:
		_, err := io.Copy(out, response.Body)
		return err
	case response.StatusCode == http.StatusOK:
		var now Status
		err := json.NewDecoder(response.Body).Decode(&now)
		fmt.Fprintln(out, now)
		return err
	}
	var why problem
	if err := json.NewDecoder(response.Body).Decode(&why); err != nil || why.Error == "" {
		return fmt.Errorf("the control address answered %s", response.Status)
	}
	return errors.New(why.Error)
}
