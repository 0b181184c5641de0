package diag

// The rules of modes and of objectives: GB025x.
var (
	UnknownModeStep = &Rule{
		Code: "GB0250", Severity: Error,
		Summary: "mode leaves out a step that there is not",
		Why:     "A mode that is meant to leave a step out, and does not, does what nobody wants done in it.",
		Mend:    "Write the id of a step of this runbook.",
		Bad:     "modes: {drill: {skip: [switch_dsn]}}",
		Good:    "modes: {drill: {skip: [switch_dns]}}",
	}
	UnknownModeInput = &Rule{
		Code: "GB0251", Severity: Error,
		Summary: "mode sets an input that there is not",
		Why:     "The input that is meant would keep its usual value, which in a drill may be the one of production.",
		Mend:    "Write the name of an input of this runbook, or declare it under `inputs`.",
		Bad:     "modes: {drill: {inputs: {taget: /tmp/sandbox}}}",
		Good:    "modes: {drill: {inputs: {target: /tmp/sandbox}}}",
	}
	BadModeInput = &Rule{
		Code: "GB0252", Severity: Error,
		Summary: "mode gives an input a value that it cannot have",
		Why:     "A run in this mode would be refused, which is best known before an outage.",
		Mend:    "Give a value as the input describes it; the value of a secret is never in a runbook.",
		Bad:     "inputs: {copies: {type: integer}}\nmodes: {drill: {inputs: {copies: one}}}",
		Good:    "inputs: {copies: {type: integer}}\nmodes: {drill: {inputs: {copies: 1}}}",
	}
	ModeLeavesUsed = &Rule{
		Code: "GB0253", Severity: Error,
		Summary: "mode leaves out a step of which something is used",
		Why:     "A step that is left out returns nothing, so that what is computed of it cannot be had in this mode.",
		Mend:    "Have what uses it left out too, or ask first: `has(steps.a.outputs)` in a condition, `steps.a.status` in a value.",
		Bad:     "modes: {drill: {skip: [find]}}   (and with: {file: \"${{ steps.find.outputs.path }}\"})",
		Good:    "modes: {drill: {skip: [find, copy]}}",
	}
	ModeUnguards = &Rule{
		Code: "GB0254", Severity: Error,
		Summary: "mode leaves out an approval behind which something is destroyed",
		Why:     "Nothing would stand before what cannot be taken back, in the mode that is run most often.",
		Mend:    "Leave out what destroys too, or have the approval say itself when nobody is asked, by `when`.",
		Bad:     "modes: {drill: {skip: [sign_off]}}   (and wipe, which destroys, needs sign_off)",
		Good:    "modes: {drill: {skip: [sign_off, wipe]}}",
	}
	UnknownMode = &Rule{
		Code: "GB0255", Severity: Error,
		Summary: "unknown mode",
		Why:     "A run in a mode is done as the runbook says under `modes`, and a drill of it in the mode `drill`.",
		Mend:    "Name a mode that the runbook has, or write what is otherwise in it; `drill: {}` says that nothing is.",
		Bad:     "gatebook run recover.yaml --mode planed",
		Good:    "gatebook run recover.yaml --mode planned",
	}
	IdleMode = &Rule{
		Code: "GB0257", Severity: Warning,
		Summary: "mode in which nothing is done",
		Why:     "A run in it would succeed, and have done nothing: as a drill it proves nothing.",
		Mend:    "Leave out less, or set the inputs so that steps are done.",
		Bad:     "modes: {drill: {skip: [restore]}}   (and restore is the only step)",
		Good:    "modes: {drill: {inputs: {database: copy.db}}}",
	}
	UnmeasuredLoss = &Rule{
		Code: "GB0256", Severity: Error,
		Summary: "data loss is not measured",
		Why:     "How much was lost is found out by a step, when what was recovered is there; nobody knows it before. A drill that does not measure what is promised proves nothing.",
		Mend:    "Compute a duration, such as 90s, of what a step returns that is done in drills too, or remove `rpo`.",
		Bad:     "objectives: {rpo: 5m, dataLoss: 0s}",
		Good:    "objectives: {rpo: 5m, dataLoss: \"${{ steps.check.outputs.stdout }}s\"}",
	}
)

// modeRules are the rules of modes and objectives.
func modeRules() []*Rule {
	return []*Rule{UnknownModeStep, UnknownModeInput, BadModeInput, ModeLeavesUsed, ModeUnguards, UnknownMode, UnmeasuredLoss, IdleMode}
}
