package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// startTimeout is how long a new process may take to say where it listens.
const startTimeout = 10 * time.Second

// Refusals of the supervisor, told apart by the control address.
var (
	errUnknown = errors.New("there is no such service")
	errRefused = errors.New("refused")
)

// supervisor keeps one process for each service.
type supervisor struct {
	program  string // this program, to start services with
	errors   io.Writer
	balancer *balancer
	order    []string
	services map[string]*service // constant after newSupervisor
}

// service is one place in the fleet, whatever release runs there.
type service struct {
	name string
	op   sync.Mutex // held by the one operation that may run at a time

	mu      sync.Mutex // guards what follows, for moments
	release string
	process *process // nil: stopped
}

// process is a running service.
type process struct {
	command *exec.Cmd
	stdin   io.Closer // stays open as long as this program lives: its end ends the service
	address string
	ended   chan struct{} // closed when the process is gone
}

// Status is what the control address says of a service.
type Status struct {
	Name       string  `json:"name"`
	Release    string  `json:"release"`
	Running    bool    `json:"running"`
	InRotation bool    `json:"inRotation"`
	PID        int     `json:"pid"`
	Traffic    Traffic `json:"traffic"` // since this release came into rotation
}

// String says it in one line.
func (s Status) String() string {
	switch {
	case !s.Running:
		return s.Name + " is stopped"
	case s.InRotation:
		return fmt.Sprintf("%s runs %s, process %d, in rotation", s.Name, s.Release, s.PID)
	default:
		return fmt.Sprintf("%s runs %s, process %d, out of rotation", s.Name, s.Release, s.PID)
	}
}

func newSupervisor(program string, names []string, errors io.Writer) *supervisor {
	s := &supervisor{
		program: program, errors: errors, balancer: newBalancer(names), order: names, services: map[string]*service{},
	}
	for _, name := range names {
		s.services[name] = &service{name: name}
	}
	return s
}

// up starts every service with a release and puts it into rotation.
func (s *supervisor) up(ctx context.Context, version string) error {
	for _, name := range s.order {
		if err := s.upgrade(ctx, name, version); err != nil {
			return err
		}
		if err := s.admit(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// down stops every service.
func (s *supervisor) down() error {
	var errs []error
	for _, name := range s.order {
		one := s.services[name]
		one.op.Lock()
		s.balancer.takeOut(name)
		errs = append(errs, s.stop(one))
		one.op.Unlock()
	}
	return errors.Join(errs...)
}

// upgrade gives a service another release: the process of the old one finishes
// its requests and ends, then that of the new one starts. With the release that
// runs already it does nothing.
func (s *supervisor) upgrade(ctx context.Context, name, version string) error {
	one, ok := s.services[name]
	if !ok {
		return fmt.Errorf("%s: %w", name, errUnknown)
	}
	if _, err := releaseNamed(version); err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	one.op.Lock()
	defer one.op.Unlock()
	if running, now := one.state(); running != nil && now == version {
		return nil
	}
	if inRotation, _, _ := s.balancer.look(name); inRotation {
		return fmt.Errorf("%w: %s is in rotation; drain it first", errRefused, name)
	}
	if err := s.stop(one); err != nil {
		return err
	}
	started, err := s.start(ctx, name, version)
	if err != nil {
		return fmt.Errorf("start %s with release %s: %w", name, version, err)
	}
	one.set(started, version)
	s.balancer.point(name, started.address)
	return nil
}

// drain takes a service out of rotation, once its requests in flight are done.
func (s *supervisor) drain(ctx context.Context, name string) error {
	one, ok := s.services[name]
	if !ok {
		return fmt.Errorf("%s: %w", name, errUnknown)
	}
	one.op.Lock()
	defer one.op.Unlock()
	return s.balancer.drain(ctx, name)
}

// admit puts a service that says it is healthy into rotation.
func (s *supervisor) admit(ctx context.Context, name string) error {
	one, ok := s.services[name]
	if !ok {
		return fmt.Errorf("%s: %w", name, errUnknown)
	}
	one.op.Lock()
	defer one.op.Unlock()
	status, _, err := s.health(ctx, name)
	if err != nil || status != http.StatusOK {
		return fmt.Errorf("%w: %s is not healthy", errRefused, name)
	}
	s.balancer.admit(name)
	return nil
}

// health asks a service how it is.
func (s *supervisor) health(ctx context.Context, name string) (status int, body []byte, err error) {
	_, address, _ := s.balancer.look(name)
	return get(ctx, s.balancer.client, address+"/healthz")
}

// status says how a service is, at once, even while an operation on it runs.
func (s *supervisor) status(name string) Status {
	running, version := s.services[name].state()
	answer := Status{Name: name, Release: version, Running: running != nil}
	answer.InRotation, _, answer.Traffic = s.balancer.look(name)
	if running != nil {
		answer.PID = running.command.Process.Pid
	}
	return answer
}

// start starts a process and waits until it says where it listens. The process
// outlives the request that asked for it, and ends with this program at the latest.
func (s *supervisor) start(ctx context.Context, name, version string) (*process, error) {
	command := exec.CommandContext(context.WithoutCancel(ctx), s.program, "serve", "--name", name, "--release", version)
	command.Stderr = s.errors
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	started := &process{command: command, stdin: stdin, ended: make(chan struct{})}
	said := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(stdout).ReadString('\n') // an early end is an empty line
		said <- strings.TrimSpace(line)
		_ = command.Wait() // it was told to end, or its absence is seen by the balancer
		close(started.ended)
	}()
	select {
	case started.address = <-said:
	case <-time.After(startTimeout):
	}
	if started.address == "" {
		return nil, errors.Join(errors.New("it did not say where it listens"), started.stop())
	}
	return started, nil
}

// state returns the process, nil when none runs, and the release it was started with.
func (s *service) state() (*process, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return nil, s.release
	}
	select {
	case <-s.process.ended:
		return nil, s.release
	default:
		return s.process, s.release
	}
}

func (s *service) set(running *process, version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process, s.release = running, version
}

// stop ends a service's process, if it has one; the caller holds its op.
func (s *supervisor) stop(one *service) error {
	running, version := one.state()
	if running == nil {
		return nil
	}
	one.set(nil, version)
	// A server that ends waits a while for connections that nothing was asked on.
	s.balancer.client.CloseIdleConnections()
	return running.stop()
}

// stop asks the process to finish, and insists when it does not.
func (p *process) stop() error {
	switch err := p.command.Process.Signal(syscall.SIGTERM); {
	case errors.Is(err, os.ErrProcessDone):
		return nil
	case err == nil:
		select {
		case <-p.ended:
			return nil
		case <-time.After(2 * graceful):
		}
	}
	err := p.command.Process.Kill()
	<-p.ended
	return errors.Join(errors.New("a service did not end by itself and was killed"), err)
}
