package request

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Object is an object that was read, in the version that it had then.
type Object struct {
	Kind            string
	Namespace, Name string // no namespace: its kind has none
	UID             string
	// Version is its generation where it has one, which moves with what is wanted of it and
	// not with how it does; else a hash of what is neither status nor the server's bookkeeping.
	Version string
}

// Reading is all that is read in its context, by any client. Objects that come and go as
// another one's controller decides are left out, as are those that are written all the time.
type Reading struct {
	mu   sync.Mutex
	seen map[Object]bool
}

// readingKey is where a context holds the reading that it is of.
type readingKey struct{}

// In returns a context whose requests are part of the reading.
func (r *Reading) In(ctx context.Context) context.Context {
	return context.WithValue(ctx, readingKey{}, r)
}

// Objects are those that were read, in an order of their own.
func (r *Reading) Objects() []Object {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Object, 0, len(r.seen))
	for object := range r.seen {
		all = append(all, object)
	}
	slices.SortFunc(all, func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.UID, b.UID), cmp.Compare(a.Version, b.Version))
	})
	return all
}

// send sends a request, and notes what objects the answer has.
func send(server http.RoundTripper, request *http.Request) (*http.Response, error) {
	r, reads := request.Context().Value(readingKey{}).(*Reading)
	if !reads || !asksForObjects(request) {
		return server.RoundTrip(request)
	}
	answer, err := server.RoundTrip(asJSON(request))
	if err != nil || answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "application/json") {
		return answer, err
	}
	text, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(text))
	r.read(text, request.URL.Path)
	return answer, nil
}

// asksForObjects says whether a request is for objects as they are now, and not for what
// becomes of them, or for what is no object.
func asksForObjects(request *http.Request) bool {
	asked := request.URL.Query()
	return request.Method == http.MethodGet && strings.Contains(request.URL.Path, "/api") && !asked.Has("watch") && !asked.Has("follow")
}

// asJSON is a request whose answer can be read here, where the client would rather have
// another form of it.
func asJSON(request *http.Request) *http.Request {
	var forms []string
	for form := range strings.SplitSeq(strings.Join(request.Header.Values("Accept"), ","), ",") {
		if form = strings.TrimSpace(form); strings.HasPrefix(form, "application/json") {
			forms = append(forms, form)
		}
	}
	if len(forms) == 0 {
		return request
	}
	plain := request.Clone(request.Context())
	plain.Header.Set("Accept", strings.Join(forms, ","))
	return plain
}

// header is what is looked at of an object before all else.
type header struct {
	Namespace  string  `json:"namespace"`
	Name       string  `json:"name"`
	UID        string  `json:"uid"`
	Generation int64   `json:"generation"`
	Resource   string  `json:"resourceVersion"`
	Owners     []owner `json:"ownerReferences"`
}

type owner struct {
	Controller bool `json:"controller"`
}

// read notes the object in an answer from a path, or those of a list. What is neither is
// passed over.
func (r *Reading) read(answer []byte, path string) {
	var list struct {
		Kind  string            `json:"kind"`
		Items []json.RawMessage `json:"items"`
	}
	if json.Unmarshal(answer, &list) != nil {
		return
	}
	kind, isList := strings.CutSuffix(list.Kind, "List")
	parts := strings.Split(path, "/") // …/deployments, or …/deployments/web
	if !isList {
		r.note(called(kind, parts[max(0, len(parts)-2)]), answer)
		return
	}
	kind = called(kind, parts[len(parts)-1])
	for _, item := range list.Items {
		r.note(kind, item)
	}
}

// called is the kind of what was read, which is that of a resource where no more than the
// metadata was asked for.
func called(kind, resource string) string {
	if kind == "PartialObjectMetadata" {
		return resource
	}
	return kind
}

func (r *Reading) note(kind string, text []byte) {
	var object struct {
		Kind     string `json:"kind"` // of an item only in lists of any kind
		Metadata header `json:"metadata"`
	}
	if json.Unmarshal(text, &object) != nil || object.Metadata.UID == "" || object.Metadata.Name == "" {
		return
	}
	if object.Kind != "PartialObjectMetadata" {
		kind = cmp.Or(object.Kind, kind)
	}
	if restless(kind) || slices.ContainsFunc(object.Metadata.Owners, func(o owner) bool { return o.Controller }) {
		return
	}
	seen := Object{
		Kind: kind, Namespace: object.Metadata.Namespace, Name: object.Metadata.Name, UID: object.Metadata.UID,
		Version: versionOf(kind, object.Metadata, text),
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = make(map[Object]bool)
	}
	r.seen[seen] = true
}

// restless says of a kind that its objects are written while nothing changes but the time.
func restless(kind string) bool {
	return slices.Contains([]string{"Event", "Lease", "Endpoints"}, kind)
}

// versionOf tells the states of an object apart. No hash of a Secret leaves the cluster, by
// which somebody could try what is in it.
func versionOf(kind string, of header, text []byte) string {
	switch {
	case of.Generation > 0:
		return fmt.Sprintf("generation %d", of.Generation)
	case kind == "Secret":
		return "revision " + of.Resource
	}
	var object map[string]any
	if json.Unmarshal(text, &object) != nil {
		return "revision " + of.Resource
	}
	// An item of a list does not say what it is, and is the same.
	for _, name := range []string{"status", "kind", "apiVersion"} {
		delete(object, name)
	}
	if of, is := object["metadata"].(map[string]any); is {
		delete(of, "managedFields")
		delete(of, "resourceVersion")
	}
	bare, err := json.Marshal(object) // in one order
	if err != nil {
		return "revision " + of.Resource
	}
	sum := sha256.Sum256(bare)
	return "sha256:" + hex.EncodeToString(sum[:])
}
