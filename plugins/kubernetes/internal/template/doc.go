// Package template knows a pod template again without keeping it, since there may be a
// password in it, and says who put another in its place. It leaves out which templates a
// workload had before; that is package revision's.
package template
