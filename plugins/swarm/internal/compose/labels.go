package compose

// Labels are labels as they may be shown: the values of those that smell of secrets are masked.
func Labels(of map[string]string) map[string]string {
	shown := make(map[string]string, len(of))
	for name, value := range of {
		if shown[name] = within(value); secret(name, value) {
			shown[name] = masked
		}
	}
	return shown
}
