package diag

// The rules of the format: GB02xx.
var (
	UnknownKey = &Rule{
		Code: "GB0201", Severity: Error,
		Summary: "unknown key",
		Why:     "A key that the format does not have would be passed over in silence, and what its author meant would not happen.",
		Mend:    "Correct the spelling, or remove the key. `gatebook schema` prints the keys there are.",
		Bad:     "steps:\n  - id: drain\n    use: exec",
		Good:    "steps:\n  - id: drain\n    uses: exec",
	}
	MissingKey = &Rule{
		Code: "GB0202", Severity: Error,
		Summary: "required key missing",
		Why:     "Without it the runbook does not say what is to be done.",
		Mend:    "Add the key.",
		Bad:     "steps:\n  - id: drain",
		Good:    "steps:\n  - id: drain\n    uses: exec",
	}
	WrongType = &Rule{
		Code: "GB0203", Severity: Error,
		Summary: "wrong type",
		Why:     "The format says what type each value has. Guessing a conversion hides mistakes, such as a version 1.10 that becomes the number 1.1.",
		Mend:    "Write a value of the type that is named. Quotes make a string.",
		Bad:     "metadata: {version: 1.2}",
		Good:    "metadata: {version: \"1.2.0\"}",
	}
	UnknownVersion = &Rule{
		Code: "GB0204", Severity: Error,
		Summary: "unknown format version",
		Why:     "apiVersion says by which rules the file is to be read; this gatebook does not know the ones named.",
		Mend:    "Correct the version, or use a gatebook that knows it.",
		Bad:     "apiVersion: gatebook/v9",
		Good:    "apiVersion: gatebook/v1",
	}
	UnknownKind = &Rule{
		Code: "GB0205", Severity: Error,
		Summary: "unknown kind",
		Why:     "kind says what the file describes; this one is not something that gatebook can run.",
		Mend:    "Write `kind: Runbook`.",
		Bad:     "kind: Playbook",
		Good:    "kind: Runbook",
	}
	NotOneOf = &Rule{
		Code: "GB0206", Severity: Error,
		Summary: "value not allowed",
		Why:     "Only a few words have a meaning here.",
		Mend:    "Write one of the words that are named.",
		Bad:     "onFailure: revert",
		Good:    "onFailure: rollback",
	}
	BadID = &Rule{
		Code: "GB0207", Severity: Error,
		Summary: "not an identifier",
		Why:     "Ids are used as names in both expression languages: they begin with a small letter and go on with small letters, digits and underscores.",
		Mend:    "Use underscores in place of hyphens and dots, and small letters.",
		Bad:     "- id: Drain-node",
		Good:    "- id: drain_node",
	}
	BadName = &Rule{
		Code: "GB0208", Severity: Error,
		Summary: "not a DNS label",
		Why:     "A runbook's name is used in file names, lock names and addresses: up to 63 small letters, digits and hyphens, with a letter or digit at either end.",
		Mend:    "Use hyphens in place of spaces and underscores, and small letters.",
		Bad:     "metadata: {name: Web_Upgrade}",
		Good:    "metadata: {name: web-upgrade}",
	}
	BadVersion = &Rule{
		Code: "GB0209", Severity: Error,
		Summary: "not a semantic version",
		Why:     "Versions are compared, which needs all of MAJOR.MINOR.PATCH (semver.org).",
		Mend:    "Write three numbers, with a suffix if needed: 1.2.0 or 1.2.0-rc.1.",
		Bad:     "metadata: {version: v1.2}",
		Good:    "metadata: {version: 1.2.0}",
	}
	BadConstraint = &Rule{
		Code: "GB0210", Severity: Error,
		Summary: "not a version constraint",
		Why:     "The constraint says which versions will do; one that cannot be read would allow none or all.",
		Mend:    "Write comparisons such as \">=0.1\", \"~1.2\" or \">=1.2, <2\".",
		Bad:     "requires: {gatebook: at least 0.1}",
		Good:    "requires: {gatebook: \">=0.1\"}",
	}
	BadDuration = &Rule{
		Code: "GB0211", Severity: Error,
		Summary: "not a duration",
		Why:     "A number without a unit could be seconds or minutes.",
		Mend:    "Write numbers with the units h, m, s or ms: 300s, 1h30m, 500ms.",
		Bad:     "timeout: 10",
		Good:    "timeout: 10m",
	}
	BadPattern = &Rule{
		Code: "GB0212", Severity: Error,
		Summary: "not a regular expression",
		Why:     "The pattern must be one that RE2 can match in linear time; look-ahead and back-references are not.",
		Mend:    "Correct the pattern. The syntax is that of Go's regexp package.",
		Bad:     "pattern: \"[a-z\"",
		Good:    "pattern: \"[a-z]+\"",
	}
	OutOfRange = &Rule{
		Code: "GB0213", Severity: Error,
		Summary: "out of range",
		Why:     "The value makes no sense here, such as zero attempts or an empty list of steps.",
		Mend:    "Write a value within the bounds that are named.",
		Bad:     "retry: {attempts: 0}",
		Good:    "retry: {attempts: 3}",
	}
	DuplicateStep = &Rule{
		Code: "GB0214", Severity: Error,
		Summary: "two steps with one id",
		Why:     "Expressions, needs and the journal name a step by its id, so it must be unique among steps and finally.",
		Mend:    "Rename one of the two.",
		Bad:     "steps:\n  - {id: check, uses: exec}\n  - {id: check, uses: exec}",
		Good:    "steps:\n  - {id: check_before, uses: exec}\n  - {id: check_after, uses: exec}",
	}
	ConditionTimes = &Rule{
		Code: "GB0215", Severity: Error,
		Summary: "times of a condition do not fit",
		Why:     "A condition is looked at once, or every so often within a limit; it can only be seen to hold for a time that is shorter than the limit.",
		Mend:    "Give `within`, with `every` at most as long and `hold` shorter.",
		Bad:     "{expr: observed.ok, within: 1m, hold: 5m}",
		Good:    "{expr: observed.ok, within: 10m, hold: 5m}",
	}
	RollbackChoice = &Rule{
		Code: "GB0216", Severity: Error,
		Summary: "rollback must be an action or a reason",
		Why: "Either there is an action that takes the step back, or a reason why nothing can; both at once, or neither, says nothing. " +
			"Only `retry` and `timeout` may stand alone: they are those of the step's own action, where that can undo what it did.",
		Mend: "Keep either `uses` (with its parameters) or `none`.",
		Bad:  "rollback: {uses: exec, none: cannot be undone}",
		Good: "rollback: {none: the message was sent}",
	}
	RetryTimes = &Rule{
		Code: "GB0217", Severity: Error,
		Summary: "times of a retry do not fit",
		Why:     "The first wait cannot be longer than the longest one.",
		Mend:    "Make `delay` smaller or `maxDelay` greater.",
		Bad:     "retry: {attempts: 3, delay: 1m, maxDelay: 10s}",
		Good:    "retry: {attempts: 3, delay: 10s, maxDelay: 1m}",
	}
	InputWords = &Rule{
		Code: "GB0218", Severity: Error,
		Summary: "words of an input contradict each other",
		Why:     "A bound that does not apply to the type, or that no value can meet, does not do what its author meant.",
		Mend:    "Remove one of the two words, or correct the bounds.",
		Bad:     "nodes: {type: array, minLength: 1}",
		Good:    "nodes: {type: array, minItems: 1}",
	}
	BlankText = &Rule{
		Code: "GB0219", Severity: Error,
		Summary: "empty text",
		Why:     "The key is there but says nothing.",
		Mend:    "Write the text, or remove the key.",
		Bad:     "rollback: {none: \"\"}",
		Good:    "rollback: {none: the message was sent}",
	}
	BadActionName = &Rule{
		Code: "GB0220", Severity: Error,
		Summary: "not the name of an action",
		Why:     "Actions are named by words of small letters, digits and underscores, with dots between them; no expression is allowed, so that a review shows what is done.",
		Mend:    "Write a name from `gatebook actions`.",
		Bad:     "uses: ${{ vars.action }}",
		Good:    "uses: http.check",
	}
	BatchOfNothing = &Rule{
		Code: "GB0221", Severity: Error,
		Summary: "batch without foreach",
		Why:     "A batch is a part of what a step is done for, and this step is done once.",
		Mend:    "Say with `foreach` what the step is done for, or remove `batch`.",
		Bad:     "{id: drain, uses: k8s.drain, batch: {sizes: [1, 50%]}, with: {node: n1}}",
		Good:    "{id: drain, uses: k8s.drain, foreach: \"${{ inputs.nodes }}\", batch: {sizes: [1, 50%]}, with: {node: \"${{ each.value }}\"}}",
	}
)

// modelRules are the rules of the format.
func modelRules() []*Rule {
	return []*Rule{
		UnknownKey, MissingKey, WrongType, UnknownVersion, UnknownKind, NotOneOf, BadID, BadName,
		BadVersion, BadConstraint, BadDuration, BadPattern, OutOfRange, DuplicateStep,
		ConditionTimes, RollbackChoice, RetryTimes, InputWords, BlankText, BadActionName, BatchOfNothing,
	}
}
