// Package world says what a drill supposes of the world in which it rehearses a run: what each
// step leaves behind, what it needs of others, and what comes out of conditions and actions.
//
// It is made from the plan, by what the actions declare: their effect, whether they can be
// looked at, repeated or taken back. What only the author knows, such as that a rollback needs
// the file that another step has kept, stands in the test file beside the runbook.
//
// Nothing is known of what an action would give back. An expression over it is decided as far as
// the inputs decide it; a condition that is left open is asked of a [Judge], so that a drill can
// have it come out both ways. It leaves to engine/drill/rehearsal how a run goes in such a world.
// Floor 6.
package world
