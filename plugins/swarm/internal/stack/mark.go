package stack

import "maps"

// ByStep is the label of what a step has made, with the step's key. What others make under the same name,
// or deploy anew by the docker command, does not have it, and is not taken away by an undo.
const ByStep = "gatebook.dev/key"

// Marked are labels with that of a step.
func Marked(labels map[string]string, key string) map[string]string {
	all := map[string]string{ByStep: key}
	maps.Copy(all, labels)
	return all
}

// Unmarked are labels without that of any step, as a compose file has them.
func Unmarked(labels map[string]string) map[string]string {
	if _, marked := labels[ByStep]; !marked {
		return labels
	}
	all := maps.Clone(labels)
	delete(all, ByStep)
	return all
}
