// Command fleet is a small system to try runbooks on: real HTTP services as real
// processes, behind a balancer that measures them, with clients that never pause.
//
// It stands in for an orchestrator. `fleet up` keeps the services' processes and
// the balancer, and answers on a control address; `fleet drain`, `admit` and
// `upgrade` ask it over HTTP, as a runbook's steps do; `fleet demo` is the story
// that `make demo` tells. What it leaves out: more than one machine, and anything
// beyond the standard library. Nobody imports it.
//
//	clients ──> balancer ──> web-1, web-2, web-3   (one process each)
//	                │              ▲
//	fleet upgrade ──┴─ control ────┘
//
// The error rate and latency that a runbook judges a release by come from the
// balancer, not from the service that is judged.
package main
