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
)

// planRules are the rules of plans.
func planRules() []*Rule {
	return []*Rule{
		CannotCompute, CannotJudge, NeverTrue,
	}
}
