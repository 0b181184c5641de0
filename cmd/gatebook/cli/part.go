package cli

import (
	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
)

// completeSteps has the flags completed that name steps of a runbook, and its mode.
func (a *app) completeSteps(cmd *cobra.Command) {
	accept.CompleteBy(cmd, "mode", a.offers().Modes)
	for _, flag := range []string{"from", "only", "skip"} {
		accept.CompleteBy(cmd, flag, a.offers().Steps)
	}
}
