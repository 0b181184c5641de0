package compose

import (
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/moby/moby/api/types/swarm"
	"go.yaml.in/yaml/v3"
)

// Diff is the change of a service from one spec to another: a unified diff in the words of the
// compose file, empty where they are alike. The zero spec is that of a service that is not there.
func Diff(name string, live, planned swarm.ServiceSpec) string {
	old, now := said(live), said(planned)
	conceal(old, now)
	return udiff.Unified("live/"+name, "planned/"+name, lines(old), lines(now))
}

// lines is a service as YAML.
func lines(service map[string]any) string {
	if len(service) == 0 {
		return ""
	}
	var out strings.Builder
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(service); err != nil {
		panic(err) // it is made of maps, lists and scalars
	}
	return out.String()
}
