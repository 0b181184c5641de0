package cli

import (
	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/runs"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/plugins/sdk"
)

type answerOptions struct {
	*app
	name, step string
	approved   bool
	reason     string
	fields     []console.Pair
}

func newApprove(a *app) *cobra.Command {
	o := &answerOptions{app: a, approved: true}
	cmd := &cobra.Command{
		Use:   "approve RUN STEP",
		Short: "Say yes to what a run asks",
		Long: `Answer the question of a step with yes, and fill in what it asks for with --field. A
run that has paused sees the answer when it is resumed.`,
		Example: `  gatebook approve latest sign_off
  gatebook approve latest replace_disk --field serial=ABC12345 --field noise=false`,
		Args:              exactly("a RUN: an id, its beginning, or latest", "the STEP that asks"),
		ValidArgsFunction: a.completeQuestions,
		RunE: func(_ *cobra.Command, args []string) error {
			o.name, o.step = args[0], args[1]
			return o.run()
		},
	}
	cmd.Flags().Var(console.Pairs{List: &o.fields}, "field", "what a field is filled in with; may be repeated")
	cmd.Flags().StringVar(&o.reason, "reason", "", "a word with the answer, for the journal")
	return cmd
}

func newReject(a *app) *cobra.Command {
	o := &answerOptions{app: a}
	cmd := &cobra.Command{
		Use:   "reject RUN STEP",
		Short: "Say no to what a run asks",
		Long:  "Answer the question of a step with no. The step fails, and its onFailure applies.",
		Example: `  gatebook reject latest sign_off --reason "not on a Friday"
  gatebook reject 20261121-0300 sign_off`,
		Args:              exactly("a RUN: an id, its beginning, or latest", "the STEP that asks"),
		ValidArgsFunction: a.completeQuestions,
		RunE: func(_ *cobra.Command, args []string) error {
			o.name, o.step = args[0], args[1]
			return o.run()
		},
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for the journal")
	return cmd
}

func (o *answerOptions) run() error {
	all, err := o.runs()
	if err != nil {
		return err
	}
	found, err := all.Open(o.name)
	if err != nil {
		return err
	}
	answer, err := o.answer(found)
	if err != nil {
		return err
	}
	later, err := all.Ask(found, run.Request{Type: event.Answered, Step: o.step, Answer: answer})
	if err != nil {
		return err
	}
	word := "Approved"
	if !o.approved {
		word = "Rejected"
	}
	if later {
		o.Note("%s %s. Nobody drives the run now; it sees the answer when it goes on: gatebook resume %s", word, o.step, found.ID())
		return nil
	}
	o.Note("%s %s of run %s.", word, o.step, found.ID())
	return nil
}

// answer makes the answer, and refuses one that the question does not want.
func (o *answerOptions) answer(found *runs.Run) (*sdk.Answer, error) {
	step, known := found.Status.Step(o.step)
	switch {
	case !known:
		return nil, console.Usage("See: gatebook status "+found.ID(), "run %s has no step %q", found.ID(), o.step)
	case step.Ask == nil || found.Status.Result != nil && found.Status.Result.Outcome != event.OutcomePaused:
		return nil, console.Usage("See: gatebook status "+found.ID(), "step %s of run %s asks nothing now; it is %s",
			o.step, found.ID(), report.Word(step.Status))
	}
	answer := &sdk.Answer{Approved: o.approved, Comment: o.reason, By: o.User, At: o.Now().UTC()}
	if !o.approved {
		return answer, nil
	}
	fields, err := console.FillIn(sdk.Question{Message: step.Ask.Message, Fields: step.Ask.Fields}, o.fields)
	if err != nil {
		return nil, console.Usage("Fill in with --field NAME=VALUE. The question: "+report.Line(step.Ask.Message), "%v", err)
	}
	answer.Fields = fields
	return answer, nil
}
