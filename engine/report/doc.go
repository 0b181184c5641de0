// Package report writes plans and runs for people, as text, and for programs, as JSON:
// the plan that would be carried out, where a run stands, how one ended, and its audit
// trail.
//
// How lines look is in the package layout, and what the events of a run come to, with
// their words, in standing. The graph of a runbook, the history of many runs, and a run
// that one watches have packages of their own: graph, history and live. Findings about
// files are rendered by diag. The same plan and the same events always give the same
// bytes: nothing here reads a clock, a terminal or the environment, and maps are never
// walked in their own order. Floor 7.
package report
