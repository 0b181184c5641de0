// Package example looks for a world in which conditions come out in a certain way: what they
// refer to and nobody knows gets values that make a difference, such as those beside the
// constants that they are compared with. What it finds was evaluated, and so is proven; that
// it finds nothing proves nothing. Floor 2, inside engine/expr.
package example
