// Package lab gives the tests of this module a real Docker Swarm: engines in namespaces of their
// own, on a network of their own with a registry of images, so that nothing outside is touched and
// everything ends with the test. What a test that was killed has left, the next lab takes away.
// Nothing here is part of the plugin.
package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"
)

// Lab is a running swarm.
type Lab struct {
	Nodes []*Node // managers before workers; the first has made it

	managers int
	shared   bool     // by the tests of a package
	entry    *os.File // of the labs that live
	dir      string
	network  *network
	registry []net.Listener
	images   sync.Map // that were built, by their tag
}

// Option is what a lab has beside its managers.
type Option func(*options)

type options struct {
	workers  int
	flags    []string
	loggedIn bool
}

// Workers has a lab so many workers.
func Workers(number int) Option { return func(o *options) { o.workers = number } }

// Flags gives all engines of a lab flags of dockerd.
func Flags(flags ...string) Option {
	return func(o *options) { o.flags = append(o.flags, flags...) }
}

// LoggedIn has this process, and no engine, know the credentials for [Private], as docker login leaves them.
func LoggedIn() Option { return func(o *options) { o.loggedIn = true } }

// Start starts a swarm of so many managers.
func Start(managers int, with ...Option) (*Lab, error) {
	if missing := Missing(); missing != "" {
		return nil, errors.New(missing)
	}
	var chosen options
	for _, option := range with {
		option(&chosen)
	}
	l := &Lab{managers: managers}
	if err := l.start(chosen); err != nil {
		l.Stop()
		return nil, err
	}
	return l, nil
}

// start makes the network and the engines, as far as it comes.
func (l *Lab) start(chosen options) (err error) {
	if l.entry, l.dir, err = enlist(); err != nil {
		return err
	}
	if l.network, err = newNetwork(filepath.Base(l.dir)); err != nil {
		return err
	}
	if err := l.serveImages(); err != nil {
		return err
	}
	if chosen.loggedIn {
		if err := logIn(l.dir); err != nil {
			return err
		}
	}
	for number := range l.managers + chosen.workers {
		node, err := newNode(l.dir, l.network, number, chosen.flags)
		l.Nodes = append(l.Nodes, node)
		if err == nil {
			err = node.Up()
		}
		if err != nil {
			return err
		}
	}
	return l.join()
}

// join makes the engines one swarm.
func (l *Lab) join() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	first := l.Nodes[0]
	if _, err := first.Docker.SwarmInit(ctx, client.SwarmInitOptions{AdvertiseAddr: first.Address, ListenAddr: first.Address + ":2377"}); err != nil {
		return fmt.Errorf("make a swarm: %w", err)
	}
	made, err := first.Docker.SwarmInspect(ctx, client.SwarmInspectOptions{})
	if err != nil {
		return err
	}
	for i, node := range l.Nodes[1:] {
		token := made.Swarm.JoinTokens.Manager
		if i+1 >= l.managers {
			token = made.Swarm.JoinTokens.Worker
		}
		if _, err := node.Docker.SwarmJoin(ctx, client.SwarmJoinOptions{
			ListenAddr: node.Address + ":2377", AdvertiseAddr: node.Address,
			RemoteAddrs: []string{first.Address + ":2377"}, JoinToken: token,
		}); err != nil {
			return fmt.Errorf("%s joins: %w", node.Name, err)
		}
	}
	return first.await("all nodes are ready", time.Minute, l.Whole)
}

// Whole complains where not all nodes are ready, or not all managers are reachable.
func (l *Lab) Whole(ctx context.Context) error {
	manager, err := l.Manager(ctx)
	if err != nil {
		return err
	}
	listed, err := manager.Docker.NodeList(ctx, client.NodeListOptions{})
	if err != nil {
		return err
	}
	ready, reachable := 0, 0
	for _, node := range listed.Items {
		if node.Status.State == swarm.NodeStateReady {
			ready++
		}
		if node.ManagerStatus != nil && node.ManagerStatus.Reachability == swarm.ReachabilityReachable {
			reachable++
		}
	}
	if ready != len(l.Nodes) || reachable < l.managers {
		return fmt.Errorf("%d of %d are ready, and %d of %d managers reachable", ready, len(l.Nodes), reachable, l.managers)
	}
	return nil
}

// Manager is one of the nodes that can be asked: it runs, and its swarm has a leader.
func (l *Lab) Manager(ctx context.Context) (*Node, error) {
	var complaints []error
	for _, node := range l.Nodes[:l.managers] {
		short, cancel := context.WithTimeout(ctx, 5*time.Second)
		_, err := node.Docker.NodeList(short, client.NodeListOptions{})
		cancel()
		if err == nil {
			return node, nil
		}
		complaints = append(complaints, fmt.Errorf("%s: %w", node.Name, err))
	}
	return nil, errors.Join(complaints...)
}

// Leader is the manager that leads.
func (l *Lab) Leader(ctx context.Context) (*Node, error) {
	manager, err := l.Manager(ctx)
	if err != nil {
		return nil, err
	}
	listed, err := manager.Docker.NodeList(ctx, client.NodeListOptions{})
	if err != nil {
		return nil, err
	}
	for _, node := range listed.Items {
		if node.ManagerStatus != nil && node.ManagerStatus.Leader {
			return l.Node(node.Description.Hostname)
		}
	}
	return nil, errors.New("no manager leads")
}

// Node is the node of a name.
func (l *Lab) Node(name string) (*Node, error) {
	for _, node := range l.Nodes {
		if node.Name == name {
			return node, nil
		}
	}
	return nil, fmt.Errorf("the lab has no node %q", name)
}

// Stop ends the swarm and takes away what it was made of. What cannot be taken away, the next lab
// tries again.
func (l *Lab) Stop() {
	for _, node := range l.Nodes {
		node.down()
	}
	for _, listener := range l.registry {
		listener.Close()
	}
	if l.entry != nil {
		_ = retire(l.entry)
	}
}

// Own starts a swarm for one test, which the things of others would disturb, or that breaks it. Where
// there can be none, the test is skipped, or fails where it must not be.
func Own(t testing.TB, managers int, with ...Option) *Lab {
	t.Helper()
	if missing := Missing(); missing != "" && !Required() {
		t.Skip(missing)
	}
	l, err := Start(managers, with...)
	Must(t, err)
	t.Cleanup(l.Stop)
	return l
}
