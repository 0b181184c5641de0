package diag

// exprRules are the rules of expressions: GB03xx.
func exprRules() []*Rule {
	return nil
}
