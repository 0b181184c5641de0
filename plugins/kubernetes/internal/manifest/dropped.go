package manifest

import (
	"strings"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
)

// drop takes out of an object what the server keeps by itself.
func (i *Item) drop() {
	out := func(of map[string]any, name, path string) {
		if saysMore(of[name]) {
			i.dropped = append(i.dropped, path)
		}
		delete(of, name)
	}
	metadata, _ := i.Object.Object["metadata"].(map[string]any)
	for _, name := range diff.Kept() {
		out(metadata, name, "metadata."+name)
	}
	out(i.Object.Object, "status", "status")
}

// saysMore tells a value from what tools write that have none: "creationTimestamp: null",
// "status: {}".
func saysMore(value any) bool {
	switch value := value.(type) {
	case nil:
		return false
	case map[string]any:
		return len(value) > 0
	case []any:
		return len(value) > 0
	default:
		return true
	}
}

// Warnings tell what the manifests of objects say and no step applies, in one sentence;
// none: they are applied whole.
func Warnings[T interface{ Unapplied() string }](objects []T) []string {
	var what []string
	for _, object := range objects {
		if said := object.Unapplied(); said != "" {
			what = append(what, said)
		}
	}
	if len(what) == 0 {
		return nil
	}
	return []string{"Some of the manifests is not applied, since the server keeps it by itself: " + strings.Join(cluster.Few(what), "; ") + "."}
}

// Unapplied says what of the manifest is not applied; empty: nothing.
func (i Item) Unapplied() string {
	if len(i.dropped) == 0 {
		return ""
	}
	return strings.Join(i.dropped, ", ") + " of the " + RefOf(i.Object).String()
}
