package cluster

import (
	"fmt"
	"slices"

	"github.com/pmezard/go-difflib/difflib"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// Diff is the change from one object to another, as kubectl diff shows it: a unified
// diff of their YAML, without what the server keeps for itself, and with the values
// of a Secret masked. A nil object is one that is not there.
func Diff(from, to *unstructured.Unstructured) (string, error) {
	from, to = presentable(from), presentable(to)
	mask(from, to)
	var texts [2]string
	for i, object := range []*unstructured.Unstructured{from, to} {
		if object == nil {
			continue
		}
		text, err := yaml.Marshal(object.Object)
		if err != nil {
			return "", fmt.Errorf("diff: %w", err)
		}
		texts[i] = string(text)
	}
	return difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: lines(texts[0]), B: lines(texts[1]), FromFile: "live", ToFile: "planned", Context: 3,
	})
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	split := difflib.SplitLines(text)
	// The library counts an empty line after the last newline.
	if last := len(split) - 1; split[last] == "\n" {
		split = split[:last]
	}
	return split
}

// presentable returns a copy without what says nothing to a reader.
func presentable(object *unstructured.Unstructured) *unstructured.Unstructured {
	if object == nil {
		return nil
	}
	shown := object.DeepCopy()
	for _, field := range []string{"managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink"} {
		unstructured.RemoveNestedField(shown.Object, "metadata", field)
	}
	unstructured.RemoveNestedField(shown.Object, "metadata", "annotations", lastApplied)
	unstructured.RemoveNestedField(shown.Object, "status")
	return shown
}

// mask hides the values of Secrets, and yet shows which of them change.
func mask(from, to *unstructured.Unstructured) {
	for _, field := range []string{"data", "stringData"} {
		before, after := secretValues(from, field), secretValues(to, field)
		for name, value := range after {
			old, was := before[name]
			switch {
			case was && old == value:
				after[name], before[name] = "***", "***"
			case was:
				after[name], before[name] = "*** (after)", "*** (before)"
			default:
				after[name] = "***"
			}
		}
		for name := range before {
			if _, stays := after[name]; !stays {
				before[name] = "***"
			}
		}
	}
}

func secretValues(object *unstructured.Unstructured, field string) map[string]any {
	if object == nil || !IsSecret(object) {
		return nil
	}
	values, _, _ := unstructured.NestedFieldNoCopy(object.Object, field)
	found, _ := values.(map[string]any)
	return found
}

// IsSecret reports whether an object's values must not be shown.
func IsSecret(object *unstructured.Unstructured) bool {
	return object.GetKind() == "Secret" && slices.Contains([]string{"v1", ""}, object.GetAPIVersion())
}
