// Package ledger is what a state folder remembers of sealed plans, beside its runs: the key
// that they are sealed by, which run has used which plan, and what people have answered to a
// plan's questions before it is run.
//
// It knows plans by their serials and digests alone; what is in them is the business of
// engine/seal. Floor 4: it stands beside the journal, whose files are put on the disk in the
// same way.
//
//	plans/key                  32 random bytes in hexadecimal, for their user alone
//	plans/used/SERIAL          the run that carries the plan out, or has
//	plans/answers/DIGEST/STEP  what a person answered beforehand; signed, STEP.PERSON.DOCUMENT
//	plans/taken/RUN            answers that a run has taken, until it is known to have begun
//	plans/lock                 held for the instant in which one of these is changed
package ledger
