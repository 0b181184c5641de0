// Package manifest reads what objects are to be, as steps give it, and names objects. It
// leaves out what a cluster makes of them.
package manifest
