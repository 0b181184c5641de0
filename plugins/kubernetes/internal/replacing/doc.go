// Package replacing is about how the controllers of workloads replace pods: how long that
// takes at least, and where a StatefulSet waits for what does not come. It leaves out what
// begins a rollout, and how one is watched.
package replacing
