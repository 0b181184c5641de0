package steps

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"maps"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// serveGRPC starts a server on loopback and returns its address.
func serveGRPC(t *testing.T, server *grpc.Server) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

func TestGRPCHealth(t *testing.T) {
	t.Parallel()
	states := health.NewServer()
	states.SetServingStatus("up", grpc_health_v1.HealthCheckResponse_SERVING)
	states.SetServingStatus("down", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	server := grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, in any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		told, _ := metadata.FromIncomingContext(ctx)
		if authority := told[":authority"]; len(authority) == 1 && authority[0] == "guarded.test" && len(told["token"]) == 0 {
			return nil, status.Error(codes.Unauthenticated, "no token")
		}
		return next(ctx, in)
	}))
	grpc_health_v1.RegisterHealthServer(server, states)
	address := serveGRPC(t, server)
	tests := []struct {
		name string
		with params
		want failure
	}{
		{name: "the server as a whole"},
		{name: "a service that serves", with: params{"service": "up", "consecutive": 3, "interval": "10ms"}},
		{name: "a service that does not", with: params{"service": "down"}, want: failure{sdk.Transient, "", "the service down is NOT_SERVING"}},
		{name: "a service that is not known", with: params{"service": "who"}, want: failure{sdk.Transient, "", "does not know the service who"}},
		{name: "without what the authority asks for", with: params{"authority": "guarded.test", "within": "1h"}, want: failure{sdk.Denied, "", "no token"}},
		{name: "with what the authority asks for", with: params{"authority": "guarded.test", "metadata": params{"token": "t0ken"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			with := params{"address": address, "plaintext": true}
			maps.Copy(with, tt.with)
			got, err := apply(t, grpcHealth(Options{}), with)
			if tt.want.class != "" {
				tt.want.check(t, err)
			} else if err != nil || got.Status != "SERVING" || got.Latency <= 0 {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestGRPCHealthWithoutTheService(t *testing.T) {
	t.Parallel()
	address := serveGRPC(t, grpc.NewServer())
	_, err := apply(t, grpcHealth(Options{}), params{"address": address, "plaintext": true, "within": "1h"})
	failure{sdk.Permanent, "", "does not have the service grpc.health.v1.Health"}.check(t, err)
}

func TestGRPCHealthOfAClosedPort(t *testing.T) {
	t.Parallel()
	_, err := apply(t, grpcHealth(Options{}), params{"address": closedPort, "plaintext": true})
	failure{sdk.Transient, "", "refused"}.check(t, err)
}

func TestGRPCHealthOverTLS(t *testing.T) {
	t.Parallel()
	// An HTTP test server is the standard library's source of a certificate.
	web := httptest.NewUnstartedServer(nil)
	web.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it are the point
	web.StartTLS()
	t.Cleanup(web.Close)
	dir := t.TempDir()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), authority, 0o600); err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12})))
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	address := serveGRPC(t, server)
	got, err := apply(t, grpcHealth(Options{Dir: dir}), params{"address": address, "tls": params{"caFile": "ca.pem"}})
	if err != nil || got.Status != "SERVING" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = apply(t, grpcHealth(Options{Dir: dir}), params{"address": address, "within": "1h"})
	failure{sdk.Permanent, "", "unknown authority"}.check(t, err)
	_, err = apply(t, httpCheck(Options{Dir: dir}), params{"url": web.URL, "within": "1h"})
	failure{sdk.Permanent, "", "unknown authority"}.check(t, err)
}
