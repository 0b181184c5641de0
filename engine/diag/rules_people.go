package diag

// The rules of policies, and of what runbooks ask of people: GB09xx.
var (
	SignersUnread = &Rule{
		Code: "GB0901", Severity: Error,
		Summary: "file of allowed signers cannot be read",
		Why:     "Without it nobody can tell whose signature an answer has, so that none would be taken.",
		Mend:    "Name a file of allowed signers that is there, in the policy's repository, seen from its folder.",
		Bad:     "allowedSigners: signers",
		Good:    "allowedSigners: allowed_signers",
	}
	SignerLine = &Rule{
		Code: "GB0902", Severity: Error,
		Summary: "line of allowed signers cannot be used",
		Why:     "A line that is passed over in silence leaves somebody out who should be able to sign, or in.",
		Mend:    "Write each line as PRINCIPALS [OPTIONS] KEY, the key as in a .pub file.",
		Bad:     "ann@example.com valid-before=\"20271231\" ssh-ed25519 AAAA…",
		Good:    "ann@example.com valid-before=\"20271231Z\" ssh-ed25519 AAAA…",
	}
	NoKey = &Rule{
		Code: "GB0903", Severity: Warning,
		Summary: "nobody of that name has a key",
		Why:     "Whoever is not in the file of allowed signers cannot answer, in whatever groups they are.",
		Mend:    "Correct the name, or add the person's key to the file of allowed signers.",
		Bad:     "leads: [anne@example.com]   (the file has ann@example.com)",
		Good:    "leads: [ann@example.com]",
	}
	AccountTwice = &Rule{
		Code: "GB0904", Severity: Error,
		Summary: "account of two people",
		Why:     "Who has started a run, or sealed a plan, is told by the account: it must be one person's.",
		Mend:    "Give each person an account of their own.",
		Bad:     "people: {ann@example.com: {accounts: [ops]}, bob@example.com: {accounts: [ops]}}",
		Good:    "people: {ann@example.com: {accounts: [ann]}, bob@example.com: {accounts: [bob]}}",
	}
	NobodyToAsk = &Rule{
		Code: "GB0905", Severity: Error,
		Summary: "asks people whom no policy knows",
		Why:     "Who is in a group, and that two people are two, is told by a policy with a file of allowed signers.",
		Mend:    "Put a gatebook.policy.yaml with allowedSigners and the groups beside the runbook, or in a folder above it up to the repository's root.",
		Bad:     "with: {message: \"Go on?\", from: [leeds]}",
		Good:    "with: {message: \"Go on?\", from: [leads]}",
	}
	QuorumTooLarge = &Rule{
		Code: "GB0906", Severity: Error,
		Summary: "more people must agree than there are",
		Why:     "The question could only be refused, or expire.",
		Mend:    "Ask for fewer, or put more people into the groups.",
		Bad:     "with: {message: \"Go on?\", from: [leads], quorum: 3}   (two are in leads)",
		Good:    "with: {message: \"Go on?\", from: [leads], quorum: 2}",
	}
	RulesUnsigned = &Rule{
		Code: "GB0907", Severity: Error,
		Summary: "rule about approvals that anybody could get around",
		Why:     "Without signatures everybody can answer in the name of somebody who may.",
		Mend:    "Add allowedSigners, or remove the rule.",
		Bad:     "neverApprove: [starter]   (and no allowedSigners)",
		Good:    "allowedSigners: allowed_signers\nneverApprove: [starter]",
	}
	PolicyUnread = &Rule{
		Code: "GB0908", Severity: Error,
		Summary: "policy cannot be read",
		Why:     "A policy that nobody has read would be one that allows everything.",
		Mend:    "Let the account that runs gatebook read the file, or remove it.",
		Bad:     "chmod 000 gatebook.policy.yaml",
		Good:    "chmod 644 gatebook.policy.yaml",
	}
)

// peopleRules are the rules of policies, and of what runbooks ask of people.
func peopleRules() []*Rule {
	return []*Rule{SignersUnread, SignerLine, NoKey, AccountTwice, NobodyToAsk, QuorumTooLarge, RulesUnsigned, PolicyUnread}
}
