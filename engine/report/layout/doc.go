// Package layout is how text is laid out for people: what colours it wears, how wide it
// is, what keeps it from steering a terminal, and the lines, trees and tables that
// documents are made of. It knows no plan and no run, only how their smallest parts are
// written: a value, a span of time, a state, an expression's tree. It is the only
// importer of tablewriter. Floor 3.
package layout
