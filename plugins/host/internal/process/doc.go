// Package process is a plugin that runs: its start and its handshake, its log, its end, and
// what is said of it when one of these goes wrong.
//
// A process lives no longer than its host. What go-plugin says to its developers becomes a
// typed error for people, and what a process does wrong ends that process and no other. It
// knows nothing of actions: those are calls, which others make in it. It is a part of
// plugins/host.
package process
