package engine_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/connection"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
	"github.com/gatebook/gatebook/schema"
)

// reach connects, and asks what swarm it is.
func reach(t *testing.T, config connection.Config) (sdk.Target, error) {
	t.Helper()
	config.Timeout = schema.Duration(20 * time.Second)
	e := &engine.Engine{}
	if err := e.Connect(t.Context(), config); err != nil {
		return sdk.Target{}, err
	}
	return e.Target(t.Context())
}

// held compares what came of a connection with what it should: an error of a class that says something,
// or none.
func held(t *testing.T, name string, target sdk.Target, err error, class sdk.Class, says string) {
	t.Helper()
	switch {
	case says == "" && (err != nil || !strings.HasPrefix(target.ID, "swarm:")):
		t.Errorf("%s: it leads to %q: %v", name, target.ID, err)
	case says != "" && (err == nil || sdk.AsError(err).Class != class || !strings.Contains(err.Error(), says)):
		t.Errorf("%s: got %v, want a %s error that says %q", name, err, class, says)
	}
}

// An engine that asks for certificates is known by its own, and knows who asks.
func TestTLS(t *testing.T) {
	t.Parallel()
	dir, other, nobody := t.TempDir(), t.TempDir(), t.TempDir()
	authority := lab.NewAuthority(t, dir)
	cert, key := authority.Issue(t, dir, "anna")
	stranger := lab.NewAuthority(t, other)
	wrongCert, wrongKey := stranger.Issue(t, other, "mallory")
	lab.NewAuthority(t, nobody)
	asks := lab.Own(t, 1, lab.Flags("--host", "tcp://127.0.0.1:2376", "--tlsverify", "--tlscacert", authority.CA, "--tlscert", cert, "--tlskey", key))
	endpoint := "tcp://" + asks.Nodes[0].Forward(t, "127.0.0.1:2376")
	for name, test := range map[string]struct {
		tls   connection.TLS
		class sdk.Class
		says  string
	}{
		"as it should be":       {tls: connection.TLS{CA: authority.CA, Cert: cert, Key: key}},
		"another authority":     {connection.TLS{CA: stranger.CA, Cert: cert, Key: key}, sdk.Permanent, "certificate signed by unknown authority"},
		"another's certificate": {connection.TLS{CA: authority.CA, Cert: wrongCert, Key: wrongKey}, sdk.Denied, "bad certificate"},
		"no certificate":        {connection.TLS{CA: authority.CA}, sdk.Denied, "bad certificate"},
	} {
		target, err := reach(t, connection.Config{Endpoint: endpoint, TLS: test.tls})
		held(t, name, target, err, test.class, test.says)
	}
}

// By ssh, it is the ssh command that says who one is and whom one trusts, and the docker command at the
// other end that finds the engine.
func TestSSH(t *testing.T) { //nolint:paralleltest // it sets the environment
	server := lab.StartSSH(t)
	stranger := filepath.Join(t.TempDir(), "known_hosts")
	lab.Must(t, os.WriteFile(stranger, nil, 0o600))
	socket := swarmed.Nodes[0].Socket
	path := os.Getenv("PATH")
	for name, test := range map[string]struct {
		known, key, socket string
		class              sdk.Class
		says               string
	}{
		"as it should be":      {server.Known, server.Key, socket, "", ""},
		"an unknown host":      {stranger, server.Key, socket, sdk.Permanent, "Host key verification failed"},
		"a key that is none":   {server.Known, "", socket, sdk.Denied, "Permission denied (publickey)"},
		"no engine over there": {server.Known, server.Key, "/no/such.sock", sdk.Transient, "Cannot connect to the Docker daemon at ssh://127.0.0.1:"},
	} {
		bin := t.TempDir()
		server.Client(t, bin, test.known, test.key)
		t.Setenv("PATH", bin+string(os.PathListSeparator)+path)
		target, err := reach(t, connection.Config{Endpoint: "ssh://127.0.0.1:" + server.Port + test.socket})
		held(t, name, target, err, test.class, test.says)
	}
	t.Setenv("PATH", t.TempDir())
	_, err := reach(t, connection.Config{Endpoint: "ssh://127.0.0.1:" + server.Port + socket})
	held(t, "no ssh", sdk.Target{}, err, sdk.Permanent, `"ssh": executable file not found in $PATH`)
}

// An engine that manages no swarm is told at once, and what to do instead.
func TestAnEngineThatManagesNoSwarm(t *testing.T) {
	t.Parallel()
	own := lab.Own(t, 1, lab.Workers(1))
	_, err := reach(t, own.Nodes[1].Config())
	held(t, "a worker", sdk.Target{}, err, sdk.Permanent, "is a worker of its swarm; ask one of its managers instead")
	_, err = own.Nodes[0].Docker.SwarmLeave(t.Context(), client.SwarmLeaveOptions{Force: true})
	lab.Must(t, err)
	_, err = reach(t, own.Nodes[0].Config())
	held(t, "no swarm", sdk.Target{}, err, sdk.Permanent, "is in no swarm")
	lab.Must(t, own.Nodes[0].Kill())
	_, err = reach(t, own.Nodes[0].Config())
	held(t, "no engine", sdk.Target{}, err, sdk.Transient, "Cannot connect to the Docker daemon at unix://"+own.Nodes[0].Socket)
}

// For a moment a manager cannot say which swarm it manages: as that has no leader, or as it was demoted just now.
func TestAManagerThatCannotSayWhichSwarmItManages(t *testing.T) {
	t.Parallel()
	for name, is := range map[string]struct {
		swarm.Info
		says string
	}{
		"demoted since":    {swarm.Info{LocalNodeState: swarm.LocalNodeStateActive}, "it cannot say: it is no manager at this moment, and is started anew, or was demoted; ask again, or another manager"},
		"without a reason": {swarm.Info{LocalNodeState: swarm.LocalNodeStateActive, ControlAvailable: true}, "it cannot say: its swarm has no leader at this moment, or it is about to be no manager any more"},
		"with its own":     {swarm.Info{LocalNodeState: swarm.LocalNodeStateActive, ControlAvailable: true, Error: "The swarm does not have a leader."}, "no manager any more (The swarm does not have a leader.)"},
	} {
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Api-Version", "1.41")
			if strings.HasSuffix(r.URL.Path, "/_ping") {
				return
			}
			now := is.Info
			if asked++; asked == 1 { // as it is connected to
				now.ControlAvailable = true
			}
			_ = json.NewEncoder(w).Encode(system.Info{Swarm: now})
		}))
		t.Cleanup(server.Close)
		target, err := reach(t, connection.Config{Endpoint: server.URL})
		held(t, name, target, err, sdk.Transient, is.says)
	}
}
