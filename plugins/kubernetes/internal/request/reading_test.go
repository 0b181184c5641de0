package request_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

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

// reads asks for paths and returns what was read, a line each.
func reads(t *testing.T, server http.RoundTripper, paths ...string) string {
	t.Helper()
	var reading request.Reading
	for _, path := range paths {
		asked, err := http.NewRequestWithContext(reading.In(t.Context()), http.MethodGet, "https://cluster"+path, http.NoBody)
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
		"/api/v1/secrets/s":                    `{"kind":"Secret","metadata":{"name":"s","uid":"u5","resourceVersion":"12"},"data":{"a":"aHVzaA=="}}`,
		"/api/v1/namespaces/shop/configmaps":   `{"kind":"PartialObjectMetadataList","items":[{"kind":"PartialObjectMetadata","metadata":{"namespace":"shop","name":"c","uid":"u6","generation":2}}]}`,
		"/api/v1/namespaces/shop/configmaps/d": `{"kind":"PartialObjectMetadata","metadata":{"namespace":"shop","name":"d","uid":"u7","generation":3}}`,
		"/apis/custom/v1/things":               `{"kind":"List","items":[{"kind":"Thing","metadata":{"name":"t","uid":"u8","generation":4}}]}`,
		"/api/v1/events":                       `{"kind":"EventList","items":[{"metadata":{"name":"e","uid":"u9"}}]}`,
		"/apis/coordination/leases/l":          `{"kind":"Lease","metadata":{"name":"l","uid":"u10"}}`,
		"/apis/apps/v1":                        `{"kind":"APIResourceList","resources":[]}`,
		"/api/v1/broken":                       `{"kind":`,
	}}
	var paths []string
	for path := range server.documents {
		paths = append(paths, path)
	}
	got := reads(t, server, append([]string{"/version", "/api/v1/none", deployments}, paths...)...)
	const want = "Deployment shop/web u1 generation 7\n" +
		"Secret /s u5 revision 12\n" +
		"Service shop/kept u4 generation 1\n" +
		"Service shop/web u2 sha256:"
	const rest = "Thing /t u8 generation 4\n" +
		"configmaps shop/c u6 generation 2\n" +
		"configmaps shop/d u7 generation 3\n"
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, rest) || strings.Count(got, "\n") != 7 {
		t.Errorf("got\n%s", got)
	}
	if server.accept != "application/json;as=X" {
		t.Errorf("it asked for %s, which cannot be read here", server.accept)
	}
}

// What moves by itself is no other version; what is wanted of an object is.
func TestTheVersionOfWhatHasNoGeneration(t *testing.T) {
	t.Parallel()
	read := func(text string) string {
		t.Helper()
		return reads(t, &saying{documents: map[string]string{services + "/web": text}}, services+"/web")
	}
	const was = `{"kind":"Service","apiVersion":"v1","metadata":{"name":"web","uid":"u","resourceVersion":"1","managedFields":[1]},"spec":{"a":1,"b":2},"status":{"up":1}}`
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
