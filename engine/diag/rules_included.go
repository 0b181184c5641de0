package diag

// The rules of runbooks that a step takes in: GB026x.
var (
	InclusionOutside = &Rule{
		Code: "GB0260", Severity: Error,
		Summary: "runbook outside of the repository",
		Why:     "A review of the repository sees all that a run does. What lies elsewhere may be another file for whoever runs it, and nobody has reviewed it.",
		Mend:    "Put the file into the repository of the runbook, or where that is in none, into its folder, and write its path as it is seen from the runbook's folder.",
		Bad:     "with: {file: ../../elsewhere/web.yaml}",
		Good:    "with: {file: ./web.yaml}",
	}
	InclusionUnread = &Rule{
		Code: "GB0261", Severity: Error,
		Summary: "runbook cannot be taken in",
		Why:     "What is done must be known before it begins, so that the file must be there, be a runbook of at most 1 MB, and be named by a text without an expression.",
		Mend:    "Write the path of a runbook as it is seen from the folder of this one. Take one that is too large apart.",
		Bad:     "with: {file: \"./${{ inputs.tier }}.yaml\"}",
		Good:    "with: {file: ./web.yaml}",
	}
	InclusionCycle = &Rule{
		Code: "GB0262", Severity: Error,
		Summary: "runbooks take each other in",
		Why:     "A runbook that takes itself in, be it through others, would have no end.",
		Mend:    "Put what both need into a runbook of its own, and take that in.",
		Bad:     "# web.yaml\n- {id: again, uses: runbook, with: {file: ./web.yaml}}",
		Good:    "# web.yaml\n- {id: check, uses: runbook, with: {file: ./check.yaml}}",
	}
	InclusionManner = &Rule{
		Code: "GB0263", Severity: Error,
		Summary: "does not belong to a step that takes in a runbook",
		Why:     "The step does nothing itself: its steps say how they are tried again, how long they may take, over which connection they work and what takes them back. It would be said twice, and nobody could tell what holds.",
		Mend:    "Say it of the steps in that runbook; give it what differs as an input.",
		Bad:     "- {id: web, uses: runbook, with: {file: ./web.yaml}, retry: {attempts: 3}}",
		Good:    "- {id: web, uses: runbook, with: {file: ./web.yaml, inputs: {attempts: 3}}}",
	}
	InclusionDeep = &Rule{
		Code: "GB0264", Severity: Error,
		Summary: "too many runbooks taken in by each other",
		Why:     "Nobody can follow a runbook that takes in one that takes in one, and so on, and two that take in two that take in two are soon a million steps.",
		Mend:    "Take the inner runbooks in from one that is further out.",
		Bad:     "# a.yaml takes in b.yaml, which takes in c.yaml, and so on to z.yaml",
		Good:    "# a.yaml takes in b.yaml and c.yaml, one after the other",
	}
	InclusionSecret = &Rule{
		Code: "GB0266", Severity: Error,
		Summary: "secret given in the clear to a runbook",
		Why:     "The input is secret, and whoever can read this file can read what is given for it.",
		Mend:    "Take it from a secret input of this runbook.",
		Bad:     "with: {file: ./web.yaml, inputs: {token: hunter2}}",
		Good:    "with: {file: ./web.yaml, inputs: {token: \"${{ inputs.token }}\"}}",
	}
	InclusionExposes = &Rule{
		Code: "GB0267", Severity: Error,
		Summary: "secret given to an input that is not secret",
		Why:     "The runbook that is taken in does not know that the value is a secret: it may print it, give it back as an output, or put it where others can read it. A run would notice that only when it comes there, and fail half-way.",
		Mend:    "Declare the input secret in that runbook, and mend what check says of it then; or give it something else.",
		Bad:     "# web.yaml has inputs: {token: {type: string}}\nwith: {file: ./web.yaml, inputs: {token: \"${{ inputs.token }}\"}}",
		Good:    "# web.yaml has inputs: {token: {type: string, secret: true}}\nwith: {file: ./web.yaml, inputs: {token: \"${{ inputs.token }}\"}}",
	}
	InclusionPolicy = &Rule{
		Code: "GB0268", Severity: Warning,
		Summary: "policy of a runbook that is taken in does not hold",
		Why:     "A run goes by one policy: that of the runbook that is run. What another one says, which stands beside a runbook that is taken in, of who may start, approve and override, and of signed answers, is not asked for.",
		Mend:    "Have one policy above all of them, or write what must hold into that of the runbook that is run too.",
		Bad:     "# gatebook.policy.yaml stands in shared/ alone\nwith: {file: ./shared/web.yaml}",
		Good:    "# gatebook.policy.yaml stands beside this runbook, above shared/\nwith: {file: ./shared/web.yaml}",
	}
	InclusionLimits = &Rule{
		Code: "GB0265", Severity: Error,
		Summary: "limits of a runbook that is taken in",
		Why:     "Limits are counted over a whole run. Those of a runbook that is taken in would bound a part of it, which gatebook does not do; to pass over them would be worse.",
		Mend:    "Give the runbook that is run limits that allow for all that it takes in, and take those of the inner one out. Where that is run by itself too, write a runbook that has its limits and takes it in, and run that.",
		Bad:     "# web.yaml, which site.yaml takes in\nlimits: {maxChanges: 5}",
		Good:    "# site.yaml\nlimits: {maxChanges: 20}",
	}
)

// includedRules are the rules of runbooks that a step takes in.
func includedRules() []*Rule {
	return []*Rule{InclusionOutside, InclusionUnread, InclusionCycle, InclusionManner, InclusionDeep, InclusionLimits, InclusionSecret, InclusionExposes, InclusionPolicy}
}
