package cli

import (
	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
)

// completeSteps has the flags that name steps of a runbook completed.
func (a *app) completeSteps(cmd *cobra.Command) {
	for _, flag := range []string{"from", "only", "skip"} {
		accept.CompleteBy(cmd, flag, a.offers().Steps)
	}
}
