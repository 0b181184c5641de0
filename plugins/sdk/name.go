package sdk

import "regexp"

// IsPluginName reports whether a plugin may be called so. Its name is a part of the names of
// files, and must lead nowhere else.
func IsPluginName(name string) bool {
	return regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`).MatchString(name)
}
