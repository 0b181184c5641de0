package apply

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// item is an object of the step, as its manifest says it.
type item struct {
	object *unstructured.Unstructured
	field  string // the parameter that it stands in
}

// items reads the objects of the step, in the order in which they are applied.
func (in Input) items() ([]item, error) {
	if (len(in.Manifest) > 0) == (in.Manifests != "") {
		return nil, sdk.FieldErrorf("manifest", "give either manifest or manifests")
	}
	if in.Prune && in.Inventory == "" {
		return nil, sdk.FieldErrorf("inventory", "is needed to prune")
	}
	var found []item
	var err error
	if in.Manifests != "" {
		found, err = documents(in.Manifests)
	} else {
		found, err = inline(in.Manifest)
	}
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, sdk.FieldErrorf("manifests", "hold no object")
	}
	for _, i := range found {
		if err := i.check(); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(found, func(a, b item) int { return a.rank() - b.rank() })
	return found, nil
}

// inline reads the objects of the parameter manifest.
func inline(text json.RawMessage) ([]item, error) {
	var given any
	// It keeps whole numbers whole.
	if err := utiljson.Unmarshal(text, &given); err != nil {
		return nil, sdk.FieldErrorf("manifest", "%w", err)
	}
	list, several := given.([]any)
	if !several {
		return expand(given, "manifest")
	}
	var found []item
	for i, one := range list {
		more, err := expand(one, fmt.Sprintf("manifest[%d]", i))
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// documents reads the objects of the parameter manifests.
func documents(text string) ([]item, error) {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	var found []item
	for n := 1; ; n++ {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err == nil {
			document, err = yaml.YAMLToJSONStrict(document)
		}
		if err != nil {
			return nil, sdk.FieldErrorf("manifests", "document %d: %w", n, err)
		}
		if bytes.Equal(document, []byte("null")) {
			continue // nothing but comments
		}
		var given any
		if err := utiljson.Unmarshal(document, &given); err != nil {
			return nil, sdk.FieldErrorf("manifests", "document %d: %w", n, err)
		}
		more, err := expand(given, "manifests")
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
}

// expand takes a List apart.
func expand(given any, field string) ([]item, error) {
	fields, is := given.(map[string]any)
	if !is {
		return nil, sdk.FieldErrorf(field, "must be objects, with apiVersion, kind and metadata")
	}
	object := &unstructured.Unstructured{Object: fields}
	if object.GetKind() != "List" || object.GetAPIVersion() != "v1" {
		return []item{{object, field}}, nil
	}
	list, _ := fields["items"].([]any)
	var found []item
	for _, one := range list {
		more, err := expand(one, field)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// kept is what the server keeps in an object by itself.
func kept() []string {
	return []string{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"}
}

// check completes what is asked for, and refuses what cannot be.
func (i item) check() error {
	metadata, is := i.object.Object["metadata"].(map[string]any)
	switch {
	case i.object.GetAPIVersion() == "":
		return sdk.FieldErrorf(i.field, "an object has no apiVersion")
	case i.object.GetKind() == "":
		return sdk.FieldErrorf(i.field, "an object has no kind")
	case !is, i.object.GetName() == "":
		return sdk.FieldErrorf(i.field, "a %s has no metadata.name", i.object.GetKind())
	}
	for _, field := range []string{"labels", "annotations"} {
		if _, _, err := unstructured.NestedStringMap(metadata, field); err != nil { // which quotes them
			return sdk.FieldErrorf(i.field, "metadata.%s of the %s %s must be strings by name", field, i.object.GetKind(), i.object.GetName())
		}
	}
	for _, name := range kept() {
		delete(metadata, name)
	}
	delete(i.object.Object, "status")
	if !diff.IsSecret(i.object) {
		return nil
	}
	return i.checkSecret()
}

// checkSecret makes data of stringData, which the server does not keep, and says itself
// what the server would say with the value at fault.
func (i item) checkSecret() error {
	data, err := i.texts("data")
	if err != nil {
		return err
	}
	for name, text := range data {
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			return sdk.FieldErrorf(i.field, "the value %s of the Secret %s is not base64", name, i.object.GetName())
		}
	}
	plain, err := i.texts("stringData")
	if err != nil || len(plain) == 0 {
		return err
	}
	for name, text := range plain {
		data[name] = base64.StdEncoding.EncodeToString([]byte(text))
	}
	unstructured.RemoveNestedField(i.object.Object, "stringData")
	return unstructured.SetNestedStringMap(i.object.Object, data, "data")
}

func (i item) texts(field string) (map[string]string, error) {
	texts := map[string]string{}
	values, given := i.object.Object[field]
	if values == nil {
		delete(i.object.Object, field)
		return texts, nil
	}
	named, is := values.(map[string]any)
	for name, value := range named {
		text, isText := value.(string)
		texts[name], is = text, is && isText
	}
	if given && !is {
		return nil, sdk.FieldErrorf(i.field, "the values of the Secret %s in %s must be strings", i.object.GetName(), field)
	}
	return texts, nil
}

// rank is what must be there before other objects can be.
func (i item) rank() int {
	kind := i.object.GroupVersionKind().GroupKind()
	switch {
	case kind.Group == "" && kind.Kind == "Namespace":
		return 0
	case i.defines():
		return 1
	default:
		return 2
	}
}

// defines says whether the object is the definition of a kind.
func (i item) defines() bool {
	kind := i.object.GroupVersionKind().GroupKind()
	return kind.Group == "apiextensions.k8s.io" && kind.Kind == "CustomResourceDefinition"
}
