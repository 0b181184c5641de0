// Package people is who may do what: the policy that stands beside runbooks, the groups and
// the file of allowed signers that it names, and the document that a person signs to answer.
//
// A policy is read once, when a plan is made; the plan keeps its bytes, and a run goes by
// those. The package finds out who a person is and whether they may. Which question is open,
// and how many have said yes to it, is the business of engine/machine. It opens no file and
// knows no clock: both are given. Floor 4.
package people
