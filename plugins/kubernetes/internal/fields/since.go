package fields

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Who has changed an object since a step did is told by three things. A value that is
// another one was set by whoever manages its field now. Of a value that is the same,
// [SetSince] names who declares it as well. What another apply of ours declares, which
// is the same manager to the server, is told by the mark of the step that applied last:
// an apply declares all that our manager does, so that one mark is for all fields.

// SetSince names who came to manage a field, given as its path in managedFields, since a
// step gave it another value, by an operation; empty: nobody. A change takes the field
// from all others, so that whoever manages it too has declared the same value after it.
func SetSince(managers []metav1.ManagedFieldsEntry, by metav1.ManagedFieldsOperationType, path ...string) string {
	holders := cluster.Holders(managers, path...)
	// Another apply of ours is told by its mark, and our other actions by the values that they
	// set: what one of them took back again, it holds by an update of its own.
	ours := func(entry metav1.ManagedFieldsEntry) bool {
		return entry.Manager == cluster.Manager && (entry.Operation == by || by == metav1.ManagedFieldsOperationApply)
	}
	isOurs := slices.ContainsFunc(holders, ours)
	for _, entry := range holders {
		// Who has a part of it may have had it before, unless he took it from us.
		if !ours(entry) && (!isOurs || declares(entry, path)) {
			return nameOf(entry.Manager)
		}
	}
	return ""
}

// SetSince names who else declares the value of the change, which stands. What the step took
// out nobody can declare.
func (c Change) SetSince(live *unstructured.Unstructured, by metav1.ManagedFieldsOperationType) string {
	if c.tookOut() {
		return ""
	}
	return SetSince(live.GetManagedFields(), by, c.Path.Managed(live)...)
}

// tookOut says whether the change only took something out: a field, or items of a list that
// is compared as a whole.
func (c Change) tookOut() bool {
	if !c.After.There {
		return true
	}
	before, is := c.Before.items()
	after, are := c.After.items()
	if !is || !are || len(after) >= len(before) {
		return false
	}
	return areAmong(after, before)
}

// areAmong says whether each of some items is among others.
func areAmong(some, others []any) bool {
	return !slices.ContainsFunc(some, func(one any) bool {
		return !slices.ContainsFunc(others, func(other any) bool { return reflect.DeepEqual(one, other) })
	})
}

// items are those of a list that the value is, where it is one that is kept.
func (v Value) items() ([]any, bool) {
	if !v.There || v.Seal != nil {
		return nil, false
	}
	data, err := v.data()
	items, is := data.([]any)
	return items, is && err == nil
}

func nameOf(manager string) string {
	if manager == cluster.Manager {
		return cluster.AnotherStep
	}
	return manager
}

// declares says whether a manager has set the value of a field itself, or of all around
// it, and not only something below it.
func declares(entry metav1.ManagedFieldsEntry, path []string) bool {
	managed, err := fieldsOf(entry)
	if err != nil {
		return false
	}
	leaves := managed.Leaves()
	var at fieldpath.Path
	for _, part := range path {
		element, err := fieldpath.DeserializePathElement(part)
		if err != nil {
			return false
		}
		if at = append(at, element); leaves.Has(at) {
			return true
		}
	}
	return false
}

// Managed is the path as the managedFields of an object write it. They name the item of a
// list by the keys of its kind, which need not be its name.
func (p Path) Managed(in *unstructured.Unstructured) []string {
	var trees []map[string]any
	for _, entry := range in.GetManagedFields() {
		var tree map[string]any
		if entry.FieldsV1 != nil && utiljson.Unmarshal(entry.FieldsV1.GetRawBytes(), &tree) == nil {
			trees = append(trees, tree)
		}
	}
	var path []string
	var data any = in.Object
	for _, step := range p {
		part := "f:" + step.Field
		if step.Item != "" {
			item, _ := itemOf(data, step.Item)
			part, data = keyOf(item, step.Item, trees), item
		} else {
			fields, _ := data.(map[string]any)
			data = fields[step.Field]
		}
		path = append(path, part)
		for i, tree := range trees {
			trees[i], _ = tree[part].(map[string]any)
		}
	}
	return path
}

// keyOf finds an item among those that managers name in a list.
func keyOf(item map[string]any, name string, lists []map[string]any) string {
	for _, list := range lists {
		for part := range list {
			if key, is := strings.CutPrefix(part, "k:"); is && hasKey(item, key) {
				return part
			}
		}
	}
	key, _ := json.Marshal(map[string]string{"name": name}) // strings always can be
	return "k:" + string(key)
}

func hasKey(item map[string]any, text string) bool {
	var key map[string]any
	if utiljson.Unmarshal([]byte(text), &key) != nil {
		return false
	}
	for field, value := range key {
		if !reflect.DeepEqual(item[field], value) {
			return false
		}
	}
	return len(key) > 0
}

// pathOf is the way that managedFields write to a field, where each item on it has a name.
func pathOf(in *unstructured.Unstructured, managed fieldpath.Path) (path Path, is bool) {
	var data any = in.Object
	for _, part := range partsOf(managed) {
		field, named := strings.CutPrefix(part, "f:")
		if named {
			below, _ := data.(map[string]any)
			path, data = append(path, Step{Field: field}), below[field]
			continue
		}
		items, _ := data.([]any)
		i := slices.IndexFunc(items, func(item any) bool {
			fields, is := item.(map[string]any)
			return is && fields["name"] != nil && hasKey(fields, strings.TrimPrefix(part, "k:"))
		})
		if i < 0 {
			return path, false
		}
		item, _ := items[i].(map[string]any)
		name, _ := item["name"].(string)
		path, data = append(path, Step{Item: name}), item
	}
	return path, len(path) > 0 && path[len(path)-1].Item == ""
}

// IsMark says whether the change is that of the mark of the step that applied last.
func (c Change) IsMark() bool {
	return slices.Equal(c.Path, Path{{Field: "metadata"}, {Field: "annotations"}, {Field: cluster.AppliedBy}})
}

// Marks are those of changes that are of the mark, where another step has put its own since.
func Marks(changes []Change, live *unstructured.Unstructured) []Change {
	return slices.DeleteFunc(slices.Clone(changes), func(c Change) bool { return !c.IsMark() || c.Standing(live) != Other })
}

// AppliedSince refuses an object that another step of ours applied after the one with a
// key. An object without a mark was applied before there were marks.
func AppliedSince(object string, live *unstructured.Unstructured, key string) error {
	if by := live.GetAnnotations()[cluster.AppliedBy]; by != "" && by != key {
		return sdk.Errorf(sdk.Conflict, "%s (%s) applied the %s since, and so it stays", cluster.AnotherStep, by, object)
	}
	return nil
}
