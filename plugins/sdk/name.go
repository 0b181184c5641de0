package sdk

import "strings"

// maxPluginName is how long the name of a plugin may be, as a label of DNS.
const maxPluginName = 63

// IsPluginName reports whether a plugin may be called so. Its name is a part of the names of
// files, and must lead nowhere else.
func IsPluginName(name string) bool {
	if name == "" || len(name) > maxPluginName || strings.HasSuffix(name, "-") || name[0] < 'a' || name[0] > 'z' {
		return false
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
