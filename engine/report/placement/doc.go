// Package placement finds where the boxes and lines of a layered drawing go: each box
// below those that its lines come from, with few crossings.
//
// The work is dagre's, a JavaScript library that is embedded here as it was published and
// runs in an interpreter, which can reach nothing outside. It takes milliseconds for
// dozens of boxes and minutes for thousands: whoever asks draws few. The same boxes always
// get the same places. No type of the library or of the interpreter is seen from outside.
// Floor 0.
package placement
