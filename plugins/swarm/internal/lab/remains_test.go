package lab_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// victim has this program be a lab that waits for its death.
const victim = "GATEBOOK_TEST_LAB_VICTIM"

func live() {
	l, err := lab.Start(1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(filepath.Dir(filepath.Dir(l.Nodes[0].Socket)))
	select {}
}

// remains lists what there is of a lab: its folder, its network, its control groups, its entry and its
// processes.
func remains(t *testing.T, dir string) []string {
	t.Helper()
	name := filepath.Base(dir)
	var found []string
	for _, pattern := range []string{
		dir, "/run/netns/" + name + "*", "/sys/fs/cgroup/" + name, "/sys/fs/cgroup/*/" + name, "/run/gatebook-labs/" + name,
	} {
		paths, err := filepath.Glob(pattern)
		lab.Must(t, err)
		found = append(found, paths...)
	}
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	lab.Must(t, err)
	for _, line := range lines {
		if text, err := os.ReadFile(line); err == nil && strings.Contains(string(text), dir) {
			found = append(found, strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
	return found
}

// confined complains where the engine of a lab writes into folders of the machine that engines do not
// let themselves be moved from, as /run/containerd and /var/lib/docker.
func confined(t *testing.T, dir string) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	lab.Must(t, err)
	engines := 0
	for _, line := range lines {
		if text, err := os.ReadFile(line); err != nil || !strings.HasPrefix(string(text), "dockerd\x00") || !strings.Contains(string(text), dir) {
			continue
		}
		engines++
		mounts, err := os.ReadFile(filepath.Join(filepath.Dir(line), "mountinfo"))
		lab.Must(t, err)
		for _, folder := range []string{" /run ", " /var/lib "} {
			if !strings.Contains(string(mounts), " /"+folder) {
				t.Errorf("an engine has no%sof its own", folder)
			}
		}
	}
	if engines != 1 {
		t.Errorf("there are %d engines of %s", engines, dir)
	}
}

// A lab that ends leaves nothing, and of one that was killed the next one takes away all, while
// others live on.
func TestNothingStaysBehind(t *testing.T) {
	t.Parallel()
	process := exec.CommandContext(t.Context(), os.Args[0])
	process.Env = append(os.Environ(), victim+"=1")
	out, err := process.StdoutPipe()
	lab.Must(t, err)
	lab.Must(t, process.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	lab.Must(t, err)
	killed := strings.TrimSpace(line)
	if len(remains(t, killed)) < 5 {
		t.Fatalf("nothing is seen of the lab that lives: %s: %q", killed, remains(t, killed))
	}
	lab.Must(t, process.Process.Kill())
	_ = process.Wait() // it says that it was killed

	next, err := lab.Start(1)
	lab.Must(t, err)
	if left := remains(t, killed); len(left) > 0 {
		t.Errorf("of the lab that was killed there is\n%s", strings.Join(left, "\n"))
	}
	lab.Must(t, next.Give(t.Context(), lab.V1))
	next.Service(t, "containers", lab.V1, 2)
	ended := filepath.Dir(filepath.Dir(next.Nodes[0].Socket))
	confined(t, ended)
	next.Stop()
	if left := remains(t, ended); len(left) > 0 {
		t.Errorf("of the lab that has ended there is\n%s", strings.Join(left, "\n"))
	}
	for _, node := range swarmed.Nodes {
		if _, err := node.Docker.Ping(context.WithoutCancel(t.Context()), client.PingOptions{}); err != nil {
			t.Errorf("the lab that lives: %v", err)
		}
	}
}
