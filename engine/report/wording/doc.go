// Package wording puts the events of a run into words, and how it ended: for whoever reads
// the journal, and for the lines of a run that goes on. An event is described by itself;
// what came before it is known to the rooms above. Floor 4.
package wording
