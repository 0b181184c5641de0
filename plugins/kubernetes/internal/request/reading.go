package request

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// Reading is all that is read in its context, by any client. Listed objects that come and go
// as another one's controller decides are left out, as are those that are written all the
// time.
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

// Aside returns a context whose requests are part of no reading yet, for whoever has to look
// through more objects than matter in the end. keep adds some of what they read to the
// reading of ctx, once it is known which: those of these UIDs, each by the name of a kind or,
// where that is empty, by the one that it was read by.
func Aside(ctx context.Context) (aside context.Context, keep func(kinds map[types.UID]string)) {
	r, reads := ctx.Value(readingKey{}).(*Reading)
	if !reads {
		return ctx, func(map[types.UID]string) {}
	}
	through := &Reading{}
	return through.In(ctx), func(kinds map[types.UID]string) {
		for _, object := range through.Objects() {
			if kind, matters := kinds[types.UID(object.UID)]; matters {
				object.Kind = cmp.Or(kind, object.Kind)
				r.note(object)
			}
		}
	}
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

// read notes the object in an answer from a path, or those of a list, and of a list only what
// does not come and go as another one's controller decides: who asks for an object by its
// name means it, whoever made it. What is neither is passed over.
func (r *Reading) read(answer []byte, path string) {
	of := resourceOf(path)
	if named, is := seenIn(of, "", answer); is { // also one whose own kind is an AllowList
		r.note(named.Object)
		return
	}
	var list struct {
		Kind  string            `json:"kind"`
		Items []json.RawMessage `json:"items"`
	}
	if json.Unmarshal(answer, &list) != nil {
		return
	}
	kind := strings.TrimSuffix(list.Kind, "List")
	for _, item := range list.Items {
		if listed, is := seenIn(of, kind, item); is && !listed.controlled {
			r.note(listed.Object)
		}
	}
}

// note adds an object to the reading.
func (r *Reading) note(object Object) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = make(map[Object]bool)
	}
	r.seen[object] = true
}
