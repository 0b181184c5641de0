package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/client"
)

// Node is a machine of the swarm, or nearly: an engine with a host name, an address, disks and
// processes of its own.
type Node struct {
	Name    string // its host name
	Address string
	Socket  string // where its engine listens
	Docker  *client.Client

	number  int
	network *network
	dir     string
	flags   []string // of dockerd
	process *exec.Cmd
	ended   chan struct{} // closed when nothing of it runs any more
}

// newNode gives a node its place. It does not run yet.
func newNode(dir string, network *network, number int, flags []string) (*Node, error) {
	n := &Node{
		Name: fmt.Sprintf("n%d", number), Address: address(number),
		number: number, network: network, dir: filepath.Join(dir, fmt.Sprintf("n%d", number)), flags: flags,
	}
	n.Socket = filepath.Join(n.dir, "docker.sock")
	docker, err := client.New(client.WithHost("unix://" + n.Socket))
	n.Docker = docker
	return n, errors.Join(err, os.Mkdir(n.dir, 0o700), network.plug(number))
}

// boot starts the engine $0 of the node's name, with what engines keep outside of the folders that
// they are given on disks that end with the node.
const boot = `mount -t tmpfs -o mode=755 run /run && mount -t tmpfs -o mode=755 lib /var/lib &&
hostname "$0" && rm -f "$1/docker.pid" "$1/exec/containerd/containerd.pid" && cd "$1" && shift && exec dockerd "$@"`

// command is what the machine runs: its engine, as the first process of a namespace, so that with
// it all dies that it has started, as it does with a machine.
func (n *Node) command() *exec.Cmd {
	words := []string{
		"--net=/run/netns/" + n.network.space(n.number),
		"unshare", "--uts", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc",
		"sh", "-c", boot, n.Name, n.dir,
		"--data-root", n.dir + "/data", "--exec-root", n.dir + "/exec", "--pidfile", n.dir + "/docker.pid", "--host", "unix://" + n.Socket,
		"--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", "/" + n.network.name + "/" + n.Name,
		"--insecure-registry", Registry, "--insecure-registry", Private,
	}
	made := exec.CommandContext(context.Background(), "nsenter", append(words, n.flags...)...)
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); !strings.HasSuffix(strings.ToLower(name), "_proxy") {
			made.Env = append(made.Env, variable) // a proxy does not lead to the lab's own network
		}
	}
	made.SysProcAttr = alone()
	return made
}

// Up starts the engine, or starts it again as a machine that comes back.
func (n *Node) Up() error {
	log, err := os.OpenFile(filepath.Join(n.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	process := n.command()
	process.Stdout, process.Stderr = log, log
	started, ended := make(chan error), make(chan struct{})
	go func() {
		// The kernel kills it when the thread ends that has started it, so that none outlives a
		// test that is killed; so the thread must be here for as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer log.Close()
		err := process.Start()
		started <- err
		if err == nil {
			_ = process.Wait() // it was told to end, or killed
		}
		close(ended)
	}()
	if err := <-started; err != nil {
		return err
	}
	n.process, n.ended = process, ended
	return n.await("the engine of "+n.Name, time.Minute, func(ctx context.Context) error {
		_, err := n.Docker.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
		return err
	})
}

// Kill has the machine lose its power: nothing of it goes on, and nothing is tidied.
func (n *Node) Kill() error {
	pid := n.process.Process.Pid
	// The engine is a child of what has put it into its namespaces, which ends once all is over.
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if engine := strings.Fields(string(text)); err == nil && len(engine) > 0 {
		if pid, err = strconv.Atoi(engine[0]); err != nil {
			return err
		}
	}
	process, err := os.FindProcess(pid)
	if err == nil {
		err = process.Kill()
	}
	<-n.ended
	return err
}

// Cut pulls the plug of the machine's network, and [Node.Heal] puts it in again.
func (n *Node) Cut() error { return n.network.set(n.number, false) }

// Heal puts in again what [Node.Cut] has pulled.
func (n *Node) Heal() error { return n.network.set(n.number, true) }

// Dial connects from the machine itself.
func (n *Node) Dial(ctx context.Context, network, to string) (net.Conn, error) {
	return dial(ctx, n.network.space(n.number), network, to)
}

// runs says whether the machine has power.
func (n *Node) runs() bool {
	if n.process == nil {
		return false
	}
	select {
	case <-n.ended:
		return false
	default:
		return true
	}
}

// down ends the engine for good.
func (n *Node) down() {
	_ = n.Docker.Close()
	if n.runs() {
		_ = n.Kill()
	}
}

// await looks until check has no complaint, or the engine has ended.
func (n *Node) await(what string, patience time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		complaint := check(ctx)
		if complaint == nil {
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-n.ended:
			return fmt.Errorf("%s: it has ended: %s", what, n.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("%s: not within %s: %w: %s", what, patience, complaint, n.lastWords())
		}
	}
}

// lastWords is the end of the engine's log.
func (n *Node) lastWords() string {
	text, _ := os.ReadFile(filepath.Join(n.dir, "log"))
	lines := bytes.Split(bytes.TrimSpace(text), []byte{'\n'})
	return "\n" + string(bytes.Join(lines[max(0, len(lines)-10):], []byte{'\n'}))
}
