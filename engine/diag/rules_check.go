package diag

// checkRules are the rules of references, and of actions and their parameters: GB04xx and GB05xx.
func checkRules() []*Rule {
	return nil
}
