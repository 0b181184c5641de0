package request_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
)

// saying is a server that answers each path with a JSON document, and keeps what it was
// asked for last.
type saying struct {
	documents map[string]string
	accept    string
}

func (s *saying) RoundTrip(asked *http.Request) (*http.Response, error) {
	s.accept = asked.Header.Get("Accept")
	text, known := s.documents[asked.URL.Path]
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(text))}
	if !known {
		answer.StatusCode = http.StatusNotFound
	}
	return answer, nil
}

// ask asks a server for a path, as client-go does.
func ask(t *testing.T, ctx context.Context, server http.RoundTripper, path string) {
	t.Helper()
	asked, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://cluster"+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	asked.Header.Set("Accept", "application/vnd.kubernetes.protobuf;as=X,application/json;as=X")
	answer, err := request.Noting(server).RoundTrip(asked)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(answer.Body); err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
}

// reads asks for paths and returns what was read, a line each.
func reads(t *testing.T, server http.RoundTripper, paths ...string) string {
	t.Helper()
	var reading request.Reading
	for _, path := range paths {
		ask(t, reading.In(t.Context()), server, path)
	}
	return told(&reading)
}

// told is what was read, a line each.
func told(reading *request.Reading) string {
	var all strings.Builder
	for _, o := range reading.Objects() {
		fmt.Fprintf(&all, "%s %s/%s %s %.20s\n", o.Kind, o.Namespace, o.Name, o.UID, o.Version)
	}
	return all.String()
}

const (
	deployments = "/apis/apps/v1/namespaces/shop/deployments/web"
	services    = "/api/v1/namespaces/shop/services"
)

func TestAReadingKnowsWhatWasRead(t *testing.T) {
	t.Parallel()
	server := &saying{documents: map[string]string{
		deployments: `{"kind":"Deployment","metadata":{"namespace":"shop","name":"web","uid":"u1","generation":7,"resourceVersion":"1"}}`,
		services: `{"kind":"ServiceList","metadata":{"resourceVersion":"9"},"items":[
			{"metadata":{"namespace":"shop","name":"web","uid":"u2","resourceVersion":"2"},"spec":{"a":1}},
			{"metadata":{"namespace":"shop","name":"owned","uid":"u3","ownerReferences":[{"controller":true}]}},
			{"metadata":{"namespace":"shop","name":"kept","uid":"u4","generation":1,"ownerReferences":[{"uid":"x"}]}}]}`,
		"/api/v1/secrets/s":                               `{"kind":"Secret","metadata":{"name":"s","uid":"u5","resourceVersion":"12"},"data":{"a":"aHVzaA=="}}`,
		"/api/v1/namespaces/shop/configmaps":              `{"kind":"PartialObjectMetadataList","items":[{"kind":"PartialObjectMetadata","metadata":{"namespace":"shop","name":"c","uid":"u6","generation":2}}]}`,
		"/api/v1/namespaces/shop/configmaps/d":            `{"kind":"PartialObjectMetadata","metadata":{"namespace":"shop","name":"d","uid":"u7","generation":3}}`,
		"/apis/apps/v1/namespaces/shop/statefulsets/made": `{"kind":"StatefulSet","metadata":{"namespace":"shop","name":"made","uid":"u9","generation":5,"ownerReferences":[{"controller":true}]}}`,
		"/apis/custom/v1/allowlists/a":                    `{"kind":"AllowList","metadata":{"name":"a","uid":"u10","generation":6},"items":{}}`,
		"/apis/custom/2nd/things/s":                       `{"kind":"PartialObjectMetadata","metadata":{"name":"s","uid":"u11","generation":7}}`,
		"/apis/custom/v1/things":                          `{"kind":"List","items":[{"kind":"Thing","metadata":{"name":"t","uid":"u8","generation":4}}]}`,
		"/apis/apps/v1":                                   `{"kind":"APIResourceList","resources":[]}`,
		"/api/v1/broken":                                  `{"kind":`,
	}}
	var paths []string
	for path := range server.documents {
		paths = append(paths, path)
	}
	got := reads(t, server, append([]string{"/version", "/api/v1/none", deployments}, paths...)...)
	const want = "AllowList /a u10 generation 6\n" +
		"Deployment shop/web u1 generation 7\n" +
		"PartialObjectMetadata /s u11 generation 7\n" + // of what, nothing says
		"Secret /s u5 revision 12\n" +
		"Service shop/kept u4 generation 1\n" +
		"Service shop/web u2 sha256:"
	const rest = "StatefulSet shop/made u9 generation 5\n" + // which was asked for by name
		"Thing /t u8 generation 4\n" +
		"configmaps shop/c u6 generation 2\n" +
		"configmaps shop/d u7 generation 3\n"
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, rest) || strings.Count(got, "\n") != 10 {
		t.Errorf("got\n%s", got)
	}
	if server.accept != "application/json;as=X" {
		t.Errorf("it asked for %s, which cannot be read here", server.accept)
	}
}

// Whatever form of an object was asked for: what is written all the time is left out, and of
// a Secret there is no hash. The whole API may be below another path.
func TestWhatIsReadIsKnownByItsResource(t *testing.T) {
	t.Parallel()
	const (
		fields   = `"metadata":{"namespace":"shop","name":"v1","uid":"u","resourceVersion":"12","annotations":{"a":"b"}}`
		metadata = `{"kind":"PartialObjectMetadata",` + fields + `}`
		list     = `{"kind":"PartialObjectMetadataList","items":[{` + fields + `}]}`
		revision = "shop/v1 u revision 12\n"
	)
	whole := func(kind string) string { return `{"kind":"` + kind + `",` + fields + `}` }
	for _, test := range []struct{ path, document, want string }{
		{"/api/v1/namespaces/shop/endpoints/v1", whole("Endpoints"), ""},
		{"/api/v1/namespaces/shop/endpoints/v1", metadata, ""},
		{"/api/v1/namespaces/shop/endpoints", list, ""},
		{"/api/v1/endpoints", list, ""},
		{"/api/v1/events", list, ""},
		{"/apis/events.k8s.io/v1/namespaces/shop/events", list, ""},
		{"/apis/coordination.k8s.io/v1/namespaces/shop/leases", list, ""},
		{"/apis/coordination.k8s.io/v1/namespaces/apis/leases/v1", metadata, ""},
		{"/apis/rental.example.io/v1beta1/namespaces/shop/leases/v1", whole("Lease"), "Lease shop/v1 u sha256:"},
		{"/api/v1/namespaces/shop/secrets/v1", whole("Secret"), "Secret " + revision},
		{"/api/v1/namespaces/shop/secrets/v1", metadata, "secrets " + revision},
		{"/api/v1/namespaces/api/secrets/v1", metadata, "secrets " + revision},
		{"/api/v1/namespaces/shop/secrets", list, "secrets " + revision},
		{"/k8s/clusters/c-1/api/v1/namespaces/shop/secrets", list, "secrets " + revision},
		{"/apis/clusters.example.io/v1/clusters/c-1/proxy/api/v1/namespaces/shop/secrets", list, "secrets " + revision},
		{"/apis/mirror.example.io/v1/namespaces/shop/copies/v1", whole("Secret"), "Secret " + revision},
		{"/api/v1/namespaces/shop/configmaps", list, "configmaps shop/v1 u sha256:"},
		{"/api/v1/namespaces/shop", metadata, "namespaces shop/v1 u sha256:"},
	} {
		got := reads(t, &saying{documents: map[string]string{test.path: test.document}}, test.path)
		if !strings.HasPrefix(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s of %s is read as %q, want %q", test.document, test.path, got, test.want)
		}
	}
}

// Of what was only looked through, no more was read than what is kept, by the name of its
// kind that whoever keeps it has.
func TestAReadingHasNotWhatWasOnlyLookedThrough(t *testing.T) {
	t.Parallel()
	item := func(name string) string {
		return fmt.Sprintf(`{"metadata":{"namespace":"shop","name":%q,"uid":"u-%s","generation":1}}`, name, name)
	}
	server := &saying{documents: map[string]string{
		deployments: `{"kind":"Deployment","metadata":{"namespace":"shop","name":"web","uid":"u1","generation":7}}`,
		services:    `{"kind":"PartialObjectMetadataList","items":[` + item("a") + "," + item("b") + "," + item("c") + `]}`,
	}}
	var reading request.Reading
	aside, keep := request.Aside(reading.In(t.Context()))
	ask(t, aside, server, deployments)
	ask(t, aside, server, services)
	if got := told(&reading); got != "" {
		t.Fatalf("before anything is kept, it has\n%s", got)
	}
	keep(map[types.UID]string{"u-a": "Service", "u-b": "", "none": "Service"})
	if got, want := told(&reading), "Service shop/a u-a generation 1\nservices shop/b u-b generation 1\n"; got != want {
		t.Errorf("it has\n%swant\n%s", got, want)
	}
	aside, keep = request.Aside(t.Context()) // where nobody reads
	ask(t, aside, server, deployments)
	keep(map[types.UID]string{"u1": "Deployment"})
}

// Where only metadata is read, who set what stands for what that does not have.
func TestTheVersionOfMetadata(t *testing.T) {
	t.Parallel()
	read := func(settings string) string {
		t.Helper()
		const text = `{"kind":"PartialObjectMetadata","metadata":{"name":"web","uid":"u","resourceVersion":"1","managedFields":[%s]}}`
		return reads(t, &saying{documents: map[string]string{services + "/web": fmt.Sprintf(text, settings)}}, services+"/web")
	}
	const was = `{"manager":"a","time":"1"}`
	for now, same := range map[string]bool{
		was: true,
		was + `,{"manager":"b","subresource":"status"}`: true,
		was + `,{"manager":"b","subresource":"scale"}`:  false,
		`{"manager":"a","time":"2"}`:                    false,
		"":                                              false,
	} {
		if (read(now) == read(was)) != same {
			t.Errorf("%s is the same version: %t", now, !same)
		}
	}
}

// What moves by itself is no other version; what is wanted of an object is.
func TestTheVersionOfWhatHasNoGeneration(t *testing.T) {
	t.Parallel()
	read := func(text string) string {
		t.Helper()
		return reads(t, &saying{documents: map[string]string{services + "/web": text}}, services+"/web")
	}
	const was = `{"kind":"Service","apiVersion":"v1","metadata":{"name":"web","uid":"u","resourceVersion":"1","managedFields":[1]},"spec":{"a":1,"b":2,"c":9007199254740992},"status":{"up":1}}`
	same := map[string]string{
		"its status":     strings.Replace(was, `"up":1`, `"up":2`, 1),
		"bookkeeping":    strings.Replace(strings.Replace(was, `"1"`, `"2"`, 1), "[1]", "[2]", 1),
		"order":          strings.Replace(was, `"a":1,"b":2`, `"b":2,"a":1`, 1),
		"an item's kind": strings.Replace(was, `"apiVersion":"v1",`, "", 1),
	}
	for name, now := range same {
		if now == was || read(now) != read(was) {
			t.Errorf("%s makes another version: %s", name, read(now))
		}
	}
	other := map[string]string{
		"its spec":   strings.Replace(was, `"b":2`, `"b":3`, 1),
		"a number":   strings.Replace(was, `740992`, `740993`, 1),
		"its labels": strings.Replace(was, `"uid":"u"`, `"uid":"u","labels":{"a":"b"}`, 1),
		"its uid":    strings.Replace(was, `"uid":"u"`, `"uid":"v"`, 1),
	}
	for name, now := range other {
		if now == was || read(now) == read(was) {
			t.Errorf("%s makes no other version", name)
		}
	}
}

// A watch has no end, and is not waited for.
func TestAWatchIsNotRead(t *testing.T) {
	t.Parallel()
	server := &saying{documents: map[string]string{deployments: `{"kind":"Deployment","metadata":{"name":"web","uid":"u1"}}`}}
	for _, asked := range []string{"?watch=true", "?follow=true"} {
		if got := reads(t, server, deployments+asked); got != "" {
			t.Errorf("%s: got %s", asked, got)
		}
	}
}
