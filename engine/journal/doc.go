// Package journal is the durable log of a run, and the folder that holds it.
//
// A run's only state is its journal: one JSON object a line, each line's hash
// covering the line before, flushed and synced in groups. Beside it lie what the
// run was made of and what it left:
//
//	runs/ID/journal.jsonl    the log, held by the process that writes it
//	runs/ID/runbook.yaml     the runbook's bytes
//	runs/ID/plan.json        the plan that is carried out
//	runs/ID/output/STEP.log  what steps printed
//	runs/ID/inbox/           what other processes ask of the run
//	runs/ID/lock             held by the process that drives the run
//	locks/NAME.lock          held by the run that declared the lock
//
// The package stores bytes: what an event, a plan or a request means is for the
// floors above, and so is every fact about the process (clock, pid, host, user),
// which the caller passes in. Nothing here decides what a run does next.
//
// A [Journal] has one owner, and is not safe for concurrent use; everything else
// may be used from several goroutines and processes. Floor 3, though it needs
// nothing of gatebook.
package journal
