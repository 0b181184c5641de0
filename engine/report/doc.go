// Package report writes runs for people, as text, and for programs, as JSON: where a run
// stands, how one ended, and its audit trail.
//
// How lines look is in the package layout, and what the events of a run come to, with
// their words, in standing. A plan, the graph of a runbook, the history of many runs, and
// a run that one watches have packages of their own: dossier, graph, history and live.
// Findings about files are rendered by diag. The same events always give the same bytes:
// nothing here reads a clock, a terminal or the environment, and maps are never
// walked in their own order. Floor 7.
package report
