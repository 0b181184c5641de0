package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/runs"
	"github.com/gatebook/gatebook/engine/seal"
)

type answerOptions struct {
	*app
	name, step string
	approved   bool
	reason     string
	fields     []console.Pair
	attach     []string
	plan       string
	sign       runs.Signing
	all        bool
}

func newApprove(a *app) *cobra.Command {
	return newAnswer(a, true, &cobra.Command{
		Use:   "approve RUN STEP",
		Short: "Say yes to what a run asks",
		Long: `Answer the question of a step with yes, and fill in what it asks for with --field. Files
given with --attach are kept with the run, as evidence. A run that has paused sees the
answer when it is resumed.

In place of a run, the file of a sealed plan is answered before it is run. The answer
is given to the plan's digest: it counts for no other plan, and for one run. With --plan
it counts only where the run carries out the plan of that digest.

Where a policy beside the runbook names a file of allowed signers, the answer is signed
by an SSH key: that of --key, else the one that git signs commits by, else one of the
ssh agent, else one in ~/.ssh. Who has the key elsewhere, or cannot reach the state
folder, signs a document: --document writes it, ssh-keygen signs it, --signed hands it in.`,
		Example: `  gatebook approve latest sign_off
  gatebook approve upgrade.plan sign_off
  gatebook approve latest replace_disk --field serial=ABC12345 --field noise=false
  gatebook approve latest replace_disk --attach rack.jpg --attach smartctl.txt
  gatebook approve latest sign_off --key ~/.ssh/id_ed25519
  gatebook approve latest sign_off --as ann@example.com --document answer.json`,
	})
}

func newReject(a *app) *cobra.Command {
	return newAnswer(a, false, &cobra.Command{
		Use:   "reject RUN STEP",
		Short: "Say no to what a run asks",
		Long: `Answer the question of a step with no. The step fails, and its onFailure applies. In
place of a run, the file of a sealed plan is answered before it is run.`,
		Example: `  gatebook reject latest sign_off --reason "not on a Friday"
  gatebook reject 20261121-0300 sign_off`,
	})
}

// newAnswer completes the verb of an answer by what both have in common.
func newAnswer(a *app, approved bool, cmd *cobra.Command) *cobra.Command {
	o := &answerOptions{app: a, approved: approved}
	cmd.Args = accept.Exactly("a RUN: an id, its beginning, or latest; or the file of a sealed plan", "the STEP that asks")
	cmd.ValidArgsFunction = a.offers().Questions
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.name, o.step = args[0], args[1]
		return o.run(cmd.Context())
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "a word with the answer, for the journal")
	cmd.Flags().StringArrayVar(&o.attach, "attach", nil, "`FILE` that the run keeps with the answer, as evidence; may be repeated")
	cmd.Flags().StringVar(&o.plan, "plan", "", "`DIGEST` of the plan that the answer is given to; another one is not answered")
	cmd.Flags().StringVar(&o.sign.Key, "key", "", "`FILE` of the SSH key to sign by, or of the public key of one that the agent has")
	cmd.Flags().StringVar(&o.sign.As, "as", "", "`PERSON` who signs, as the file of allowed signers has them")
	cmd.Flags().StringVar(&o.sign.Document, "document", "", "write what is to be signed into a `FILE`, for a person elsewhere, and answer nothing")
	cmd.Flags().StringVar(&o.sign.Signed, "signed", "", "`FILE` of such a document, with its .sig beside it")
	cmd.MarkFlagsMutuallyExclusive("document", "signed", "key")
	if approved {
		cmd.Flags().BoolVar(&o.all, "all", false, "of a run that goes step by step, let this change begin, and all that come after it unasked")
		cmd.Flags().Var(console.Pairs{List: &o.fields}, "field", "what a field is filled in with; may be repeated")
	}
	return cmd
}

func (o *answerOptions) run(ctx context.Context) error {
	h, err := o.houseWithRuns()
	if err != nil {
		return err
	}
	answer := runs.Answer{Run: o.name, Step: o.step, Approved: o.approved, Reason: o.reason, Fields: o.fields, Attach: o.attach, Plan: o.plan, Sign: o.sign, All: o.all}
	if !seal.Is(o.Begins(o.name)) {
		return runs.Of(h).Answer(ctx, answer)
	}
	file, err := h.ReadEither(o.name)
	if err != nil {
		return err
	}
	sealed, err := h.Unseal(file)
	if err != nil {
		return err
	}
	return runs.Of(h).Beforehand(ctx, answer, sealed, o.name)
}
