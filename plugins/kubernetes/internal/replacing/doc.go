// Package replacing is about how the controllers of workloads replace pods: how long that
// takes at least, why it does not go on, and where a StatefulSet waits for what does not
// come. It leaves out what begins a rollout, and how one is watched.
package replacing
