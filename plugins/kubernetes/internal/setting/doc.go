// Package setting makes actions of single settings of objects: how many replicas a
// Deployment has, whether a CronJob is suspended, what a Service selects. Who declares
// an action says how its setting is read and written; this package plans, applies,
// observes and takes back, the same way for all of them:
//
//   - what undoing restores is the value before the first attempt, also where a later
//     attempt meets what an earlier one has done;
//   - a value that is neither the one before nor the one that the step wants was set by
//     somebody else, and is a conflict that names who;
//   - the object that is changed is the one that was looked at, or none.
//
// It leaves out what comes after a change, as waiting for what follows from it.
package setting
