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
	"syscall"
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
	process *exec.Cmd
	ended   chan struct{} // closed when nothing of it runs any more
}

// newNode gives a node its place. It does not run yet.
func newNode(dir string, network *network, number int) (*Node, error) {
	n := &Node{
		Name: fmt.Sprintf("n%d", number), Address: address(number),
		number: number, network: network, dir: filepath.Join(dir, fmt.Sprintf("n%d", number)),
	}
	n.Socket = filepath.Join(n.dir, "docker.sock")
	docker, err := client.New(client.WithHost("unix://" + n.Socket))
	n.Docker = docker
	return n, errors.Join(err, os.Mkdir(n.dir, 0o700), network.plug(number))
}

// Up starts the engine, or starts it again as a machine that comes back.
func (n *Node) Up() error {
	log, err := os.OpenFile(filepath.Join(n.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// The engine is the first process of a namespace, so that with it all dies that it has
	// started, as it does with a machine.
	n.process = exec.CommandContext(context.Background(), "nsenter", "--net=/run/netns/"+n.network.space(n.number),
		"unshare", "--uts", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc",
		"sh", "-c", `hostname "$0" && rm -f "$1/docker.pid" && exec dockerd --data-root "$1/data" --exec-root "$1/exec" -p "$1/docker.pid" -H "unix://$1/docker.sock"`, n.Name, n.dir)
	n.process.Stdout, n.process.Stderr = log, log
	n.process.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	n.ended = make(chan struct{})
	go func() {
		// The kernel kills it when the thread ends that has started it, so that none outlives a
		// test that is killed; so the thread must be here for as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer log.Close()
		err := n.process.Start()
		started <- err
		if err == nil {
			_ = n.process.Wait() // it was told to end, or killed
		}
		close(n.ended)
	}()
	if err := <-started; err != nil {
		return err
	}
	return n.await("the engine of "+n.Name, time.Minute, func(ctx context.Context) error {
		_, err := n.Docker.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
		return err
	})
}

// Kill has the machine lose its power: nothing of it goes on, and nothing is tidied.
func (n *Node) Kill() error {
	err := syscall.Kill(n.process.Process.Pid, syscall.SIGKILL)
	<-n.ended
	return err
}

// Cut pulls the plug of the machine's network, and Heal puts it in again.
func (n *Node) Cut() error { return n.network.set(n.number, false) }

// Heal puts in again what [Node.Cut] has pulled.
func (n *Node) Heal() error { return n.network.set(n.number, true) }

// Dial connects from the machine itself.
func (n *Node) Dial(ctx context.Context, network, to string) (net.Conn, error) {
	return dial(ctx, n.network.space(n.number), network, to)
}

// down ends the engine, and waits for it.
func (n *Node) down() {
	if n.process == nil {
		return
	}
	_ = n.Docker.Close()
	_ = syscall.Kill(n.process.Process.Pid, syscall.SIGKILL)
	<-n.ended
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
