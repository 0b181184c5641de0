// Package draft holds the runbooks that a new one starts from.
package draft

import (
	"path/filepath"
	"regexp"
	"strings"
)

// Schema is the file beside a runbook that its first line names to editors. An address
// would be one more thing to trust, and be of another version than the gatebook in use.
const Schema = "runbook-v1.json"

// Names returns the names of the templates; the first is the usual one.
func Names() []string { return []string{"upgrade", "restart"} }

// Runbook returns a runbook made of the template of the name, called after its file.
func Runbook(template, file string) string {
	text := upgradeTemplate
	if template == "restart" {
		text = restartTemplate
	}
	return strings.ReplaceAll(text, "NAME", runbookName(file))
}

// runbookName makes a DNS label of a file's name.
func runbookName(file string) string {
	base := strings.ToLower(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
	label := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(base, "-"), "-")
	if len(label) > 63 {
		label = strings.Trim(label[:63], "-")
	}
	if label == "" {
		return "my-runbook"
	}
	return label
}
