// Package rehearsal is the simulated driver: it carries out what the machine asks for in a
// supposed world, in a time of its own, and lets things go wrong where it is told to.
//
// The machine is the one of every run, and what is wrong with a run is found by looking at what
// it did. Which rehearsals are made it leaves to engine/drill. Floor 7.
package rehearsal
