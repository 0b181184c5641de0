package lab

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// network is a bridge in a namespace of its own, to which the namespaces of the nodes are
// plugged: nothing of it is seen outside.
type network struct {
	name string // of the bridge's namespace, and what the names of the nodes' ones begin with
}

// newNetwork makes a network whose names no other has.
func newNetwork(name string) (*network, error) {
	n := &network{name: name}
	return n, run(
		"ip netns add "+n.bridge(),
		"ip -n "+n.bridge()+" link set lo up",
		"ip -n "+n.bridge()+" link add br0 type bridge",
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

// remove takes all of it away.
func (n *network) remove() {
	for _, path := range spaces(n.name) {
		_ = run("ip netns delete " + filepath.Base(path))
	}
}

// spaces are the namespaces whose names begin so.
func spaces(name string) []string {
	found, _ := filepath.Glob("/run/netns/" + name + "*")
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

// dial connects from within a namespace. The thread that has entered it is given back only where
// it has left it again.
func dial(ctx context.Context, space, network, to string) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	done := make(chan result, 1)
	go func() {
		runtime.LockOSThread() // and where it is not unlocked, the thread ends with the goroutine
		if err := enter("/run/netns/" + space); err != nil {
			done <- result{nil, err}
			return
		}
		conn, err := (&net.Dialer{}).DialContext(ctx, network, to)
		done <- result{conn, err}
	}()
	r := <-done
	return r.conn, r.err
}

// enter takes the thread into a network namespace.
func enter(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return unix.Setns(int(file.Fd()), unix.CLONE_NEWNET)
}
