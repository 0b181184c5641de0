package compose

// Labels are labels as they may be shown: the values of those that smell of secrets are masked.
func Labels(of map[string]string) map[string]string {
	shown, _ := BothLabels(of, of)
	return shown
}

// BothLabels are the labels, or options, of one thing before and after a change as they may be shown. What
// differs in them differs still.
func BothLabels(was, is map[string]string) (before, after map[string]string) {
	old, now := tree(was), tree(is)
	conceal(old, now)
	return texts(old), texts(now)
}

func tree(of map[string]string) map[string]any {
	all := make(entries, len(of))
	for name, value := range of {
		all[name] = value
	}
	return map[string]any{"labels": all}
}

func texts(of map[string]any) map[string]string {
	all := map[string]string{}
	for name, value := range of["labels"].(entries) {
		all[name], _ = value.(string)
	}
	return all
}
