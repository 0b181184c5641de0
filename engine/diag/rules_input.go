package diag

// inputRules are the rules of the input values that a caller gives: GB06xx.
func inputRules() []*Rule {
	return nil
}
