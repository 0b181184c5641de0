// Package diff shows what changes between two states of an object, as those who know
// kubectl diff expect it. It leaves out where the states come from.
package diff
