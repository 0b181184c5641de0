package lab

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Registry is the address of a lab's registry of images, for its nodes.
const Registry = middle + ":5000"

// serveImages starts the registry, on the lab's network and nowhere else.
func (l *Lab) serveImages() (err error) {
	if l.registry, err = listen(l.network.bridge(), Registry); err != nil {
		return err
	}
	server := &http.Server{Handler: registry.New(registry.Logger(log.New(io.Discard, "", 0))), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l.registry) }() // it ends with its listener
	return nil
}

// Push puts an image of the demo into the registry, and returns by what name nodes pull it.
func (l *Lab) Push(ctx context.Context, image string) (reference string, err error) {
	return l.PushAs(ctx, image, image)
}

// PushAs puts an image of the demo into the registry under another tag, which may have been another image.
func (l *Lab) PushAs(ctx context.Context, image, as string) (reference string, err error) {
	made, err := l.built(image)
	if err != nil {
		return "", err
	}
	tag, err := name.NewTag(Registry+"/"+as, name.Insecure)
	if err != nil {
		return "", err
	}
	transport := &http.Transport{DialContext: l.Dial}
	defer transport.CloseIdleConnections()
	return tag.Name(), remote.Write(tag, made, remote.WithContext(ctx), remote.WithTransport(transport))
}

// Dial connects from the middle of the lab's network, as from a machine that is none of its nodes.
func (l *Lab) Dial(ctx context.Context, network, to string) (net.Conn, error) {
	return dial(ctx, l.network.bridge(), network, to)
}
