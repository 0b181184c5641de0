package request

import (
	"errors"
	"net"
	"net/http"
	"net/url"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// Clients are what asks a server by one configuration. Their requests end with their
// context wherever they are.
type Clients struct {
	Kube     kubernetes.Interface
	Objects  dynamic.Interface  // of any kind
	Metadata metadata.Interface // of objects of any kind, and nothing else of them
}

// For makes the clients of a configuration, whose credentials somebody gives.
func For(config *rest.Config, giver Giver) (Clients, error) {
	client, err := clientFor(config, giver)
	if err != nil {
		return Clients{}, err
	}
	kube, failedKube := kubernetes.NewForConfigAndClient(config, client)
	objects, failedObjects := dynamic.NewForConfigAndClient(config, client)
	meta, failedMetadata := metadata.NewForConfigAndClient(config, client)
	return Clients{kube, objects, meta}, errors.Join(failedKube, failedObjects, failedMetadata)
}

func clientFor(config *rest.Config, giver Giver) (*http.Client, error) {
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, err
	}
	if giver.Name != "" {
		transport = Prompt(transport, giver)
	}
	return &http.Client{Transport: transport, Timeout: config.Timeout}, nil
}

// Address is where the server of a configuration is. What an address holds is shown
// wherever the server is named, so that a user and a password in it are moved to where the
// configuration has them. They are taken before all other credentials, as client-go does.
func Address(config *rest.Config) (*url.URL, error) {
	server, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, errors.New("it is no address of a server, which is a URL or host:port") // which err would quote
	}
	if server.User == nil {
		return server, nil
	}
	config.Username = server.User.Username()
	config.Password, _ = server.User.Password()
	config.BearerToken, config.BearerTokenFile, config.ExecProvider, config.AuthProvider = "", "", nil, nil
	server.User = nil
	config.Host = server.String()
	return server, nil
}

// InTheClear says whether everybody on the way to a server could read the credentials of a
// configuration. The way to the machine itself is nobody's but its own.
func InTheClear(server *url.URL, config *rest.Config) bool {
	sends := config.BearerToken != "" || config.BearerTokenFile != "" || config.Username != "" || config.ExecProvider != nil || config.AuthProvider != nil
	return sends && server.Scheme == "http" && server.Hostname() != "localhost" && !net.ParseIP(server.Hostname()).IsLoopback()
}
