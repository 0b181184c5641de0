package stacks

// Read is what reading a compose file says: its warnings.
func Read(in Input) ([]string, error) {
	f, err := read(in)
	return f.warnings, err
}
