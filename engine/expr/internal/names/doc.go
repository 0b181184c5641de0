// Package names is what both languages of expressions have in common: the names that
// an expression may use and the shapes of what they stand for, what it refers to, what
// is wrong with it, and where its values come from.
//
// It knows neither language and parses nothing. Floor 2, inside engine/expr.
package names
