// Package machine decides what happens next in a run. It is the one scheduler of
// gatebook: the local driver, the distributed one and the simulation all host it.
//
// A [Machine] is given events ([event.Event]) and answers with commands ([Command]).
// It is deterministic and does nothing itself: it starts no goroutine, reads no clock
// (each event carries its time), draws no random number (the seed is in the first
// event) and touches no file. The journal is the list of its events; feeding them to
// a new Machine rebuilds the state, and [Machine.Outstanding] then tells what was in
// flight.
//
// Next changes the Machine in place, because a copy of 10,000 steps for each event
// would make a run quadratic; an event costs the edges that it touches. A drill, which tries
// many ways from one moment of a run on, forks it there: see fork.go.
//
// The life of a step, by file: step.go begins and settles it, judge.go decides its
// gate and verify, guard.go looks at the gate once more where time has passed, begin.go
// asks a person whether a change may begin, where a run goes step by step, limits.go
// counts what is begun against the limits of the runbook, attempt.go makes and repeats
// its attempts, crash.go finds out what became of those that were cut off, undo.go takes
// it back; loop.go opens a step that is done for many into such steps, and batch.go lets
// them begin; frame.go opens a runbook that a step takes in, and inside.go says what becomes
// of it where something in it fails or the run ends around it; stage.go moves the run as a whole from going to draining, rollback, finally
// and its end, and asked.go does what people ask of it on the way; recall.go helps a
// replay over what was never written down. Floor 6.
package machine
