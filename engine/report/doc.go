// Package report makes plans and runs readable: as text, tables, trees and graphs
// for people, as JSON and CSV for programs.
//
// A [Status] folds the events of a run, one at a time, into the view of it that every
// document and every live view is made from. The same events and the same plan always
// give the same bytes: nothing here reads a clock, a terminal or the environment, and
// maps are never walked in their own order. What changes while one watches is drawn by
// the package live. Findings about files are rendered by diag. The package is the only
// importer of tablewriter. Floor 7.
package report
