package steps

import (
	"context"
	"fmt"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps/internal/probe"
)

const (
	// observePause is how often a process of a lost attempt is looked at.
	observePause = 250 * time.Millisecond
	// secondLook is when it is looked again for one that was not found. While a process
	// becomes another program it has no environment, so that nothing marks it; and one
	// that is started during a look may be missed.
	secondLook = 100 * time.Millisecond
)

// observe waits for what a lost attempt left running, since a second one beside it
// is what must not happen, and then says what can be known.
func (e *executor) observe(ctx context.Context, call *sdk.Call[ExecInput]) (sdk.Observed[ExecOutput], error) {
	noted, wasNoted, err := sdk.LoadNote[processID](call, "process")
	if err != nil {
		return sdk.Observed[ExecOutput]{}, err
	}
	if err := e.outlive(ctx, call, noted); err != nil {
		if ctx.Err() != nil {
			return sdk.Observed[ExecOutput]{}, err
		}
		return cannotTell("It cannot be seen whether a process of the earlier attempt is still running: " + err.Error() + "."), nil
	}
	return e.judge(ctx, call.Input, call.Key, wasNoted)
}

// outlive waits until nothing of a lost attempt runs any more.
func (e *executor) outlive(ctx context.Context, call *sdk.Call[ExecInput], noted processID) error {
	for told, missed := 0, 0; ; {
		pid, lives, err := e.starter.survivor(noted, call.Key)
		pause := observePause
		switch {
		case err != nil:
			return err
		case lives:
			missed = 0
			if pid != told {
				call.Progressf("process %d of the earlier attempt is still running", pid)
				told = pid
			}
		case missed > 0:
			return nil
		default:
			missed, pause = 1, secondLook
		}
		if err := probe.Sleep(ctx, pause); err != nil {
			return fmt.Errorf("waiting for what the earlier attempt left running: %w", err)
		}
	}
}

// judge answers once nothing of the lost attempt runs any more.
func (e *executor) judge(ctx context.Context, in ExecInput, key string, wasNoted bool) (sdk.Observed[ExecOutput], error) {
	if len(in.Check) > 0 {
		switch done, err := e.runCheck(ctx, in, key); {
		case err != nil && ctx.Err() != nil:
			return sdk.Observed[ExecOutput]{}, err
		case err != nil:
			return cannotTell("The check cannot be run: " + err.Error() + "."), nil
		case done:
			return sdk.Observed[ExecOutput]{
				State:  sdk.Done,
				Detail: "The check says that nothing is left to do. What the program printed is lost.",
			}, nil
		default:
			return sdk.Observed[ExecOutput]{State: sdk.NotDone, Detail: "The check says that there is something left to do."}, nil
		}
	}
	switch {
	case in.Idempotent:
		return sdk.Observed[ExecOutput]{State: sdk.NotDone, Detail: "It is idempotent and may be run again."}, nil
	case wasNoted:
		return cannotTell("The program was started and has ended, but how is lost."), nil
	default:
		return cannotTell("The program may have been started; nothing of it runs any more."), nil
	}
}

func cannotTell(detail string) sdk.Observed[ExecOutput] {
	return sdk.Observed[ExecOutput]{State: sdk.CannotTell, Detail: detail}
}

// runCheck runs the command of `check` and reports whether it says that all is done. It
// carries the key where there is one, so that after a crash it is waited for as well.
func (e *executor) runCheck(ctx context.Context, in ExecInput, key string) (done bool, err error) {
	ended, err := e.run(ctx, processSpec{
		argv:  in.Check,
		dir:   e.options.path(in.Cwd),
		env:   e.environ(in.Env, key),
		grace: in.Grace.Std(),
	})
	switch {
	case err != nil:
		return false, err
	case ended.code == codeNotRunnable || ended.code == codeNotFound || ended.signal != "":
		return false, ended.fault([]int{0})
	default:
		return ended.code == 0, nil
	}
}
