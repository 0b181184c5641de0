// Package cluster is the connection to a Kubernetes cluster and what all actions
// need of it: typed errors, questions about one's rights, watches that outlive
// disconnects. It leaves out what any one action does.
package cluster

// Manager is the field manager under which gatebook changes objects.
const Manager = "gatebook"

// KeyAnnotation holds, on an object, the idempotency key of the step that changed it
// last, where the change itself does not show whether it was made.
const KeyAnnotation = "gatebook.dev/key"

// RestartedAfter holds, on a pod template that has a KeyAnnotation, the one in whose place
// that was put.
const RestartedAfter = "gatebook.dev/restarted-after"

// CreatedBy is the annotation of an object that holds the key of the step that created it,
// where that applied it.
const CreatedBy = "gatebook.dev/created-by"

// AppliedBy holds, on an object, the key of the step that applied it last.
const AppliedBy = "gatebook.dev/applied-by"

// In returns the namespace that a step named, or else the connection's.
func (c *Cluster) In(namespace string) string {
	if namespace != "" {
		return namespace
	}
	return c.Namespace
}
