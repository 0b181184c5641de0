package compose

import (
	"slices"
	"strings"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
)

// Former is a spec from before, for people to compare with one that secrets stand in: where these stand, it held
// others, which nobody knows by now, and its values are masked, whatever their names say.
func Former(was, is swarm.ServiceSpec, secrets []string) (swarm.ServiceSpec, error) {
	secrets = slices.DeleteFunc(slices.Clone(secrets), func(one string) bool { return one == "" })
	if len(secrets) == 0 {
		return was, nil
	}
	form := map[string]any(spec.Exact(was))
	former(form, map[string]any(spec.Exact(is)), secrets)
	var veiled swarm.ServiceSpec
	err := spec.Form(form).Into(&veiled)
	return veiled, err
}

// former masks in a value from before what stands where secrets are in another; in a list, that is any item that
// the other has not.
func former(was, is any, secrets []string) any {
	switch is := is.(type) {
	case string:
		text, same := was.(string)
		if !same || text == is || !slices.ContainsFunc(secrets, func(one string) bool { return strings.Contains(is, one) }) {
			return was
		}
		if strings.HasPrefix(text, "=") && strings.HasPrefix(is, "=") { // of an environment variable
			return "=" + masked
		}
		return masked
	case map[string]any:
		of, _ := was.(map[string]any)
		for name, value := range of {
			if other, there := is[name]; there {
				of[name] = former(value, other, secrets)
			}
		}
	case []any:
		of, _ := was.([]any)
		for i, item := range of {
			if text, plain := item.(string); plain && slices.Contains(is, any(text)) {
				continue
			}
			for _, other := range is {
				of[i] = former(of[i], other, secrets)
			}
		}
	}
	return was
}
