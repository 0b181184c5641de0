package manifest

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
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Item is an object of a step, as its manifest says it.
type Item struct {
	Object *unstructured.Unstructured
	Field  string // the parameter that it stands in

	dropped []string // the fields of the manifest that have a value and are not applied
}

// Read reads the objects of the parameters manifest, which is an object or a list of
// them, or manifests, which is YAML text, in the order in which they are applied:
// Namespaces, definitions of kinds, and the others as they come.
func Read(manifest json.RawMessage, manifests string) ([]Item, error) {
	if (len(manifest) > 0) == (manifests != "") {
		return nil, sdk.FieldErrorf("manifest", "give either manifest or manifests")
	}
	read := func() ([]Item, error) { return inline(manifest) }
	if manifests != "" {
		read = func() ([]Item, error) { return documents(manifests) }
	}
	found, err := read()
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, sdk.FieldErrorf("manifests", "hold no object")
	}
	for i := range found {
		if err := found[i].check(); err != nil {
			return nil, err
		}
		found[i].drop()
	}
	slices.SortStableFunc(found, func(a, b Item) int { return a.rank() - b.rank() })
	return found, nil
}

// inline reads the objects of the parameter manifest.
func inline(text json.RawMessage) ([]Item, error) {
	var given any
	// It keeps whole numbers whole.
	if err := utiljson.Unmarshal(text, &given); err != nil {
		return nil, sdk.FieldErrorf("manifest", "%w", err)
	}
	list, several := given.([]any)
	if !several {
		return expand(given, "manifest")
	}
	var found []Item
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
func documents(text string) ([]Item, error) {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	var found []Item
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
func expand(given any, field string) ([]Item, error) {
	fields, is := given.(map[string]any)
	if !is {
		return nil, sdk.FieldErrorf(field, "must be objects, with apiVersion, kind and metadata")
	}
	object := &unstructured.Unstructured{Object: fields}
	if object.GetKind() != "List" || object.GetAPIVersion() != "v1" {
		return []Item{{Object: object, Field: field}}, nil
	}
	list, _ := fields["items"].([]any)
	var found []Item
	for _, one := range list {
		more, err := expand(one, field)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// check completes what is asked for, and refuses what cannot be.
func (i Item) check() error {
	metadata, is := i.Object.Object["metadata"].(map[string]any)
	switch {
	case i.Object.GetAPIVersion() == "":
		return sdk.FieldErrorf(i.Field, "an object has no apiVersion")
	case i.Object.GetKind() == "":
		return sdk.FieldErrorf(i.Field, "an object has no kind")
	case !is, i.Object.GetName() == "":
		return sdk.FieldErrorf(i.Field, "a %s has no metadata.name", i.Object.GetKind())
	}
	// A number or a truth, unquoted, would be taken for none.
	if namespace := metadata["namespace"]; namespace != nil && i.Object.GetNamespace() != namespace {
		return sdk.FieldErrorf(i.Field, "metadata.namespace of the %s %s must be a string", i.Object.GetKind(), i.Object.GetName())
	}
	for _, field := range []string{"labels", "annotations"} {
		if _, _, err := unstructured.NestedStringMap(metadata, field); err != nil { // which quotes them
			return sdk.FieldErrorf(i.Field, "metadata.%s of the %s %s must be strings by name", field, i.Object.GetKind(), i.Object.GetName())
		}
	}
	if !diff.IsSecret(i.Object) {
		return nil
	}
	return i.checkSecret()
}

// checkSecret makes data of stringData, which the server does not keep, and says itself
// what the server would say with the value at fault.
func (i Item) checkSecret() error {
	data, err := i.texts("data")
	if err != nil {
		return err
	}
	for name, text := range data {
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			return sdk.FieldErrorf(i.Field, "the value %s of the Secret %s is not base64", name, i.Object.GetName())
		}
	}
	plain, err := i.texts("stringData")
	if err != nil || len(plain) == 0 {
		return err
	}
	for name, text := range plain {
		data[name] = base64.StdEncoding.EncodeToString([]byte(text))
	}
	unstructured.RemoveNestedField(i.Object.Object, "stringData")
	return unstructured.SetNestedStringMap(i.Object.Object, data, "data")
}

func (i Item) texts(field string) (map[string]string, error) {
	texts := map[string]string{}
	values, given := i.Object.Object[field]
	if values == nil {
		delete(i.Object.Object, field)
		return texts, nil
	}
	named, is := values.(map[string]any)
	for name, value := range named {
		text, isText := value.(string)
		texts[name], is = text, is && isText
	}
	if given && !is {
		return nil, sdk.FieldErrorf(i.Field, "the values of the Secret %s in %s must be strings", i.Object.GetName(), field)
	}
	return texts, nil
}

// rank is what must be there before other objects can be.
func (i Item) rank() int {
	kind := i.Object.GroupVersionKind().GroupKind()
	switch {
	case kind.Group == "" && kind.Kind == "Namespace":
		return 0
	case i.Defines():
		return 1
	default:
		return 2
	}
}

// Defines says whether the object is the definition of a kind.
func (i Item) Defines() bool {
	kind := i.Object.GroupVersionKind().GroupKind()
	return kind.Group == "apiextensions.k8s.io" && kind.Kind == "CustomResourceDefinition"
}

// Kinds are the kinds that the items define.
func Kinds(items []Item) map[schema.GroupKind]cluster.Kind {
	defined := map[schema.GroupKind]cluster.Kind{}
	for _, i := range items {
		if i.Defines() {
			kind, _ := cluster.Defined(i.Object)
			defined[schema.GroupKind{Group: kind.Served.Group, Kind: kind.Name}] = kind
		}
	}
	return defined
}

// Fault moves a fault that lies in what was given to the parameter that it was given by.
func (i Item) Fault(err error) error {
	typed, is := errors.AsType[*sdk.Error](err)
	if !is || typed.Class != sdk.Permanent {
		return err
	}
	moved := sdk.Errorf(sdk.Permanent, "%w", err)
	moved.Field, moved.Message, moved.Unchanged = i.Field, typed.Message, typed.Unchanged
	return moved
}
