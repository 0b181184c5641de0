package connection

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/value"
)

// Secrets returns what those variables hold that are secrets by their names, for those
// who mask: it is how credentials come to plugins, which may print what they got.
func Secrets(variables map[string]string) value.Value {
	var secrets []value.Value
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if text := variables[name]; namesSecret(name) && len(text) >= shortestSecret && !filepath.IsAbs(text) {
			secrets = append(secrets, value.String(text).Secret())
		}
	}
	return value.List(secrets...)
}

// shortestSecret is the length in bytes from which what such a variable holds is masked: a
// shorter one may be a word that stands everywhere.
const shortestSecret = 8

// namesSecret reports whether a variable of the name holds a secret, as far as one can
// tell: GITHUB_TOKEN and AWS_SECRET_ACCESS_KEY do, AWS_REGION and KUBECONFIG do not.
func namesSecret(name string) bool {
	name = strings.ToUpper(name)
	for _, word := range []string{"SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return strings.HasSuffix(name, "KEY")
}
