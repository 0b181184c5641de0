// Package run is the local driver: it hosts the machine of one run in this process and
// carries out its commands.
//
// One goroutine at a time has the baton, and with it the machine and the journal. Workers
// make attempts and observations and bring it events; it journals whatever arrived
// meanwhile in one group, waits for the disk once where an effect depends on it, and only
// then starts what the machine asks for. A worker that finds the baton free takes it, and
// goes on with what follows itself. Timers, answers and requests from other processes come
// in by the same way, so that the journal is the whole truth about the run.
//
// The driver decides nothing about the run: that is the machine's. It reads no clock
// and no environment of its own; [Process] brings them. Floor 7.
package run
