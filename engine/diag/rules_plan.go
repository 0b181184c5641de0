package diag

// planRules are the rules of plans: GB07xx.
func planRules() []*Rule {
	return nil
}
