// Package cli is gatebook's command line: flags in, exit code out, one file a verb.
//
// Each verb has one shape: a struct of its options, a constructor that declares its
// flags and help, and a function that runs it. What a verb does is in the engine; here
// is what a person types and sees. Everything of the outside (arguments, streams,
// environment, clock, signals) comes in by [Env], so that a test is a process without
// one. Results go to standard output and everything else to standard error. Floor 9.
package cli
