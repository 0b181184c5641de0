// Package keeping is about what the action apply keeps in the cluster for later: lists of
// what was applied under a name, each in a ConfigMap of its own, so that a prune knows what
// it may delete; and what undoing has to know of Secrets, in a Secret beside each, since a
// journal is not to have their values. It leaves out the objects themselves, and what the
// changes are.
package keeping
