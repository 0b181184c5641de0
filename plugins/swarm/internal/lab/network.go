package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// network is a bridge in a namespace of its own, to which the namespaces of the nodes are
// plugged: nothing of it is seen outside.
type network struct {
	name string // of the bridge's namespace, and what the names of the nodes' ones begin with
}

// middle is the address of the bridge itself, where the registry is and the load comes from.
const middle = "10.77.0.254"

// newNetwork makes a network whose names no other has.
func newNetwork(name string) (*network, error) {
	n := &network{name: name}
	return n, run(
		"ip netns add "+n.bridge(),
		"ip -n "+n.bridge()+" link set lo up",
		"ip -n "+n.bridge()+" link add br0 type bridge",
		"ip -n "+n.bridge()+" address add "+middle+"/24 dev br0",
		"ip -n "+n.bridge()+" link set br0 up",
	)
}

func (n *network) bridge() string { return n.name + "br" }

// space is the name of the namespace of a node.
func (n *network) space(node int) string { return fmt.Sprintf("%sn%d", n.name, node) }

// plug makes the namespace of a node, with its address.
func (n *network) plug(node int) error {
	space, port := n.space(node), fmt.Sprintf("p%d", node)
	return run(
		"ip netns add "+space,
		"ip -n "+space+" link set lo up",
		"ip -n "+n.bridge()+" link add "+port+" type veth peer name eth0 netns "+space,
		"ip -n "+n.bridge()+" link set "+port+" master br0",
		"ip -n "+n.bridge()+" link set "+port+" up",
		"ip -n "+space+" address add "+address(node)+"/24 dev eth0",
		"ip -n "+space+" link set eth0 up",
	)
}

// set puts the plug of a node in, or pulls it.
func (n *network) set(node int, up bool) error {
	state := "down"
	if up {
		state = "up"
	}
	return run(fmt.Sprintf("ip -n %s link set p%d %s", n.bridge(), node, state))
}

// spaces are the namespaces of the network of a name.
func spaces(name string) []string {
	found, _ := filepath.Glob("/run/netns/" + name + "*")
	for i, path := range found {
		found[i] = filepath.Base(path)
	}
	return found
}

// address is that of a node, on the network of its lab.
func address(node int) string { return fmt.Sprintf("10.77.0.%d", node+1) }

// run runs commands of which none has spaces in its words.
func run(commands ...string) error {
	for _, text := range commands {
		words := strings.Fields(text)
		if said, err := exec.CommandContext(context.Background(), words[0], words[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", text, err, said)
		}
	}
	return nil
}

// dial connects from within a namespace.
func dial(ctx context.Context, space, network, to string) (net.Conn, error) {
	return within(space, func() (net.Conn, error) { return (&net.Dialer{}).DialContext(ctx, network, to) })
}

// listen listens within a namespace.
func listen(space, at string) (net.Listener, error) {
	return within(space, func() (net.Listener, error) {
		return (&net.ListenConfig{}).Listen(context.Background(), "tcp", at)
	})
}

// Forward has what connects to an address of this machine arrive at an address within a node, until
// the test ends.
func (n *Node) Forward(t testing.TB, to string) (address string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	Must(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			outer, err := listener.Accept()
			if err != nil {
				return // the test has ended
			}
			go func() {
				defer outer.Close()
				inner, err := n.Dial(context.Background(), "tcp", to)
				if err != nil {
					return
				}
				defer inner.Close()
				go func() {
					_, _ = io.Copy(inner, outer)
					inner.Close()
				}()
				_, _ = io.Copy(outer, inner)
			}()
		}
	}()
	return listener.Addr().String()
}
