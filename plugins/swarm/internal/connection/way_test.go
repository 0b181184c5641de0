package connection_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/context"
	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/connection"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// place is a folder of docker's configuration, which this process has until the test ends: with the
// context prod, whose engine is asked with certificates; far, by ssh; and loose, which trusts any engine.
type place struct {
	dir    string
	engine *httptest.Server // it knows clients by the certificates of certs alone
	certs  string           // folder of ca.pem, cert.pem and key.pem
}

func newPlace(t *testing.T) place {
	t.Helper()
	before := config.Dir()
	p := place{dir: t.TempDir(), certs: t.TempDir()}
	config.SetDir(p.dir)
	t.Cleanup(func() { config.SetDir(before) })
	for _, variable := range []string{"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION"} {
		t.Setenv(variable, "")
	}

	authority := lab.NewAuthority(t, p.certs)
	cert, key := authority.Issue(t, p.certs, "anna")
	p.engine = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		w.Header().Set("Asked-By", r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	pair, err := tls.LoadX509KeyPair(cert, key)
	lab.Must(t, err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(p.read(t, "ca.pem"))
	p.engine.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, MinVersion: tls.VersionTLS12}
	p.engine.StartTLS()
	t.Cleanup(p.engine.Close)

	p.add(t, "prod", p.host(), false, &context.TLSData{CA: p.read(t, "ca.pem"), Cert: p.read(t, "cert.pem"), Key: p.read(t, "key.pem")})
	p.add(t, "far", "ssh://deployer@manager-1", false, nil)
	p.add(t, "loose", p.host(), true, &context.TLSData{Cert: p.read(t, "cert.pem"), Key: p.read(t, "key.pem")})
	return p
}

func (p place) host() string { return "tcp://" + p.engine.Listener.Addr().String() }

func (p place) read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.certs, file))
	lab.Must(t, err)
	return text
}

// add writes a context as docker context create does.
func (p place) add(t *testing.T, name, host string, loose bool, data *context.TLSData) {
	t.Helper()
	contexts := store.New(config.ContextStoreDir(), store.NewConfig(nil, store.EndpointTypeGetter(docker.DockerEndpoint, func() any { return &docker.EndpointMeta{} })))
	lab.Must(t, contexts.CreateOrUpdate(store.Metadata{Name: name, Endpoints: map[string]any{docker.DockerEndpoint: docker.EndpointMeta{Host: host, SkipTLSVerify: loose}}}))
	if data != nil {
		lab.Must(t, contexts.ResetEndpointTLSMaterial(name, docker.DockerEndpoint, data.ToStoreTLSData()))
	}
}

// current writes which context is docker's current one.
func (p place) current(t *testing.T, name string) {
	t.Helper()
	lab.Must(t, os.WriteFile(filepath.Join(p.dir, "config.json"), []byte(`{"currentContext": "`+name+`"}`), 0o600))
}

// tlsFiles are those of a connection's own.
func (p place) tlsFiles() connection.TLS {
	return connection.TLS{CA: filepath.Join(p.certs, "ca.pem"), Cert: filepath.Join(p.certs, "cert.pem"), Key: filepath.Join(p.certs, "key.pem")}
}

// The way is the one that the docker command takes.
func TestTheWay(t *testing.T) { //nolint:paralleltest // it sets the environment
	for name, test := range map[string]struct {
		config        connection.Config
		current       string
		environment   map[string]string
		host, context string
	}{
		"nothing is said":                  {host: client.DefaultDockerHost},
		"DOCKER_HOST":                      {environment: map[string]string{"DOCKER_HOST": "tcp://10.0.0.1:2375"}, host: "tcp://10.0.0.1:2375"},
		"DOCKER_HOST without a port":       {environment: map[string]string{"DOCKER_HOST": "10.0.0.1"}, host: "tcp://10.0.0.1:2375"},
		"an endpoint without a port":       {config: connection.Config{Endpoint: "tcp://10.0.0.1"}, host: "tcp://10.0.0.1:2375"},
		"DOCKER_HOST before a context":     {environment: map[string]string{"DOCKER_HOST": "unix:///x.sock", "DOCKER_CONTEXT": "far"}, current: "far", host: "unix:///x.sock"},
		"DOCKER_CONTEXT":                   {environment: map[string]string{"DOCKER_CONTEXT": "far"}, host: "ssh://deployer@manager-1", context: "far"},
		"the current context":              {current: "far", host: "ssh://deployer@manager-1", context: "far"},
		"DOCKER_CONTEXT before it":         {environment: map[string]string{"DOCKER_CONTEXT": "default"}, current: "far", host: client.DefaultDockerHost},
		"a context before all of these":    {config: connection.Config{Context: "far"}, environment: map[string]string{"DOCKER_HOST": "unix:///x.sock"}, current: "prod", host: "ssh://deployer@manager-1", context: "far"},
		"an endpoint before all of these":  {config: connection.Config{Endpoint: "ssh://manager-2"}, environment: map[string]string{"DOCKER_HOST": "unix:///x.sock"}, current: "prod", host: "ssh://manager-2"},
		"an endpoint instead of a context": {config: connection.Config{Context: "far", Endpoint: "unix:///y.sock"}, host: "unix:///y.sock", context: "far"},
		"no context":                       {config: connection.Config{Context: "default"}, current: "far", host: client.DefaultDockerHost},
		"certificates for no TLS":          {environment: map[string]string{"DOCKER_HOST": "unix:///x.sock", "DOCKER_TLS_VERIFY": "1"}, host: "unix:///x.sock"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			if test.current != "" {
				p.current(t, test.current)
			}
			for variable, value := range test.environment {
				t.Setenv(variable, value)
			}
			way, err := test.config.Way()
			if err != nil {
				t.Fatal(err)
			}
			if way.Host != test.host || way.Context != test.context {
				t.Errorf("it leads to %s by the context %q, want %s by %q", way.Host, way.Context, test.host, test.context)
			}
			if _, err := client.New(way.Options...); err != nil {
				t.Error(err)
			}
		})
	}
}

// By whichever way certificates are given, the engine is known by them, and knows who asks.
func TestCertificates(t *testing.T) { //nolint:paralleltest // it sets the environment
	for name, test := range map[string]struct {
		config      func(*testing.T, place) connection.Config
		environment func(place) map[string]string
		says        string // empty: it is answered
	}{
		"of a context": {
			config: func(*testing.T, place) connection.Config { return connection.Config{Context: "prod"} },
		},
		"of a context, for another address": {
			config: func(_ *testing.T, p place) connection.Config {
				return connection.Config{Context: "prod", Endpoint: p.host()}
			},
		},
		"of a context that trusts any engine": {
			config: func(*testing.T, place) connection.Config { return connection.Config{Context: "loose"} },
		},
		"of the connection": {
			config: func(_ *testing.T, p place) connection.Config {
				return connection.Config{Endpoint: p.host(), TLS: p.tlsFiles()}
			},
		},
		"of the connection, which trusts its authority alone": {
			config: func(t *testing.T, p place) connection.Config {
				files := p.tlsFiles()
				files.CA = lab.NewAuthority(t, p.dir).CA
				return connection.Config{Context: "loose", Endpoint: p.host(), TLS: files}
			},
			says: "certificate signed by unknown authority",
		},
		"none": {
			config: func(_ *testing.T, p place) connection.Config {
				return connection.Config{Endpoint: p.host(), TLS: connection.TLS{CA: p.tlsFiles().CA}}
			},
			says: "certificate required",
		},
		"of the environment": {
			environment: func(p place) map[string]string {
				return map[string]string{"DOCKER_HOST": p.host(), "DOCKER_CERT_PATH": p.certs, "DOCKER_TLS_VERIFY": "1"}
			},
		},
		"of the environment, with any engine trusted": {
			environment: func(p place) map[string]string {
				return map[string]string{"DOCKER_HOST": p.host(), "DOCKER_CERT_PATH": p.certs, "DOCKER_TLS": "1"}
			},
		},
		"of the environment, and TLS not asked for": {
			environment: func(p place) map[string]string {
				return map[string]string{"DOCKER_HOST": p.host(), "DOCKER_CERT_PATH": p.certs}
			},
			says: "HTTP request to an HTTPS server",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			var configured connection.Config
			if test.config != nil {
				configured = test.config(t, p)
			}
			if test.environment != nil {
				for variable, value := range test.environment(p) {
					t.Setenv(variable, value)
				}
			}
			way, err := configured.Way()
			if err != nil {
				t.Fatal(err)
			}
			docker, err := client.New(way.Options...)
			lab.Must(t, err)
			_, err = docker.Ping(t.Context(), client.PingOptions{NegotiateAPIVersion: true})
			if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

// What is wrong with a configuration is told by its field.
func TestAWayThatIsNone(t *testing.T) { //nolint:paralleltest // it sets the environment
	p := newPlace(t)
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		lab.Must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	other := t.TempDir()
	_, wrong := lab.NewAuthority(t, other).Issue(t, other, "bob")
	files := p.tlsFiles()
	for name, test := range map[string]struct {
		config      connection.Config
		environment map[string]string
		field, says string
	}{
		"unknown context":       {connection.Config{Context: "staging"}, nil, "context", `no docker context "staging" in ` + filepath.Join(p.dir, "contexts") + "; there are far, loose, prod"},
		"unknown in variable":   {connection.Config{}, map[string]string{"DOCKER_CONTEXT": "staging"}, "context", `no docker context "staging"`},
		"no address of docker":  {connection.Config{}, map[string]string{"DOCKER_HOST": "ftp://10.0.0.1"}, "endpoint", "ftp://10.0.0.1"},
		"no host":               {connection.Config{Endpoint: "ssh://"}, nil, "endpoint", "host"},
		"password in ssh":       {connection.Config{Endpoint: "ssh://anna:hunter2@manager-1"}, nil, "endpoint", "plain-text password"},
		"relative path":         {connection.Config{Endpoint: p.host(), TLS: connection.TLS{CA: "ca.pem"}}, nil, "tls.ca", "absolute"},
		"no such file":          {connection.Config{Endpoint: p.host(), TLS: connection.TLS{CA: files.CA, Cert: "/no/such/file", Key: files.Key}}, nil, "tls.cert", "no such file"},
		"no certificate":        {connection.Config{Endpoint: p.host(), TLS: connection.TLS{CA: file("ca.pem", "hello")}}, nil, "tls.ca", "no certificate in PEM"},
		"key of another":        {connection.Config{Endpoint: p.host(), TLS: connection.TLS{CA: files.CA, Cert: files.Cert, Key: wrong}}, nil, "tls.key", "private key does not match public key"},
		"certificates in clear": {connection.Config{Endpoint: "http://10.0.0.1:2375", Context: "prod"}, nil, "endpoint", "is not encrypted"},
		"no certificates":       {connection.Config{}, map[string]string{"DOCKER_HOST": p.host(), "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": other + "/none"}, "endpoint", "DOCKER_CERT_PATH"},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range test.environment {
				t.Setenv(variable, value)
			}
			way, err := test.config.Way()
			if err == nil {
				t.Fatalf("it leads to %s", way.Host)
			}
			if said := sdk.AsError(err); said.Class != sdk.Permanent || said.Field != test.field || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got a %s error about %q: %v", said.Class, said.Field, err)
			}
		})
	}
}

func TestAConfigurationOfDockerThatCannotBeRead(t *testing.T) { //nolint:paralleltest // it sets the environment
	p := newPlace(t)
	lab.Must(t, os.WriteFile(filepath.Join(p.dir, "config.json"), []byte("{"), 0o600))
	_, err := connection.Config{}.Way()
	if err == nil || sdk.AsError(err).Field != "context" || !strings.Contains(err.Error(), "config.json") {
		t.Errorf("got %v", err)
	}
}
