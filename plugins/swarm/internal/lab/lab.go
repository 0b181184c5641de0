// Package lab gives the tests of this module a real Docker Swarm: engines in namespaces of their
// own, on a network of their own, so that nothing outside is touched and everything ends with the
// test. Nothing here is part of the plugin.
package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"
)

// Lab is a running swarm.
type Lab struct {
	Nodes []*Node // all of them managers; the first has made it

	dir     string
	network *network
}

// programs are what a lab is made with.
var programs = []string{"dockerd", "ip", "iptables", "nsenter", "unshare"}

// Missing says what there would have to be for a lab; empty: nothing lacks.
func Missing() string {
	var missing []string
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, program)
		}
	}
	switch {
	case os.Geteuid() != 0:
		return "an engine needs root"
	case len(missing) > 0:
		return "not installed: " + strings.Join(missing, ", ")
	default:
		return ""
	}
}

// Start starts a swarm of so many managers.
func Start(nodes int) (l *Lab, err error) {
	if missing := Missing(); missing != "" {
		return nil, errors.New(missing)
	}
	dir, err := os.MkdirTemp("", "gbl") // short, as a socket's path must be
	if err != nil {
		return nil, err
	}
	l = &Lab{dir: dir}
	defer func() {
		if err != nil {
			l.Stop()
		}
	}()
	if l.network, err = newNetwork(strings.ToLower(dir[strings.LastIndexByte(dir, '/')+1:])); err != nil {
		return nil, err
	}
	for number := range nodes {
		node, err := newNode(dir, l.network, number)
		l.Nodes = append(l.Nodes, node)
		if err == nil {
			err = node.Up()
		}
		if err != nil {
			return nil, err
		}
	}
	return l, l.join()
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
	for _, node := range l.Nodes[1:] {
		if _, err := node.Docker.SwarmJoin(ctx, client.SwarmJoinOptions{
			ListenAddr: node.Address + ":2377", AdvertiseAddr: node.Address,
			RemoteAddrs: []string{first.Address + ":2377"}, JoinToken: made.Swarm.JoinTokens.Manager,
		}); err != nil {
			return fmt.Errorf("%s joins: %w", node.Name, err)
		}
	}
	return first.await("all nodes are ready", time.Minute, func(ctx context.Context) error {
		listed, err := first.Docker.NodeList(ctx, client.NodeListOptions{})
		if err != nil {
			return err
		}
		ready := 0
		for _, node := range listed.Items {
			if node.Status.State == swarm.NodeStateReady && node.ManagerStatus != nil && node.ManagerStatus.Reachability == swarm.ReachabilityReachable {
				ready++
			}
		}
		if ready != len(l.Nodes) {
			return fmt.Errorf("%d of %d are", ready, len(l.Nodes))
		}
		return nil
	})
}

// Give puts an image of the demo onto all nodes.
func (l *Lab) Give(ctx context.Context, images ...string) error {
	for _, image := range images {
		if err := Give(ctx, image, l.Nodes...); err != nil {
			return err
		}
	}
	return nil
}

// Stop ends the swarm and takes away what it was made of.
func (l *Lab) Stop() {
	for _, node := range l.Nodes {
		node.down()
	}
	if l.network != nil {
		l.network.remove()
	}
	_ = os.RemoveAll(l.dir)
}

// Run runs the tests of a package with a swarm, for TestMain.
func Run(m *testing.M, nodes int, give func(*Lab)) int {
	l, err := Start(nodes)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer l.Stop()
	give(l)
	return m.Run()
}
