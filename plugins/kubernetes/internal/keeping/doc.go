// Package keeping is about what the action apply keeps in the cluster for later: lists of
// what was applied under a name, each in a ConfigMap of its own, so that a prune knows what
// it may delete; what undoing has to know of Secrets, in a Secret beside each, since a
// journal is not to have their values; and how an object that a prune deleted is made anew
// of what was kept. It leaves out how objects are applied, and what the changes are.
package keeping
