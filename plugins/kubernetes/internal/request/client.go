package request

import (
	"errors"
	"net/http"

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
