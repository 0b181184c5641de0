package diag

// The rules of test files, by which a drill knows more of the world: GB10xx.
var (
	SupposedInVain = &Rule{
		Code: "GB1001", Severity: Error,
		Summary: "supposition about what the step has not",
		Why:     "A drill would never come to it, so that the test file says something of a runbook that is another one.",
		Mend:    "Remove it, or give the step what it is about.",
		Bad:     "steps: {look: {rollback: {needs: [backup]}}}   (and nothing takes look back)",
		Good:    "steps: {change: {rollback: {needs: [backup]}}}",
	}
	SupposedOutputs = &Rule{
		Code: "GB1002", Severity: Error,
		Summary: "outputs that the action does not give back",
		Why:     "A drill with outputs that no run can have proves nothing of runs.",
		Mend:    "Write outputs as `gatebook explain` shows them for the action; what is left out may be anything.",
		Bad:     "outputs: {exitcode: 0}",
		Good:    "outputs: {exitCode: 0}",
	}
	NobodyProvides = &Rule{
		Code: "GB1003", Severity: Error,
		Summary: "thing that no step provides",
		Why:     "What is never there would be found missing in each rehearsal, also in one where nothing fails.",
		Mend:    "Say which step provides it, or remove the need.",
		Bad:     "change: {rollback: {needs: [bakcup]}}",
		Good:    "keep: {provides: [backup]}\nchange: {rollback: {needs: [backup]}}",
	}
	NobodyTakes = &Rule{
		Code: "GB1004", Severity: Error,
		Summary: "thing that no step takes",
		Why:     "What nobody holds cannot be given back, and what was meant would be found as held for ever.",
		Mend:    "Say which step takes it, or remove the release.",
		Bad:     "speak: {releases: [alarsm]}",
		Good:    "silence: {takes: [alarms]}\nspeak: {releases: [alarms]}",
	}
	ItemsKnown = &Rule{
		Code: "GB1005", Severity: Warning,
		Summary: "items that are known without the test file",
		Why:     "What a step is done for is supposed where a run alone knows it. Here the runbook or its inputs say it, and a drill goes by that.",
		Mend:    "Remove the items, or drill with inputs that are as they should be.",
		Bad:     "steps: {drain: {items: [node-1, node-2]}}   (and foreach of drain is [a, b, c])",
		Good:    "steps: {drain: {items: [node-1, node-2]}}   (and foreach of drain is ${{ steps.look.outputs.json.nodes }})",
	}
)

// drillRules are the rules of test files.
func drillRules() []*Rule {
	return []*Rule{SupposedInVain, SupposedOutputs, NobodyProvides, NobodyTakes, ItemsKnown}
}
