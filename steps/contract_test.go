package steps

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// in is a world of parameters alone.
func in(with params) func(testing.TB) sdktest.World {
	return func(testing.TB) sdktest.World { return sdktest.World{Params: with} }
}

// keyed is a server that does nothing twice for one key, and counts what it did.
func keyed(t testing.TB) (address string, state func() string) {
	var mu sync.Mutex
	keys := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		keys[r.Header.Get("Idempotency-Key")] = true
	}))
	t.Cleanup(server.Close)
	return server.URL, func() string {
		mu.Lock()
		defer mu.Unlock()
		return fmt.Sprint(len(keys))
	}
}

// inArchive is a world in which only the directory can change.
func inArchive(o Options) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		dir := evidence(t)
		return sdktest.World{
			Params: params{
				"to":       filepath.Join(dir, "out", "all.tar.gz"),
				"files":    []any{params{"from": filepath.Join(dir, "log")}},
				"commands": []any{params{"name": "hello", "argv": []any{"echo", "hello"}}},
			},
			Probe: func() string { return treeState(o.path(dir)) },
		}
	}
}

// inTaken is such a world where something has the archive's name already.
func inTaken(o Options, text []byte) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		world := inArchive(o)(t)
		to, _ := world.Params["to"].(string)
		place(t, to, text)
		return world
	}
}

// loopback are the servers that the cases act on.
type loopback struct {
	http, hanging, stuck, prometheus, grpc, dns, tcp string
}

func startLoopback(t *testing.T) loopback {
	t.Helper()
	healthy := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(healthy, health.NewServer())
	return loopback{
		http:       serve(t, says(200, "ok")),
		hanging:    serveNothing(t, func() {}),
		stuck:      listen(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }),
		prometheus: serve(t, says(200, vector(series("a", "1")))),
		grpc:       serveGRPC(t, healthy),
		dns:        serveDNS(t, testZone),
		tcp:        listen(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "220 hello") }),
	}
}

// TestContract runs the contract suite over every built-in action.
func TestContract(t *testing.T) {
	t.Parallel()
	o := Options{Environ: []string{"PATH=" + os.Getenv("PATH")}, Dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(o.Dir, "digits"), []byte(digits), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := o.readCases(startLoopback(t))
	maps.Copy(cases, o.changeCases())
	handlers, err := Builtin(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, handler := range handlers {
		name := handler.Describe().Name
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if len(cases[name]) == 0 {
				t.Fatalf("%s has no case", name)
			}
			sdktest.Run(t, handler, cases[name]...)
		})
	}
}

func (o Options) readCases(at loopback) map[string][]sdktest.Case {
	return map[string][]sdktest.Case{
		"assert": {
			{Name: "true", World: in(params{"that": true})},
			{Name: "false", World: in(params{"that": false}), Fails: sdk.Permanent},
		},
		"dns.wait": {
			{Name: "there", World: in(params{"name": "web", "servers": []any{at.dns}})},
			{Name: "not there", World: in(params{"name": "gone", "servers": []any{at.dns}}), Blocks: true},
		},
		"exec.check": {
			{Name: "succeeds", World: in(params{"command": []any{"echo", "hello"}, "env": params{"TOKEN": "t0ken"}})},
			{Name: "says no", World: in(params{"script": "exit 3"})},
			{Name: "fails", World: in(params{"script": "exit 3", "okExitCodes": []any{0}}), Fails: sdk.Transient},
			{Name: "sleep", World: in(params{"command": []any{"sleep", "1000"}, "timeout": "1h"}), Blocks: true},
		},
		"file.verify": {
			{Name: "right", World: in(params{"path": "digits", "crc32": digitsCRC})},
			{Name: "wrong", World: in(params{"path": "digits", "size": 1}), Fails: sdk.Permanent},
		},
		"grpc.health": {
			{Name: "serving", World: in(params{"address": at.grpc, "plaintext": true, "metadata": params{"token": "t0ken"}})},
			{Name: "stuck", World: in(params{"address": at.stuck, "plaintext": true, "timeout": "1h"}), Blocks: true},
		},
		"http.check": {
			{Name: "up", World: in(params{"url": at.http, "bearerToken": "t0ken", "headers": params{"X-Key": "k3ys"}})},
			{Name: "down", World: in(params{"url": at.http, "expectStatus": []any{201}, "bearerToken": "t0ken"}), Fails: sdk.Transient},
			{Name: "hangs", World: in(params{"url": at.hanging, "timeout": "1h"}), Blocks: true},
		},
		"prometheus.query": {
			{Name: "one", World: in(params{"url": at.prometheus, "query": "up", "bearerToken": "t0ken"})},
			{Name: "hangs", World: in(params{"url": at.hanging, "query": "up", "timeout": "1h"}), Blocks: true},
		},
		"tcp.check": {
			{Name: "greets", World: in(params{"address": at.tcp, "expect": "^220"})},
			{Name: "stuck", World: in(params{"address": at.stuck, "expect": "^220", "timeout": "1h"}), Blocks: true},
		},
		"wait": {
			{Name: "for no time", World: in(params{"for": "1ms"})},
			{Name: "for long", World: in(params{"for": "1000h"}), Blocks: true},
		},
	}
}

func (o Options) changeCases() map[string][]sdktest.Case {
	yes := sdk.Answer{
		Approved: true, By: "ann", At: time.Date(2026, 3, 1, 22, 0, 0, 0, time.UTC), Fields: json.RawMessage(`{"serial": "ABC1", "slot": 3}`),
	}
	send := func(with params) func(testing.TB) sdktest.World {
		return func(t testing.TB) sdktest.World {
			address, state := keyed(t)
			own := params{"url": address + "/s3cret-path"}
			maps.Copy(own, with)
			return sdktest.World{Params: own, Probe: state}
		}
	}
	return map[string][]sdktest.Case{
		"approve": {{Name: "yes", World: in(params{"message": "Go on?"}), Answer: yes}},
		"collect": {
			{Name: "a directory", World: inArchive(o)},
			{Name: "the name is taken by another archive", World: inTaken(o, otherArchive(""))},
			{Name: "the name is taken by something else", World: inTaken(o, []byte("mine"))},
		},
		"exec": {
			{Name: "echo", World: in(params{"command": []any{"echo", "hello"}})},
			{Name: "sleep", World: in(params{"command": []any{"sleep", "1000"}}), Blocks: true},
		},
		"http.request": {
			{Name: "POST", World: send(params{"json": 1, "headers": params{"X-Key": "k3ys"}, "bearerToken": "t0ken-of-bearer"})},
			{Name: "PUT", World: send(params{"method": "PUT", "form": params{"a": "b"}})},
		},
		"manual": {{Name: "fields", World: in(manualParams()), Answer: yes}},
		"notify.webhook": {
			{Name: "sent", World: send(params{"text": "hello", "bearerToken": "t0ken-of-bearer"})},
			{Name: "refused", World: send(params{"text": "hello", "format": "dingtalk", "signingSecret": "SECs3cret"}), Fails: sdk.Permanent},
		},
	}
}
