package host_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/host"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// hostIn makes this test's binary a host that uses the plugin in the folder, and
// says the number of its process: something to kill.
const hostIn = "GATEBOOK_TEST_HOST_IN"

func beHost(dir string) {
	text, err := os.ReadFile(filepath.Join(dir, "gatebook-plugin-shop"))
	if err != nil {
		panic(err)
	}
	lock := host.Lock{}.With("shop", host.Locked{Version: "1.2.0", SHA256: map[string]string{platform: sha256Hex(text)}})
	h := host.New(host.Options{Dirs: []string{dir}, Platform: platform, Now: time.Now})
	plugin, err := h.Open(context.Background(), "shop", nil, lock)
	if err != nil {
		panic(err)
	}
	stubborn := plugin.Connect("", json.RawMessage(`{}`), nil, nil, nil)["stubborn"]
	_, err = stubborn.Apply(context.Background(), apple(), sayer{&recorder{}})
	panic(fmt.Sprint("it ended: ", err))
}

// sayer prints the progress, which is the plugin's process number.
type sayer struct{ *recorder }

func (sayer) Progress(p sdk.Progress) { fmt.Println(p.Message) }

// TestAPluginDiesWithAHostThatIsKilled: what nobody sees any more does not go on.
func TestAPluginDiesWithAHostThatIsKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.install("shop")
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), hostIn+"="+w.dir)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	pid, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid = strings.TrimSpace(pid)
	if !lives(pid) {
		t.Fatalf("there is no process %q to begin with", pid)
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	w.eventually("a plugin without a host", dead(pid))
}

func TestWhatAPluginStartedDiesWithIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *host.Options) { o.Grace = 100 * time.Millisecond })
	actions := w.connect("shop", "1.2.0", `{}`)
	family := func(do func(context.Context, *recorder) error) {
		t.Helper()
		told := &recorder{told: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		go func(started <-chan struct{}) { <-started; cancel() }(told.told)
		if err := do(ctx, told); err == nil {
			t.Fatal("it did not fail")
		}
		for pid := range strings.FieldsSeq(told.progress[0].Message) {
			w.eventually("a process of a plugin that is gone", dead(pid))
		}
	}
	family(func(ctx context.Context, told *recorder) error { // it is killed
		_, err := actions["parent"].Apply(ctx, apple(), told)
		return err
	})
	family(func(ctx context.Context, told *recorder) error { // it dies
		_, err := actions["orphan"].Apply(ctx, apple(), told)
		return err
	})
}

// Who closes the host in the middle of a start leaves no process.
func TestAStartEndsWithItsHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *host.Options) { o.StartTimeout = time.Hour })
	failed := make(chan error, 1)
	go func() { failed <- w.start(t.Context(), "silent") }()
	pid := w.said("pid")
	if !lives(pid) {
		t.Fatalf("there is no process %q to begin with", pid)
	}
	if err := w.within("close", w.host.Close); err != nil {
		t.Error(err)
	}
	if lives(pid) {
		t.Error("it lives on")
	}
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "gatebook is ending") {
		t.Errorf("got %v", err)
	}
}

// dead returns nothing once the process has ended.
func dead(pid string) func() error {
	return func() error {
		if lives(pid) {
			return fmt.Errorf("the process %s goes on", pid)
		}
		return nil
	}
}

// lives reports whether the process is there and has not ended.
func lives(pid string) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return false
	}
	_, after, _ := bytes.Cut(stat, []byte(") "))
	return !bytes.HasPrefix(after, []byte("Z"))
}
