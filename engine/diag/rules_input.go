package diag

// The rules of the input values that a caller gives: GB06xx.
var (
	BadDefault = &Rule{
		Code: "GB0601", Severity: Error,
		Summary: "default breaks the input's own rules",
		Why:     "A run without a value for the input would be refused.",
		Mend:    "Change the default, or the words that describe the input.",
		Bad:     "replicas: {type: integer, minimum: 1, default: 0}",
		Good:    "replicas: {type: integer, minimum: 1, default: 1}",
	}
	UnknownInput = &Rule{
		Code: "GB0602", Severity: Error,
		Summary: "unknown input",
		Why:     "A value for an input that the runbook does not have would be passed over in silence.",
		Mend:    "Correct the name, or leave the value out.",
		Bad:     "gatebook run web.yaml -i imgae=web:2",
		Good:    "gatebook run web.yaml -i image=web:2",
	}
	MissingInput = &Rule{
		Code: "GB0603", Severity: Error,
		Summary: "input needs a value",
		Why:     "The input has no default, so somebody must give a value.",
		Mend:    "Give the value as -i NAME=VALUE, in a file with -f, or in the environment as GATEBOOK_INPUT_NAME.",
		Bad:     "gatebook run web.yaml",
		Good:    "gatebook run web.yaml -i image=web:2",
	}
	UnreadableInput = &Rule{
		Code: "GB0604", Severity: Error,
		Summary: "value is not of the input's type",
		Why:     "Values on the command line and in the environment are text, read by the input's type.",
		Mend:    "Write the value as the type has it: whole numbers, true or false, and JSON for lists and objects.",
		Bad:     "-i nodes=a,b",
		Good:    "-i 'nodes=[\"a\",\"b\"]'",
	}
	InvalidInput = &Rule{
		Code: "GB0605", Severity: Error,
		Summary: "value not allowed by the input",
		Why:     "The value breaks what the runbook says of the input.",
		Mend:    "Give a value as the runbook wants it.",
		Bad:     "-i replicas=0",
		Good:    "-i replicas=3",
	}
	SecretInClear = &Rule{
		Code: "GB0606", Severity: Error,
		Summary: "secret given in the clear",
		Why:     "Command lines are seen by others and kept in histories, and files of values are kept in git.",
		Mend:    "Give the place of the secret instead: -i NAME=env:VARIABLE, -i NAME=file:PATH, or -i NAME=- for standard input.",
		Bad:     "-i token=s3cret",
		Good:    "-i token=env:TOKEN",
	}
	SecretDefault = &Rule{
		Code: "GB0607", Severity: Error,
		Summary: "secret in the runbook",
		Why:     "The runbook is read by everybody who can read the repository.",
		Mend:    "Remove the default; the value is then asked for.",
		Bad:     "token: {type: string, secret: true, default: s3cret}",
		Good:    "token: {type: string, secret: true}",
	}
)

// inputRules are the rules of input values.
func inputRules() []*Rule {
	return []*Rule{
		BadDefault, UnknownInput, MissingInput, UnreadableInput, InvalidInput, SecretInClear,
		SecretDefault,
	}
}
