// Package live shows a run while it goes on: on a terminal as a region that is drawn
// anew in place ([Terminal]), elsewhere as lines ([Lines]), to programs as JSON lines
// ([JSON]). [Waiting] tells who waits for a plan what is being asked.
//
// A view is told of what happens by the run's driver, from several goroutines, and never
// makes it wait for a person: a terminal that cannot be written to is given up, not
// waited for. What a step printed comes already masked; what it could do to a terminal
// is taken out here. The clock and the size of the terminal are passed in. Floor 7.
package live

import (
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// View is told of what happens in a run. It is safe for concurrent use.
type View interface {
	// Event is called with each event of the journal.
	Event(e event.Event)
	// Output is called with each line that a step prints, and the name of the stream that
	// it came from.
	Output(step, stream, line string)
	// Progress is called when a step says how far it is.
	Progress(step string, p sdk.Progress)
	// Close writes what is left, and returns the first error of writing.
	Close() error
}

var (
	_ View = (*Terminal)(nil)
	_ View = (*Lines)(nil)
	_ View = (*JSON)(nil)
)
