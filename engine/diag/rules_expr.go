package diag

// The rules of expressions: GB03xx.
var (
	ExprSyntax = &Rule{
		Code: "GB0301", Severity: Error, Summary: "expression cannot be read",
		Why:  "A condition is CEL and a ${{ }} is expr; this text is neither, so it has no meaning.",
		Mend: "Look at the marked place: a quote, a bracket or an operator is missing or too many.",
		Bad:  "expr: inputs.count = 3",
		Good: "expr: inputs.count == 3",
	}
	ExprUnknownName = &Rule{
		Code: "GB0302", Severity: Error, Summary: "unknown name in an expression",
		Why:  "Expressions see only what the runbook gives them, so that their meaning depends on nothing else.",
		Mend: "Begin with a name that is in scope here: inputs, vars, steps, run or now, and observed, error or attempt where they exist.",
		Bad:  "expr: input.count > 3",
		Good: "expr: inputs.count > 3",
	}
	ExprUnknownStep = &Rule{
		Code: "GB0303", Severity: Error, Summary: "unknown step in an expression",
		Why:  "A reference to a step is also an edge of the plan, so the step must exist.",
		Mend: "Use the id of a step of this runbook.",
		Bad:  "expr: steps.drian.outputs.evicted > 0",
		Good: "expr: steps.drain.outputs.evicted > 0",
	}
	ExprUnknownField = &Rule{
		Code: "GB0304", Severity: Error, Summary: "unknown field in an expression",
		Why:  "The shape of inputs and outputs is declared, so a field that is not in it can never have a value.",
		Mend: "Use a field that is declared.",
		Bad:  "expr: steps.drain.outputs.evictd > 0",
		Good: "expr: steps.drain.outputs.evicted > 0",
	}
	ExprType = &Rule{
		Code: "GB0305", Severity: Error, Summary: "wrong type in an expression",
		Why:  "The operator or function does not exist for values of these types, so it would fail when it runs.",
		Mend: "Compare and compute with values of matching types, or convert one of them.",
		Bad:  `expr: inputs.count > "3"`,
		Good: "expr: inputs.count > 3",
	}
	ExprNotBoolean = &Rule{
		Code: "GB0306", Severity: Error, Summary: "condition is not true or false",
		Why:  "A condition decides; a number or a text decides nothing.",
		Mend: "Compare the value with something.",
		Bad:  "expr: inputs.nodes.size()",
		Good: "expr: inputs.nodes.size() > 0",
	}
	ExprUnknownFunction = &Rule{
		Code: "GB0307", Severity: Error, Summary: "unknown function in an expression",
		Why:  "Expressions have the functions listed in docs/expressions.md and no others.",
		Mend: "Use one of those functions.",
		Bad:  `expr: inputs.image.beginsWith("registry/")`,
		Good: `expr: inputs.image.startsWith("registry/")`,
	}
	ExprTooComplex = &Rule{
		Code: "GB0308", Severity: Error, Summary: "expression is too large",
		Why:  "Length and nesting are limited so that no expression can hold up a run.",
		Mend: "Split it into several conditions, or compute a part of it in vars.",
		Bad:  "expr: ((((((… a hundred brackets deep …))))))",
		Good: "expr: inputs.count > 3",
	}
	ExprUnclosed = &Rule{
		Code: "GB0309", Severity: Error, Summary: "${{ without }}",
		Why:  "The expression has no end, so it cannot be told what is text and what is computed.",
		Mend: "Close it with }}, or write $${{ for the characters themselves.",
		Bad:  "text: Rolling out ${{ inputs.image",
		Good: "text: Rolling out ${{ inputs.image }}",
	}
	ExprBadLiteral = &Rule{
		Code: "GB0310", Severity: Error, Summary: "invalid literal in an expression",
		Why:  "The function would fail each time with this constant.",
		Mend: "Correct the duration, time, version, quantity or regular expression.",
		Bad:  `expr: steps.probe.outputs.took < duration("5 minutes")`,
		Good: `expr: steps.probe.outputs.took < duration("5m")`,
	}
	ExprTooMany = &Rule{
		Code: "GB0311", Severity: Error, Summary: "too many expressions",
		Why:  "What the expressions of a runbook have together is limited, so that no file holds up a check.",
		Mend: "Take the runbook apart, or compute once in vars what many expressions compute.",
		Bad:  "gate: [… a hundred thousand conditions, no two the same …]",
		Good: "gate: [{expr: steps.probe.outputs.took < inputs.most}]",
	}
	ExprUnknownWindow = &Rule{
		Code: "GB0312", Severity: Error, Summary: "unknown window in an expression",
		Why:  "Whether a window is open decides what is done, so it must be known before the run which one is meant.",
		Mend: "Write the name of a window of this runbook, in quotes.",
		Bad:  "expr: window(\"ofpeak\", now)",
		Good: "expr: window(\"offpeak\", now)",
	}
	ExprUnknownMode = &Rule{
		Code: "GB0314", Severity: Error, Summary: "unknown mode in an expression",
		Why:  "A comparison of run.mode with a mode that there is not always comes out the same: what it is to guard in that mode is not guarded.",
		Mend: "Write the name of a mode of this runbook, or declare it: `planned: {}` under `modes` says that nothing is otherwise in it.",
		Bad:  "expr: run.mode != \"planed\" || lastDrill(\"recover\") < duration(\"2160h\")",
		Good: "expr: run.mode != \"planned\" || lastDrill(\"recover\") < duration(\"2160h\")",
	}
	ExprBadDrill = &Rule{
		Code: "GB0313", Severity: Error, Summary: "lastDrill of what is no runbook",
		Why:  "When a runbook was last drilled is looked up as a run starts, so it must be known before which one is meant.",
		Mend: "Write the name of the runbook, its metadata.name, in quotes, in a condition of a step.",
		Bad:  "expr: lastDrill(\"Recover database\") < duration(\"2160h\")",
		Good: "expr: lastDrill(\"recover-database\") < duration(\"2160h\")",
	}
)

func exprRules() []*Rule {
	return []*Rule{
		ExprSyntax, ExprUnknownName, ExprUnknownStep, ExprUnknownField, ExprType,
		ExprNotBoolean, ExprUnknownFunction, ExprTooComplex, ExprUnclosed, ExprBadLiteral,
		ExprTooMany, ExprUnknownWindow, ExprBadDrill, ExprUnknownMode,
	}
}
