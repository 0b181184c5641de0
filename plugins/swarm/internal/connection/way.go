package connection

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/cli/cli/config"
	dockercontext "github.com/docker/cli/cli/context"
	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
	"github.com/docker/cli/opts"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Way is the way to an engine.
type Way struct {
	Options []client.Opt
	Host    string // for people
	Context string // for people; empty: there is none
}

// The variables that the docker command goes by.
const (
	hostVariable     = client.EnvOverrideHost
	contextVariable  = "DOCKER_CONTEXT"
	tlsVariable      = "DOCKER_TLS"
	verifyVariable   = client.EnvTLSVerify
	certPathVariable = client.EnvOverrideCertPath
)

// defaultContext is the name of no context: what the environment says, or else the socket of
// this machine.
const defaultContext = "default"

// Way returns the way to the engine that is configured. Its errors are those of the fields.
func (c Config) Way() (Way, error) {
	endpoint, name, err := c.load()
	if err != nil {
		return Way{}, err
	}
	if c.Endpoint != "" {
		if endpoint.Host, err = address(c.Endpoint); err != nil {
			return Way{}, err
		}
	}
	if c.TLS != (TLS{}) {
		if endpoint.TLSData, err = c.TLS.read(); err != nil {
			return Way{}, err
		}
		endpoint.SkipTLSVerify = false // as the context may have it
	}
	endpoint.Host = cmp.Or(endpoint.Host, client.DefaultDockerHost)
	field := "endpoint"
	if c.Endpoint == "" && name != "" {
		field = "context"
	}
	if strings.HasPrefix(endpoint.Host, "http://") && endpoint.TLSData != nil {
		return Way{}, sdk.FieldErrorf(field, "%s is not encrypted, and there are certificates for it; https:// or tcp:// use them", endpoint.Host)
	}
	options, err := endpoint.ClientOpts()
	if err != nil {
		return Way{}, sdk.FieldErrorf(field, "%w", err)
	}
	return Way{Options: options, Host: endpoint.Host, Context: name}, nil
}

// load reads the endpoint of the context that is configured or current; with that, its name.
func (c Config) load() (endpoint docker.Endpoint, name string, err error) {
	name = c.Context
	switch {
	case name != "":
	case c.Endpoint != "":
		return endpoint, "", nil
	case os.Getenv(hostVariable) != "":
		return environment()
	default:
		name = os.Getenv(contextVariable)
	}
	if name == "" {
		file, err := config.Load("")
		if err != nil {
			return endpoint, "", sdk.FieldErrorf("context", "%w", err)
		}
		name = file.CurrentContext
	}
	if name == "" || name == defaultContext {
		return endpoint, "", nil
	}
	endpoint, err = stored(name)
	return endpoint, name, err
}

// address is what docker --host makes of one: with tcp:// and a port where they lack.
func address(of string) (string, error) {
	if strings.HasPrefix(of, "http://") || strings.HasPrefix(of, "https://") {
		return of, nil // which the library knows, and the command does not
	}
	host, err := opts.ParseHost(false, of)
	if err != nil {
		return "", sdk.FieldErrorf("endpoint", "%w", err)
	}
	return host, nil
}

// environment is the endpoint that DOCKER_HOST names. Certificates are for those who ask for TLS, which
// a folder of them alone does not, and a client need not have one.
func environment() (endpoint docker.Endpoint, name string, err error) {
	verify := os.Getenv(verifyVariable) != ""
	endpoint.Host, err = address(os.Getenv(hostVariable))
	if err != nil || !verify && os.Getenv(tlsVariable) == "" || !strings.HasPrefix(endpoint.Host, "tcp://") {
		return endpoint, "", err
	}
	dir := cmp.Or(os.Getenv(certPathVariable), config.Dir())
	of := func(file string) string { return filepath.Join(dir, file) }
	cert, key := of("cert.pem"), of("key.pem")
	for _, file := range []*string{&cert, &key} {
		if _, err := os.Stat(*file); errors.Is(err, fs.ErrNotExist) {
			*file = ""
		}
	}
	endpoint.SkipTLSVerify = !verify
	if endpoint.TLSData, err = dockercontext.TLSDataFromFiles(of("ca.pem"), cert, key); err != nil {
		return endpoint, "", sdk.FieldErrorf("endpoint", "the certificates for %s, of %s: %w", endpoint.Host, certPathVariable, err)
	}
	return endpoint, "", nil
}

// stored is the endpoint of a docker context.
func stored(name string) (docker.Endpoint, error) {
	contexts := store.New(config.ContextStoreDir(), store.NewConfig(nil, store.EndpointTypeGetter(docker.DockerEndpoint, func() any { return &docker.EndpointMeta{} })))
	metadata, err := contexts.GetMetadata(name)
	if err != nil {
		return docker.Endpoint{}, sdk.FieldErrorf("context", "there is no docker context %q in %s; there are %s", name, config.ContextStoreDir(), names(contexts))
	}
	meta, err := docker.EndpointFromContext(metadata)
	if err != nil {
		return docker.Endpoint{}, sdk.FieldErrorf("context", "docker context %q: %w", name, err)
	}
	endpoint, err := docker.WithTLSData(contexts, name, meta)
	if err != nil {
		return docker.Endpoint{}, sdk.FieldErrorf("context", "docker context %q: %w", name, err)
	}
	return endpoint, nil
}

// names lists the contexts that there are, for a sentence.
func names(contexts store.Lister) string {
	all, err := contexts.List()
	if err != nil || len(all) == 0 {
		return "none"
	}
	found := make([]string, 0, len(all))
	for _, one := range all {
		found = append(found, one.Name)
	}
	slices.Sort(found)
	return strings.Join(found, ", ")
}

// read reads the files.
func (t TLS) read() (*dockercontext.TLSData, error) {
	var data dockercontext.TLSData
	for _, file := range []struct {
		field, path string
		into        *[]byte
	}{{"tls.ca", t.CA, &data.CA}, {"tls.cert", t.Cert, &data.Cert}, {"tls.key", t.Key, &data.Key}} {
		if file.path == "" {
			continue
		}
		if !filepath.IsAbs(file.path) {
			return nil, sdk.FieldErrorf(file.field, "must be an absolute path")
		}
		text, err := os.ReadFile(file.path)
		if err != nil {
			return nil, sdk.FieldErrorf(file.field, "%w", err)
		}
		*file.into = text
	}
	if data.CA != nil && !x509.NewCertPool().AppendCertsFromPEM(data.CA) {
		return nil, sdk.FieldErrorf("tls.ca", "it holds no certificate in PEM")
	}
	if data.Cert != nil {
		if _, err := tls.X509KeyPair(data.Cert, data.Key); err != nil {
			return nil, sdk.FieldErrorf("tls.key", "%w", err)
		}
	}
	return &data, nil
}
