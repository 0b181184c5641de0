package request_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
)

// given is a program that logs in: it does what its runs say, one after the other.
const given = `#!/bin/sh
read -r run rest < "$0.runs"
tail -n +2 "$0.runs" > "$0.left" && mv "$0.left" "$0.runs"
echo "it is $run" >&2
if [ "$run" = out ]; then exit 1; fi
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"%s}}' "$run" "$rest"
`

// expired is what a run says whose credentials are for one request.
const expired = ` ,"expirationTimestamp":"2020-01-01T00:00:00Z"`

// asking is a client whose credentials a program gives by these runs, of a server that says
// what the status of the credentials is; 0: it breaks off.
func asking(t *testing.T, runs []string, says map[string]int) kubernetes.Interface {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := says[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"shop"}}`)
	}))
	t.Cleanup(server.Close)
	program := filepath.Join(t.TempDir(), "login")
	if err := os.WriteFile(program, []byte(given), 0o700); err != nil { //nolint:gosec // it is a program
		t.Fatal(err)
	}
	if err := os.WriteFile(program+".runs", []byte(strings.Join(runs, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := &rest.Config{Host: server.URL, QPS: -1, ExecProvider: &clientcmdapi.ExecConfig{
		Command: program, APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
	}}
	config.Wrap(request.Noting)
	giver, err := request.GiverOf(config)
	if err != nil {
		t.Fatal(err)
	}
	clients, err := request.For(config, giver)
	if err != nil {
		t.Fatal(err)
	}
	return clients.Kube
}

// What a program says is for whoever has to mend that it gives nothing that the server
// takes. What it said in a run that gave credentials may hold them, and is told nobody.
func TestTheWordsOfAProgramThatGivesNothingAreTold(t *testing.T) { //nolint:paralleltest // each takes the standard error of the process for a moment
	const denied = "the server has asked for the client to provide credentials"
	for name, test := range map[string]struct {
		runs  []string
		says  map[string]int
		first string // what is said of the first request, of two
		last  string // and of the other
	}{
		"it gives nothing": {
			[]string{"out", "good"}, map[string]int{"good": 200}, "exit code 1; it said last: it is out", "",
		},
		"the login is denied, and there is no other": {
			[]string{"good", "out", "new"},
			map[string]int{"good": 401, "new": 200},
			"Unauthorized; the credential program login, which was asked for other credentials, said last: it is out", denied,
		},
		"the login is denied, and there is another": {
			[]string{"good", "new"}, map[string]int{"good": 401, "new": 200}, denied, "",
		},
		"the login is denied, and there is the same again": {
			[]string{"good", "good", "new"},
			map[string]int{"good": 401, "new": 200},
			"Unauthorized; the credential program login, which was asked for other credentials, gave no others", denied,
		},
		"the login is denied, and there is the same again, and then none": {
			[]string{"good", "good", "out"},
			map[string]int{"good": 401},
			"which was asked for other credentials, gave no others", "which was asked for other credentials, said last: it is out",
		},
		"the server breaks off, and when client-go tries again there is no login": {
			[]string{"good" + expired, "out", "new"}, map[string]int{"new": 200}, "exit code 1; it said last: it is out", "",
		},
		"the login is good, and then there is none": {
			[]string{"good" + expired, "out"}, map[string]int{"good": 200}, "", "exit code 1; it said last: it is out",
		},
	} {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // as above
			kube := asking(t, test.runs, test.says)
			for _, want := range []string{test.first, test.last} {
				_, err := kube.CoreV1().Namespaces().Get(t.Context(), "shop", metav1.GetOptions{})
				switch {
				case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
					t.Errorf("got %v, want %q", err, want)
				case !strings.Contains(want, "it is") && err != nil && strings.Contains(err.Error(), "it is"),
					want != "" && strings.Count(err.Error(), "it is") > 1:
					t.Errorf("it told too much: %v", err)
				case (want == denied || strings.Contains(want, "asked for other")) && !apierrors.IsUnauthorized(err):
					t.Errorf("it is no refusal any more: %#v", err)
				}
			}
		})
	}
}
