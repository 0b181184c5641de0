package process

import (
	"context"
	"fmt"
	"time"

	"github.com/gatebook/gatebook/steps/internal/probe"
)

const (
	// survivorPause is how often a process of a lost attempt is looked at.
	survivorPause = 250 * time.Millisecond
	// secondLook is when it is looked again for one that was not found. While a process
	// becomes another program it has no environment, so that nothing marks it; and one
	// that is started during a look may be missed.
	secondLook = 100 * time.Millisecond
)

// Outlive waits until nothing of a lost attempt runs any more: neither the process that
// was noted nor one that carries the key. It tells once of each process that it waits for.
func (r *Runner) Outlive(ctx context.Context, noted ID, key string, tell func(pid int)) error {
	for told, missed := 0, false; ; {
		pid, lives, err := r.starter.survivor(noted, key)
		pause := survivorPause
		switch {
		case err != nil:
			return err
		case lives:
			missed = false
			if pid != told {
				tell(pid)
				told = pid
			}
		case missed:
			return nil
		default:
			missed, pause = true, secondLook
		}
		if err := probe.Sleep(ctx, pause); err != nil {
			return fmt.Errorf("waiting for what the earlier attempt left running: %w", err)
		}
	}
}
