package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be the program that the supervisor starts: a test's
// own arguments all begin with a hyphen, the program's do not.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		main()
	}
	os.Exit(m.Run())
}

// openFleet runs three services, a real process each, until the test ends.
func openFleet(t *testing.T) *installation {
	t.Helper()
	fleet, err := open(t.Context(), []string{"web-1", "web-2", "web-3"}, "1.0.0", t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fleet.close(); err != nil {
			t.Error(err)
		}
	})
	return fleet
}

// command types one command and returns what it printed.
func command(t *testing.T, wantCode int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	if code := run(t.Context(), args, streams{strings.NewReader(""), &out, &err}); code != wantCode {
		t.Fatalf("fleet %s: exit code %d, want %d: %s", strings.Join(args, " "), code, wantCode, err.String())
	}
	return out.String(), err.String()
}

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for tick := time.NewTicker(5 * time.Millisecond); !yes(); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s did not come about", what)
		}
	}
}

func TestRollingUpgradeLosesNoRequest(t *testing.T) {
	t.Parallel()
	fleet := openFleet(t)
	before := fleet.fleet()
	clients := gather(t.Context(), fleet.address)
	defer clients.dismiss()
	for _, name := range fleet.order {
		command(t, 0, "drain", "--control", fleet.control, name)
		command(t, 0, "upgrade", "--control", fleet.control, name, "1.1.0")
		command(t, 0, "admit", "--control", fleet.control, name)
		eventually(t, "traffic on the new "+name, func() bool { return fleet.status(name).Traffic.Requests > 5 })
	}
	clients.dismiss()
	if seen := clients.seen.traffic(); seen.Requests == 0 || seen.Failed > 0 {
		t.Errorf("the clients saw %s", seen)
	}
	after := fleet.fleet()
	if after.Serving != 3 {
		t.Errorf("%d services are in rotation, want 3", after.Serving)
	}
	for name, one := range after.Services {
		if one.Release != "1.1.0" || one.PID == before.Services[name].PID {
			t.Errorf("%s: %+v, want a new process of 1.1.0", name, one)
		}
	}
}

func TestBadReleaseIsSeenByTheBalancerAndNotByClients(t *testing.T) {
	t.Parallel()
	fleet := openFleet(t)
	clients := gather(t.Context(), fleet.address)
	defer clients.dismiss()
	command(t, 0, "drain", "--control", fleet.control, "web-2")
	command(t, 0, "upgrade", "--control", fleet.control, "web-2", "1.2.0")
	command(t, 0, "admit", "--control", fleet.control, "web-2")
	eventually(t, "errors of the bad release", func() bool {
		bad := fleet.status("web-2").Traffic
		return bad.Requests > 20 && bad.ErrorRate > 0.05
	})
	clients.dismiss()
	if seen := clients.seen.traffic(); seen.Requests == 0 || seen.Failed > 0 {
		t.Errorf("the clients saw %s", seen)
	}
	if good := fleet.status("web-1").Traffic; good.Requests == 0 || good.Failed > 0 {
		t.Errorf("a good service shows %s", good)
	}
}

func TestUpgradeToTheReleaseThatRunsDoesNothing(t *testing.T) {
	t.Parallel()
	fleet := openFleet(t)
	before := fleet.status("web-1").PID
	out, _ := command(t, 0, "upgrade", "--control", fleet.control, "web-1", "1.0.0")
	if want := fmt.Sprintf("web-1 runs 1.0.0, process %d, in rotation\n", before); out != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

func TestStatusIsJSON(t *testing.T) {
	t.Parallel()
	fleet := openFleet(t)
	out, _ := command(t, 0, "status", "--control", fleet.control)
	var said Fleet
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatal(err)
	}
	if got := said.Services["web-2"]; said.Serving != 3 || got.Release != "1.0.0" || !got.Running || !got.InRotation {
		t.Errorf("got %s", out)
	}
}

func TestWhatIsRefusedIsExplained(t *testing.T) {
	t.Parallel()
	fleet := openFleet(t)
	command(t, 0, "drain", "--control", fleet.control, "web-3")
	if err := fleet.stop(fleet.services["web-3"]); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		args []string
		code int
		want string
	}{
		"in rotation":     {[]string{"upgrade", "--control", fleet.control, "web-1", "1.1.0"}, 1, "web-1 is in rotation; drain it first"},
		"unknown release": {[]string{"upgrade", "--control", fleet.control, "web-1", "9.0.0"}, 1, `no release "9.0.0"; there are 1.0.0, 1.1.0, 1.2.0`},
		"unknown service": {[]string{"drain", "--control", fleet.control, "web-9"}, 1, "there is no such service"},
		"not healthy":     {[]string{"admit", "--control", fleet.control, "web-3"}, 1, "web-3 is not healthy"},
		"nobody there":    {[]string{"status", "--control", "http://127.0.0.1:1"}, 1, "connection refused"},
		"no control":      {[]string{"status"}, 2, "fleet is a small system"},
		"no such verb":    {[]string{"destroy"}, 2, "fleet is a small system"},
		"too few":         {[]string{"upgrade", "--control", fleet.control, "web-1"}, 2, "fleet is a small system"},
		"unknown flag":    {[]string{"up", "--size", "3"}, 2, "-size"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, stderr := command(t, test.code, test.args...); !strings.Contains(stderr, test.want) {
				t.Errorf("stderr %q does not say %q", stderr, test.want)
			}
		})
	}
}

func TestServiceEndsWithWhoeverStartedIt(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	service := exec.CommandContext(t.Context(), self, "serve", "--name", "web-1", "--release", "1.0.0")
	stdin, err := service.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	service.Stdout = &out
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	if err := stdin.Close(); err != nil { // as when the parent is killed
		t.Fatal(err)
	}
	if err := service.Wait(); err != nil {
		t.Errorf("the service ended with %v", err)
	}
	if !strings.HasPrefix(out.String(), "http://127.0.0.1:") {
		t.Errorf("it said %q, not where it listens", out.String())
	}
}

func TestStoryJudgesHowAChapterCameOut(t *testing.T) {
	t.Parallel()
	whole := func() Fleet {
		return Fleet{Services: map[string]Status{"web-1": {Release: "1.1.0", InRotation: true}}}
	}
	good := Traffic{Requests: 100}
	tests := map[string]struct {
		code int
		seen Traffic
		now  Fleet
		want string
	}{
		"as told":         {0, good, whole(), ""},
		"other exit code": {4, good, whole(), "gatebook exited 4, not 0"},
		"a lost request":  {0, Traffic{Requests: 100, Failed: 1}, whole(), "the clients saw 100 requests, 1 failed; half within 0 ms, 95 % within 0 ms"},
		"no request":      {0, Traffic{}, whole(), "the clients saw 0 requests, 0 failed; half within 0 ms, 95 % within 0 ms"},
		"old release": {
			0, good,
			Fleet{Services: map[string]Status{"web-1": {Release: "1.0.0", InRotation: true}}},
			"web-1 runs 1.0.0, in rotation true",
		},
		"left out": {
			0, good,
			Fleet{Services: map[string]Status{"web-1": {Release: "1.1.0"}}},
			"web-1 runs 1.1.0, in rotation false",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := (chapter{exit: succeeded, after: "1.1.0"}).judge(test.code, test.seen, test.now); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
