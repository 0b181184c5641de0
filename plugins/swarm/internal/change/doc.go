// Package change makes actions of changes to things of a swarm that have a spec and a version:
// services and nodes. Who declares an action says how the thing is read and written, and what the
// step wants of it; this package plans, applies, observes and takes back, the same way for all:
//
//   - a change goes by the version that was looked at, so that nobody's is overwritten: where
//     somebody else was quicker, it is a conflict that names what they changed;
//   - what undoing restores is the spec before the step's first attempt, and not what the
//     engine calls the previous one; later attempts meet what an earlier one has done, and do not
//     do it twice;
//   - kept of it is what leads back, and no more: a spec may hold passwords.
//
// It leaves out what comes after a change, as following it until it has converged.
package change
