package diag

import (
	"cmp"
	"slices"
)

// Rules returns every rule there is, by code. A new table is added here.
func Rules() []*Rule {
	all := slices.Concat(
		syntaxRules(),
		modelRules(),
		windowRules(),
		modeRules(),
		includedRules(),
		exprRules(),
		checkRules(),
		inputRules(),
		planRules(),
		pluginRules(),
		peopleRules(),
		drillRules(),
	)
	slices.SortFunc(all, func(a, b *Rule) int { return cmp.Compare(a.Code, b.Code) })
	return all
}
