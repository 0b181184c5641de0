// Package contents is about what is in an object, and goes with it where that is deleted:
// the objects that a Namespace holds, or the definition of their kind, and what others put
// there. It leaves out how objects are deleted.
package contents
