package diag

// The rules of the file as YAML: GB01xx.
var (
	SyntaxError = &Rule{
		Code: "GB0101", Severity: Error,
		Summary: "not valid YAML",
		Why:     "Nothing can be said about a file whose structure cannot be read. Only the first such fault of a file is found, because what follows it cannot be told apart.",
		Mend:    "Look at the marked place and the line above it: most often a space after a colon, a closing quote or bracket, or the right indentation is missing, or a value needs quotes.",
		Bad:     "metadata:\n  title: Upgrade: web tier",
		Good:    "metadata:\n  title: \"Upgrade: web tier\"",
	}
	TabIndentation = &Rule{
		Code: "GB0102", Severity: Error,
		Summary: "tab used for indentation",
		Why:     "YAML forbids tabs in indentation, because nobody can say how wide they are.",
		Mend:    "Indent with spaces, two for each level; `gatebook fmt` keeps to that.",
		Bad:     "metadata:\n\tname: web",
		Good:    "metadata:\n  name: web",
	}
	InvalidUTF8 = &Rule{
		Code: "GB0103", Severity: Error,
		Summary: "not valid UTF-8",
		Why:     "A runbook is text in UTF-8; bytes that are not have no meaning that everybody would agree on.",
		Mend:    "Save the file as UTF-8.",
		Bad:     "title: caf\\xE9   (one byte, from Latin-1)",
		Good:    "title: café",
	}
	ControlCharacter = &Rule{
		Code: "GB0104", Severity: Error,
		Summary: "control character in the file",
		Why:     "Control characters cannot be seen in a review, can change what a terminal shows, and YAML does not allow most of them.",
		Mend:    "Remove it, or write it as an escape in double quotes.",
		Bad:     "title: one<0x07>",
		Good:    "title: \"one\\a\"",
	}
	FileTooLarge = &Rule{
		Code: "GB0105", Severity: Error,
		Summary: "file too large",
		Why:     "A runbook is read by people. A file of this size is a mistake, and reading it would take time and memory.",
		Mend:    "Give the right file, or split the runbook.",
		Bad:     "(a file of more than 16 MiB)",
		Good:    "(a file of a few kilobytes)",
	}
	EmptyFile = &Rule{
		Code: "GB0106", Severity: Error,
		Summary: "file has no content",
		Why:     "An empty file, or one with only comments, does not say what it is.",
		Mend:    "Start from a template: `gatebook new`.",
		Bad:     "# to do",
		Good:    "apiVersion: gatebook/v1\nkind: Runbook",
	}
	SeveralDocuments = &Rule{
		Code: "GB0107", Severity: Error,
		Summary: "more than one document in the file",
		Why:     "A file holds one runbook, so that its name is enough to say which one is meant.",
		Mend:    "Put each document in a file of its own, and remove the line with three hyphens.",
		Bad:     "kind: Runbook\n---\nkind: Runbook",
		Good:    "kind: Runbook",
	}
	DuplicateKey = &Rule{
		Code: "GB0108", Severity: Error,
		Summary: "key given twice",
		Why:     "Of two values under one key one would be lost without a word.",
		Mend:    "Remove one of the two, or rename it.",
		Bad:     "timeout: 10m\ntimeout: 20m",
		Good:    "timeout: 20m",
	}
	NonStringKey = &Rule{
		Code: "GB0109", Severity: Error,
		Summary: "key is not a string",
		Why:     "Keys are strings, as in JSON. YAML reads a bare number, true, false or null as something else.",
		Mend:    "Put the key in quotes.",
		Bad:     "with: {200: ok}",
		Good:    "with: {\"200\": ok}",
	}
	MergeKey = &Rule{
		Code: "GB0110", Severity: Error,
		Summary: "merge key",
		Why:     "`<<` pulls in keys that a reader of the place does not see, with precedence rules that few know, and YAML 1.2 no longer has it.",
		Mend:    "Write the keys out, or name the shared value under `vars:`.",
		Bad:     "with:\n  <<: *defaults\n  url: http://a",
		Good:    "with:\n  url: http://a\n  timeout: ${{ vars.timeout }}",
	}
	TagNotAllowed = &Rule{
		Code: "GB0111", Severity: Error,
		Summary: "tag not allowed",
		Why:     "The format says what type each value has; a YAML tag could only contradict it.",
		Mend:    "Remove the tag. Put a value in quotes to make it a string.",
		Bad:     "version: !!str 1.0",
		Good:    "version: \"1.0\"",
	}
	TooDeep = &Rule{
		Code: "GB0112", Severity: Error,
		Summary: "nested too deeply",
		Why:     "No runbook is a hundred levels deep; such a file is a mistake or an attack.",
		Mend:    "Take out levels.",
		Bad:     "vars: {a: [[[[[[[[[[…]]]]]]]]]]}",
		Good:    "vars: {a: [1, 2]}",
	}
	AliasBomb = &Rule{
		Code: "GB0113", Severity: Error,
		Summary: "aliases expand to too much",
		Why:     "Aliases of aliases can make a value of billions of items from a few lines.",
		Mend:    "Use fewer aliases, or write the values out.",
		Bad:     "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]   # … and so on",
		Good:    "a: [x, x, x]",
	}
	AliasCycle = &Rule{
		Code: "GB0114", Severity: Error,
		Summary: "alias inside its own value",
		Why:     "A value that contains itself has no end.",
		Mend:    "Remove the alias, or write out what it should stand for.",
		Bad:     "a: &a\n  - *a",
		Good:    "a:\n  - b",
	}
	AmbiguousNumber = &Rule{
		Code: "GB0115", Severity: Error,
		Summary: "number with a leading zero",
		Why:     "YAML 1.1 reads such a number as octal and YAML 1.2 as decimal: 010 is 8 to one program and 10 to another.",
		Mend:    "Write a decimal number without the zero, an octal one as 0o10, and a string of digits in quotes.",
		Bad:     "mode: 0644",
		Good:    "mode: \"0644\"",
	}
	UnusableNumber = &Rule{
		Code: "GB0116", Severity: Error,
		Summary: "number cannot be represented",
		Why:     "Integers have 64 bits, and infinity and NaN do not exist in JSON, in which values are kept and handed to actions.",
		Mend:    "Write a smaller number, or put it in quotes if it is a string such as an identifier.",
		Bad:     "account: 123456789012345678901234",
		Good:    "account: \"123456789012345678901234\"",
	}
	UnknownAnchor = &Rule{
		Code: "GB0117", Severity: Error,
		Summary: "alias without an anchor",
		Why:     "A value that begins with an asterisk is an alias in YAML: it stands for a value that was marked earlier in the file.",
		Mend:    "Put the value in quotes if the asterisk is part of it; otherwise mark a value before it with the anchor.",
		Bad:     "hosts: [*web]",
		Good:    "hosts: [\"*web\"]",
	}
)

// syntaxRules are the rules of the file as YAML.
func syntaxRules() []*Rule {
	return []*Rule{
		SyntaxError, TabIndentation, InvalidUTF8, ControlCharacter, FileTooLarge, EmptyFile,
		SeveralDocuments, DuplicateKey, NonStringKey, MergeKey, TagNotAllowed, TooDeep,
		AliasBomb, AliasCycle, AmbiguousNumber, UnusableNumber, UnknownAnchor,
	}
}
