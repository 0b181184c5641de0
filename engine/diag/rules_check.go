package diag

// The rules of references and order: GB04xx.
var (
	UnknownStep = &Rule{
		Code: "GB0401", Severity: Error,
		Summary: "unknown step",
		Why:     "A step that waits for one that is not there would wait for nothing, and the order would not be what its author meant.",
		Mend:    "Correct the id, or remove it.",
		Bad:     "needs: [chekc]",
		Good:    "needs: [check]",
	}
	SelfNeed = &Rule{
		Code: "GB0402", Severity: Error,
		Summary: "step needs itself",
		Why:     "It could never start.",
		Mend:    "Remove the step's own id from its needs.",
		Bad:     "- id: drain\n  uses: exec\n  needs: [drain]",
		Good:    "- id: drain\n  uses: exec\n  needs: [check]",
	}
	Cycle = &Rule{
		Code: "GB0403", Severity: Error,
		Summary: "steps wait for each other",
		Why:     "Each of the steps waits for the next one, so none of them could ever start. A step waits for those in its needs, for those that its expressions use, and without needs for the step before it.",
		Mend:    "Break the circle: reorder the steps, give one of them other needs (`needs: []` for none), or take a reference away.",
		Bad:     "- {id: a, uses: exec, needs: [b]}\n- {id: b, uses: exec, needs: [a]}",
		Good:    "- {id: a, uses: exec}\n- {id: b, uses: exec, needs: [a]}",
	}
	OwnOutputs = &Rule{
		Code: "GB0404", Severity: Error,
		Summary: "step uses its own result before it has one",
		Why:     "What a step does, and the conditions before it, are decided before it runs. Only its verify and its rollback come after.",
		Mend:    "Refer to another step, or move the condition to verify.",
		Bad:     "- id: scale\n  uses: exec\n  gate: [{expr: steps.scale.outputs.exitCode == 0}]",
		Good:    "- id: scale\n  uses: exec\n  verify: [{expr: steps.scale.outputs.exitCode == 0}]",
	}
	FinallyTooLate = &Rule{
		Code: "GB0405", Severity: Error,
		Summary: "step of finally used before the end",
		Why:     "The steps of finally run when all others are done, so no other step can wait for them or use what they found.",
		Mend:    "Move the step from finally to steps, or take the reference away.",
		Bad:     "steps:\n  - {id: work, uses: exec, needs: [tell]}\nfinally:\n  - {id: tell, uses: exec}",
		Good:    "steps:\n  - {id: work, uses: exec}\nfinally:\n  - {id: tell, uses: exec}",
	}
	VarUsesStep = &Rule{
		Code: "GB0406", Severity: Error,
		Summary: "var uses a step",
		Why:     "Vars are worked out once, before any step runs.",
		Mend:    "Write the expression where it is needed.",
		Bad:     "vars: {count: \"${{ steps.list.outputs.count }}\"}",
		Good:    "with: {text: \"${{ steps.list.outputs.count }}\"}",
	}
	VarCycle = &Rule{
		Code: "GB0407", Severity: Error,
		Summary: "vars use each other in a circle",
		Why:     "None of them could be worked out first.",
		Mend:    "Give one of them a value that does not use the others.",
		Bad:     "vars: {a: \"${{ vars.b }}\", b: \"${{ vars.a }}\"}",
		Good:    "vars: {a: web, b: \"${{ vars.a }}\"}",
	}
	OutcomeTooEarly = &Rule{
		Code: "GB0408", Severity: Error,
		Summary: "outcome used before the end",
		Why:     "How the run went is known when its steps are done: in finally, outputs and record.",
		Mend:    "Move the step to finally, or look at the status of a step.",
		Bad:     "steps:\n  - id: tell\n    uses: notify.webhook\n    with: {text: \"${{ run.outcome }}\"}",
		Good:    "finally:\n  - id: tell\n    uses: notify.webhook\n    with: {text: \"${{ run.outcome }}\"}",
	}
	UnusedInput = &Rule{
		Code: "GB0409", Severity: Warning,
		Summary: "input is never used",
		Why:     "People are asked for a value that changes nothing, or an expression was meant to use it and does not.",
		Mend:    "Use the input, or remove it.",
		Bad:     "inputs:\n  image: {type: string}\nsteps:\n  - {id: roll, uses: exec}",
		Good:    "steps:\n  - {id: roll, uses: exec}",
	}
	UnusedVar = &Rule{
		Code: "GB0410", Severity: Warning,
		Summary: "var is never used",
		Why:     "It changes nothing, or an expression was meant to use it and does not.",
		Mend:    "Use the var, or remove it.",
		Bad:     "vars: {app: web}\nsteps:\n  - {id: roll, uses: exec}",
		Good:    "steps:\n  - {id: roll, uses: exec}",
	}
	NeedlessNeed = &Rule{
		Code: "GB0411", Severity: Warning,
		Summary: "need says nothing",
		Why:     "A step of finally runs after all steps in any case, and naming a step twice is naming it once.",
		Mend:    "Remove it from needs.",
		Bad:     "finally:\n  - {id: tell, uses: exec, needs: [work]}",
		Good:    "finally:\n  - {id: tell, uses: exec}",
	}
	ConstantCondition = &Rule{
		Code: "GB0412", Severity: Warning,
		Summary: "condition never changes",
		Why:     "It refers to nothing, so it comes to the same every time and guards nothing.",
		Mend:    "Refer to an input, a step or an observation, or remove the condition.",
		Bad:     "gate: [{expr: 1 < 2}]",
		Good:    "gate: [{expr: inputs.replicas < 20}]",
	}
	UnusedObservation = &Rule{
		Code: "GB0413", Severity: Warning,
		Summary: "observation is not looked at",
		Why:     "The condition makes an observation and does not use what it finds.",
		Mend:    "Use observed in the expression, or remove observe.",
		Bad:     "verify:\n  - observe: {uses: http.check, with: {url: \"http://web\"}}\n    expr: inputs.strict",
		Good:    "verify:\n  - observe: {uses: http.check, with: {url: \"http://web\"}}\n    expr: observed.status == 200",
	}
	PlainText = &Rule{
		Code: "GB0414", Severity: Warning,
		Summary: "expression where none is evaluated",
		Why:     "Titles, names and messages are shown as they are written, ${{ }} and all, so that they are the same in the review and at night.",
		Mend:    "Write plain words.",
		Bad:     "title: Roll out ${{ inputs.image }}",
		Good:    "title: Roll out the image",
	}
	VarUsesRun = &Rule{
		Code: "GB0416", Severity: Error,
		Summary: "var uses what only a run knows",
		Why:     "Vars are worked out once, for the plan, so that what is approved is what is done. The time and the run are not known then.",
		Mend:    "Write the expression where it is needed.",
		Bad:     "vars: {tag: \"${{ run.id }}\"}",
		Good:    "with: {text: \"${{ run.id }}\"}",
	}
	WrongGatebook = &Rule{
		Code: "GB0415", Severity: Error,
		Summary: "another version of gatebook is required",
		Why:     "The runbook says which versions may run it, and this is none of them.",
		Mend:    "Use a version that fits, or change `requires.gatebook`.",
		Bad:     "requires: {gatebook: \">=9\"}",
		Good:    "requires: {gatebook: \">=0.1\"}",
	}
	NeedlessPolicy = &Rule{
		Code: "GB0417", Severity: Warning,
		Summary: "onFailure has no effect here",
		Why:     "The steps of `finally` run when the run has ended: what else stands there is done all the same, and nothing is taken back for their sake. So it is of a runbook that one of them takes in.",
		Mend:    "Remove it, or say `continue` if the failure of the step should not count as one of the run.",
		Bad:     "finally:\n  - {id: tell, uses: notify.webhook, onFailure: rollback}",
		Good:    "finally:\n  - {id: tell, uses: notify.webhook, onFailure: continue}",
	}
	LimitTooLow = &Rule{
		Code: "GB0418", Severity: Error,
		Summary: "limit that the runbook itself goes over",
		Why:     "The steps that are done in any case are more than `limits` allows, so that every plan goes over it, and no run begins.",
		Mend:    "Raise the limit if that many is what you want, or make it two runbooks.",
		Bad:     "limits: {maxChanges: 1}\nsteps:\n  - {id: stop, uses: exec, with: {command: [systemctl, stop, web]}}\n  - {id: start, uses: exec, with: {command: [systemctl, start, web]}}",
		Good:    "limits: {maxChanges: 2}",
	}
)

// The rules of actions and their parameters: GB05xx.
var (
	UnknownAction = &Rule{
		Code: "GB0501", Severity: Error,
		Summary: "unknown action",
		Why:     "There is no action of that name, so nobody can tell what the step does.",
		Mend:    "Correct the name. `gatebook actions` lists those there are.",
		Bad:     "uses: http.chekc",
		Good:    "uses: http.check",
	}
	MissingParameter = &Rule{
		Code: "GB0502", Severity: Error,
		Summary: "required parameter missing",
		Why:     "The action cannot work without it.",
		Mend:    "Add the parameter. `gatebook explain ACTION` says what it is for.",
		Bad:     "uses: http.check\nwith: {}",
		Good:    "uses: http.check\nwith: {url: \"http://web/healthz\"}",
	}
	UnknownParameter = &Rule{
		Code: "GB0503", Severity: Error,
		Summary: "unknown parameter",
		Why:     "A parameter that the action does not have would be passed over in silence.",
		Mend:    "Correct the spelling, or remove it. `gatebook explain ACTION` lists the parameters.",
		Bad:     "uses: http.check\nwith: {ulr: \"http://web/healthz\"}",
		Good:    "uses: http.check\nwith: {url: \"http://web/healthz\"}",
	}
	InvalidParameter = &Rule{
		Code: "GB0504", Severity: Error,
		Summary: "parameter not allowed by the action",
		Why:     "The value breaks what the action says of the parameter, so the action would refuse it during the run.",
		Mend:    "Write a value as the action wants it. `gatebook explain ACTION` says how.",
		Bad:     "uses: wait\nwith: {for: soon}",
		Good:    "uses: wait\nwith: {for: 30s}",
	}
	BrokenRule = &Rule{
		Code: "GB0505", Severity: Error,
		Summary: "parameters do not go together",
		Why:     "Each parameter is right by itself, but together they break a rule of the action.",
		Mend:    "Change the parameters as the rule says.",
		Bad:     "uses: wait\nwith: {}",
		Good:    "uses: wait\nwith: {for: 30s}",
	}
	ObserveReads = &Rule{
		Code: "GB0506", Severity: Error,
		Summary: "observation by an action that does not only read",
		Why:     "An observation is made again and again, and in a dry run too, so it must change nothing and ask nobody.",
		Mend:    "Use a read action.",
		Bad:     "observe: {uses: exec, with: {command: [./fix.sh]}}",
		Good:    "observe: {uses: http.check, with: {url: \"http://web\"}}",
	}
	NoWayBack = &Rule{
		Code: "GB0507", Severity: Warning,
		Summary: "step cannot be taken back",
		Why:     "When a later step fails, what this one changed stays as it is, and nobody has said that this is meant.",
		Mend:    "Give a rollback; or say why there is none with `rollback: {none: …}`.",
		Bad:     "- id: scale\n  uses: exec\n  with: {command: [scale, web, \"5\"]}",
		Good:    "- id: scale\n  uses: exec\n  with: {command: [scale, web, \"5\"]}\n  rollback: {uses: exec, with: {command: [scale, web, \"3\"]}}",
	}
	UnguardedDestroy = &Rule{
		Code: "GB0508", Severity: Error,
		Summary: "destroying step without a gate",
		Why:     "After it there is no way back, so something must have been looked at, or somebody asked, before.",
		Mend:    "Give the step a gate, or let it follow a step that asks for approval.",
		Bad:     "- id: drop\n  uses: db.drop",
		Good:    "- id: sign_off\n  uses: approve\n  with: {message: Drop the old database?}\n- id: drop\n  uses: db.drop",
	}
	NeedlessRollback = &Rule{
		Code: "GB0509", Severity: Warning,
		Summary: "rollback does nothing",
		Why:     "A step that only reads leaves nothing to take back, and a rollback that only reads takes nothing back.",
		Mend:    "Remove the rollback, or use another action.",
		Bad:     "- id: look\n  uses: http.check\n  with: {url: \"http://web\"}\n  rollback: {none: it only reads}",
		Good:    "- id: look\n  uses: http.check\n  with: {url: \"http://web\"}",
	}
	SecretLeaves = &Rule{
		Code: "GB0510", Severity: Warning,
		Summary: "secret goes where it may be seen",
		Why:     "The action does not promise to keep this parameter secret: the other side may log it, store it or show it.",
		Mend:    "Use a parameter that is meant for secrets, or make sure that whoever receives it keeps it to themselves.",
		Bad:     "uses: notify.webhook\nwith: {text: \"${{ inputs.token }}\"}",
		Good:    "uses: http.request\nwith: {headers: {Authorization: \"Bearer ${{ inputs.token }}\"}}",
	}
	SecretExposed = &Rule{
		Code: "GB0511", Severity: Error,
		Summary: "secret goes where everybody can read it",
		Why:     "Others on the same machine can read this value, as they can the arguments of any process.",
		Mend:    "Pass the secret another way: through the environment or standard input.",
		Bad:     "uses: exec\nwith: {command: [login, \"${{ inputs.token }}\"]}",
		Good:    "uses: exec\nwith: {command: [login], env: {TOKEN: \"${{ inputs.token }}\"}}",
	}
	SecretWritten = &Rule{
		Code: "GB0516", Severity: Warning,
		Summary: "secret written down",
		Why: "The runbook is read by everybody who can read the repository, the folder of a run, which has a copy, or a sealed plan, and so is what is written here. " +
			"In plans and logs it is masked all the same.",
		Mend: "Take it from a secret input.",
		Bad:  "uses: http.request\nwith: {bearerToken: hunter2}",
		Good: "uses: http.request\nwith: {bearerToken: \"${{ inputs.token }}\"}",
	}
	SecretRecorded = &Rule{
		Code: "GB0512", Severity: Error,
		Summary: "secret in an output or the record",
		Why:     "Outputs and records are printed and kept, which secrets never are.",
		Mend:    "Take the secret out of the value.",
		Bad:     "outputs: {token: \"${{ inputs.token }}\"}",
		Good:    "outputs: {user: \"${{ inputs.user }}\"}",
	}
	SecretHandedOn = &Rule{
		Code: "GB0514", Severity: Warning,
		Summary: "output of a step that knows a secret goes where it may be seen",
		Why:     "What was given a secret may print it or send it back, and then the output holds it. The run notices that, masks the value, and does not start a step with it where others could read it.",
		Mend:    "Pass the output another way, such as through the environment or standard input; or take it from a step that needs no secret.",
		Bad:     "- {id: login, uses: exec, with: {command: [login], env: {TOKEN: \"${{ inputs.token }}\"}}}\n- {id: use, uses: exec, with: {command: [use, \"${{ steps.login.outputs.stdout }}\"]}}",
		Good:    "- {id: login, uses: exec, with: {command: [login], env: {TOKEN: \"${{ inputs.token }}\"}}}\n- {id: use, uses: exec, with: {command: [use], stdin: \"${{ steps.login.outputs.stdout }}\"}}",
	}
	FaultyAction = &Rule{
		Code: "GB0513", Severity: Error,
		Summary: "action describes itself wrongly",
		Why:     "The plugin says something of the action that cannot be read, so its parameters cannot be checked.",
		Mend:    "Use another version of the plugin, or tell its authors.",
		Bad:     "uses: broken.action",
		Good:    "uses: http.check",
	}
	RemainingElsewhere = &Rule{
		Code: "GB0419", Severity: Error,
		Summary: "run.remaining used outside of a condition",
		Why:     "How long a run takes from a step to its end is estimated for the conditions of steps: when, gate, verify and between.",
		Mend:    "Ask for it in a condition of the step.",
		Bad:     "with: {text: \"${{ run.remaining }}\"}",
		Good:    "gate: {expr: run.remaining < windowRemaining(\"offpeak\", now)}",
	}
	UnknownUnit = &Rule{
		Code: "GB0420", Severity: Warning,
		Summary: "cost limited in a unit in which nothing is counted",
		Why:     "A cost is counted by the unit in which actions say it. One that none of them names is always 0, so that the limit holds nothing back.",
		Mend:    "Write the unit as the actions do (gatebook explain ACTION), or take the limit out.",
		Bad:     "limits: {maxCost: {eur: 50}}   (the actions count usd)",
		Good:    "limits: {maxCost: {usd: 50}}",
	}
	LoopOverOne = &Rule{
		Code: "GB0515", Severity: Error,
		Summary: "foreach over what is neither a list nor a map",
		Why:     "A step is done once for each item of a list, or for each entry of a map.",
		Mend:    "Give a list or a map.",
		Bad:     "foreach: ${{ inputs.node }}   (a string)",
		Good:    "foreach: ${{ inputs.nodes }}   (an array of strings)",
	}
)

// checkRules are the rules of references, and of actions and their parameters.
func checkRules() []*Rule {
	return []*Rule{
		UnknownStep, SelfNeed, Cycle, OwnOutputs, FinallyTooLate, VarUsesStep, VarCycle, OutcomeTooEarly,
		UnusedInput, UnusedVar, NeedlessNeed, NeedlessPolicy, ConstantCondition, UnusedObservation, PlainText, VarUsesRun,
		WrongGatebook, UnknownAction, MissingParameter, UnknownParameter, InvalidParameter, BrokenRule,
		ObserveReads, NoWayBack, UnguardedDestroy, NeedlessRollback, SecretLeaves, SecretExposed, SecretWritten,
		SecretRecorded, SecretHandedOn, FaultyAction, LoopOverOne, LimitTooLow, UnknownUnit, RemainingElsewhere,
	}
}
