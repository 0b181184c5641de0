package lab

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Registry is the address of a lab's registry of images, for its nodes. Private is another one of it, of
// the same images, where only those get any who log in.
const (
	Registry = middle + ":5000"
	Private  = middle + ":5001"
)

// deployer and password are those of who may log in.
const deployer, password = "deployer", "hunter2"

// serveImages starts the registry, on the lab's network and nowhere else.
func (l *Lab) serveImages() error {
	images := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	for address, handler := range map[string]http.Handler{Registry: images, Private: asking(images)} {
		listener, err := listen(l.network.bridge(), address)
		if err != nil {
			return err
		}
		l.registry = append(l.registry, listener)
		server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
		go func() { _ = server.Serve(listener) }() // it ends with its listener
	}
	return nil
}

// asking is a registry that asks for a login.
func asking(images http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, word, is := r.BasicAuth(); !is || name != deployer || word != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="the lab"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		images.ServeHTTP(w, r)
	})
}

// logIn has this process find the credentials where docker has them.
func logIn(dir string) error {
	dir = filepath.Join(dir, "docker")
	file, err := config.Load(dir)
	if err != nil {
		return err
	}
	file.AuthConfigs[Private] = types.AuthConfig{Username: deployer, Password: password, ServerAddress: Private}
	config.SetDir(dir)
	return file.Save()
}

// PushPrivate puts an image of the demo into the registry under another tag, and returns by what name those
// pull it who log in.
func (l *Lab) PushPrivate(ctx context.Context, image, as string) (reference string, err error) {
	_, err = l.PushAs(ctx, image, as)
	return Private + "/" + as, err
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
