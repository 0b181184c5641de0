package nodes_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
)

// through connects through a proxy that stands before the API server of a lab. What
// answers says that it answered, goes no further.
func through(t testing.TB, l *lab.Lab, answers func(http.ResponseWriter, *http.Request) bool, change func(*cluster.Config)) *cluster.Cluster {
	t.Helper()
	admin, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig)
	lab.Must(t, err)
	transport, err := rest.TransportFor(rest.AnonymousClientConfig(admin)) // the client's own token goes on
	lab.Must(t, err)
	target, err := url.Parse(admin.Host)
	lab.Must(t, err)
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: transport, FlushInterval: -1,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answers(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.CloseClientConnections) // watches would hold it
	t.Cleanup(server.Close)
	config := l.Config()
	config.Endpoint = server.URL
	if change != nil {
		change(&config)
	}
	c := &cluster.Cluster{}
	lab.Must(t, c.Connect(t.Context(), config))
	return c
}
