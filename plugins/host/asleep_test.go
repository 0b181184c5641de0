package host_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// wake is the file beside a plugin for which its action sleep waits.
const wake = "wake"

// sleep is an action that says which process it is in, also in its plan, and ends when it
// is woken.
func sleep() sdk.Action[orderInput, orderOutput] {
	return sdk.Action[orderInput, orderOutput]{
		Name: "sleep", Summary: "Close for the night", Effect: sdk.Change,
		Plan: func(context.Context, *sdk.Call[orderInput]) (sdk.Preview, error) {
			return sdk.Preview{Summary: strconv.Itoa(os.Getpid())}, nil
		},
		Apply: func(ctx context.Context, call *sdk.Call[orderInput]) (orderOutput, error) {
			call.Progressf("%d", os.Getpid())
			for ctx.Err() == nil {
				if _, err := os.Stat(filepath.Join(filepath.Dir(os.Args[0]), wake)); err == nil {
					return orderOutput{Item: "pear"}, nil
				}
				time.Sleep(time.Millisecond)
			}
			return orderOutput{}, ctx.Err()
		},
	}
}

// busy is an action that leaves no processor idle for a while.
func busy() sdk.Action[orderInput, orderOutput] {
	return sdk.Action[orderInput, orderOutput]{
		Name: "busy", Summary: "Count the stock", Effect: sdk.Read,
		Apply: func(context.Context, *sdk.Call[orderInput]) (orderOutput, error) {
			runtime.GOMAXPROCS(1)
			counted := int64(0)
			for end := time.Now().Add(4 * time.Second); time.Now().Before(end); { // twice the silence that is suffered
				counted++
			}
			return orderOutput{Number: counted}, nil
		},
	}
}
