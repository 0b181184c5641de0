package diag

// The rules of plans: GB07xx.
var (
	CannotCompute = &Rule{
		Code: "GB0701", Severity: Error,
		Summary: "value cannot be computed",
		Why:     "With these inputs the expression fails, so the step could not be done.",
		Mend:    "Change the expression, or the inputs.",
		Bad:     "with: {count: \"${{ int(inputs.count) }}\"}   (count is \"many\")",
		Good:    "with: {count: \"${{ inputs.count }}\"}",
	}
	CannotJudge = &Rule{
		Code: "GB0702", Severity: Error,
		Summary: "condition cannot be judged",
		Why:     "With these inputs the condition fails whatever else happens, so it could never be true.",
		Mend:    "Change the condition so that it fits every input that is allowed.",
		Bad:     "expr: inputs.total / inputs.parts > 2   (parts is 0)",
		Good:    "expr: inputs.parts > 0 && inputs.total / inputs.parts > 2",
	}
	NeverTrue = &Rule{
		Code: "GB0703", Severity: Warning,
		Summary: "condition cannot be true",
		Why:     "With these inputs the condition is false whatever else happens, so the gate stays closed or the step fails.",
		Mend:    "Look at the explanation of the condition; change the inputs if that is not meant.",
		Bad:     "expr: inputs.replicas <= 5   (replicas is 7)",
		Good:    "expr: inputs.replicas <= 10",
	}
	LoopKeys = &Rule{
		Code: "GB0707", Severity: Error,
		Summary: "items of foreach cannot be told apart",
		Why:     "Each instance of the step is named by its item, in commands and in the journal, so that no two of them may be called alike.",
		Mend:    "Give each item once. Items that are not texts or numbers are named by their place; a map names them by its keys.",
		Bad:     "foreach: [node-1, node-2, node-1]",
		Good:    "foreach: [node-1, node-2]",
	}
	LeftOutUsed = &Rule{
		Code: "GB0708", Severity: Error,
		Summary: "step uses what a left-out step would return",
		Why:     "A step that is left out by --from, --only or --skip, or an instance that is, has no outputs, so that what is computed of them could not be.",
		Mend:    "Leave out this step as well, or do the other one; or have the runbook ask first: by has(), or by the status of the other step.",
		Bad:     "expr: steps.before.outputs.replicas > 2   (gatebook run web.yaml --skip before)",
		Good:    "expr: steps.before.status == 'skipped' || steps.before.outputs.replicas > 2",
	}
	SealBroken = &Rule{
		Code: "GB0704", Severity: Error,
		Summary: "sealed plan is not as it was sealed",
		Why:     "A plan is approved by its digest. What was changed after that, or is not whole, is not what was approved.",
		Mend:    "Get the file anew from whoever made it, or make the plan again with gatebook plan RUNBOOK --out FILE.",
		Bad:     "\"inputs\": {\"replicas\": 30}   (3 when it was sealed)",
		Good:    "gatebook plan web.yaml -i replicas=30 --out web.plan",
	}
	SealFormat = &Rule{
		Code: "GB0705", Severity: Error,
		Summary: "sealed plan of another format",
		Why:     "What a later gatebook writes may mean something that this one does not know of.",
		Mend:    "Carry the plan out with the gatebook that made it, or make it again with this one.",
		Bad:     "\"format\": \"gatebook/sealed-plan/v9\"",
		Good:    "\"format\": \"gatebook/sealed-plan/v1\"",
	}
	SealForeign = &Rule{
		Code: "GB0706", Severity: Error,
		Summary: "plan was sealed elsewhere",
		Why:     "Each state folder has a key of its own, and only by that key can it be told that nobody has changed a plan.",
		Mend:    "Make the plan again here. Where two machines are to carry out each other's plans, copy the file plans/key of the one's state folder into the other's.",
		Bad:     "gatebook run web.plan   (sealed on another machine)",
		Good:    "gatebook plan web.yaml --out web.plan && gatebook run web.plan",
	}
)

// planRules are the rules of plans.
func planRules() []*Rule {
	return []*Rule{
		CannotCompute, CannotJudge, NeverTrue, LoopKeys, LeftOutUsed, SealBroken, SealFormat, SealForeign,
	}
}
