package lab

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// Through connects by way of a [Lab.Proxy].
func (l *Lab) Through(t testing.TB, serve func(w http.ResponseWriter, r *http.Request, api http.Handler)) *cluster.Cluster {
	t.Helper()
	config := l.Config()
	config.Endpoint = l.Proxy(t, serve)
	return l.connect(t, config)
}

// Proxy starts a proxy that stands before the API server, and returns its address. serve
// is given each request, and hands on to api those that shall reach it.
func (l *Lab) Proxy(t testing.TB, serve func(w http.ResponseWriter, r *http.Request, api http.Handler)) string {
	t.Helper()
	admin, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig)
	Must(t, err)
	admin.NextProtos = []string{"http/1.1"}                                // HTTP/2 has no upgrades, which exec begins with
	transport, err := rest.TransportFor(rest.AnonymousClientConfig(admin)) // the client's own token goes on
	Must(t, err)
	target, err := url.Parse(admin.Host)
	Must(t, err)
	api := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: transport, FlushInterval: -1,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(w, r, api) }))
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections) // it runs first: watches would hold the server
	return server.URL
}

// Ahead connects so that somebody else comes first: meddle is called just before the first
// request by a method reaches the server whose path ends with a text.
func (l *Lab) Ahead(t testing.TB, method, path string, meddle func(ctx context.Context) error) *cluster.Cluster {
	t.Helper()
	var met atomic.Bool
	return l.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if r.Method == method && strings.HasSuffix(r.URL.Path, path) && met.CompareAndSwap(false, true) {
			if err := meddle(r.Context()); err != nil {
				t.Error(err)
			}
		}
		api.ServeHTTP(w, r)
	})
}

// Losing connects so that the first change of an object is made, and its answer lost, as
// when the connection breaks.
func (l *Lab) Losing(t testing.TB) *cluster.Cluster {
	t.Helper()
	return l.losing(t, func(r *http.Request) bool { return r.Method == http.MethodPatch || r.Method == http.MethodPut })
}

// LosingNew is the same for the first object of a resource that is made: "jobs".
func (l *Lab) LosingNew(t testing.TB, resource string) *cluster.Cluster {
	t.Helper()
	return l.losing(t, func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/"+resource)
	})
}

// losing connects so that the answer to the first request is lost which changes something
// and is one that is meant.
func (l *Lab) losing(t testing.TB, meant func(r *http.Request) bool) *cluster.Cluster {
	t.Helper()
	var lost atomic.Bool
	return l.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if !meant(r) || r.URL.Query().Has("dryRun") || !lost.CompareAndSwap(false, true) {
			api.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler) // the server's word for cutting a connection
	})
}
