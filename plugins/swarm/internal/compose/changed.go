package compose

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
)

// Difference is one thing in which two specs differ.
type Difference struct {
	Path string // in the compose file: "deploy.replicas", "environment.LEVEL"
	Was  string // empty: it was not there
	Is   string // empty: it is not there
}

// String says it for a sentence.
func (d Difference) String() string {
	switch {
	case d.Was == masked+" (before)" && d.Is == masked+" (after)":
		return d.Path + " is another one"
	case d.Was == "":
		return fmt.Sprintf("%s is %s, was not set", d.Path, d.Is)
	case d.Is == "":
		return fmt.Sprintf("%s is not set, was %s", d.Path, d.Was)
	default:
		return fmt.Sprintf("%s is %s, was %s", d.Path, d.Is, d.Was)
	}
}

// few is how many differences a sentence names.
const few = 5

// Sentence says differences in one line: "image is demo:v3, was demo:v1; user is 7, was not set".
func Sentence(differences []Difference) string {
	var said []string
	for _, d := range differences[:min(few, len(differences))] {
		said = append(said, d.String())
	}
	if more := len(differences) - len(said); more > 0 {
		said = append(said, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(said, "; ")
}

// Changed are the differences of two specs, in the order of their paths; none where they are
// alike. What must not be shown is masked.
func Changed(was, is swarm.ServiceSpec) []Difference {
	old, now := said(was), said(is)
	conceal(old, now)
	return differ("", old, now)
}

// open are the beginnings of the paths of what cannot be a secret: numbers, policies, and names of
// things that a swarm has.
var open = []string{
	"name", "image", "user", "deploy.mode", "deploy.replicas", "deploy.endpoint_mode", "deploy.placement", "deploy.resources", "deploy.restart_policy",
	"deploy.rollback_config", "deploy.update_config", "networks", "ports", "secrets", "configs", "cap_add", "cap_drop", "ulimits", "init", "read_only", "stdin_open", "tty", "oom_score_adj",
	"stop_grace_period", "stop_signal", "healthcheck.interval", "healthcheck.timeout", "healthcheck.start_period", "healthcheck.start_interval", "healthcheck.retries", "logging.driver",
	rest + ".TaskTemplate.ForceUpdate", rest + ".TaskTemplate.Placement",
}

// isOpen says whether what stands at a path cannot be a secret.
func isOpen(d Difference) bool {
	return !strings.Contains(d.Path+d.Is, "driver_opts") && slices.ContainsFunc(open, func(word string) bool {
		return d.Path == word || strings.HasPrefix(d.Path, word+".")
	})
}

// Parts are what is said in the spec of a service, by the paths of the compose file, for who wants to
// tell later what is another. It is kept and handed round, so that what may hold anything, as a
// variable or an argument, is told by one byte of a hash: it says of 255 in 256 values that they are
// others, and of a secret nothing that is of use.
func Parts(id string, of swarm.ServiceSpec) map[string]string {
	parts := map[string]string{}
	for _, d := range differ("", map[string]any{}, said(of)) {
		if isOpen(d) {
			parts[d.Path] = d.Is
			continue
		}
		sum := sha256.Sum256([]byte(id + "\x00" + d.Path + "\x00" + d.Is))
		parts[d.Path] = fmt.Sprintf("value #%02x", sum[0])
	}
	return parts
}

// Since are the differences of a service from what [Parts] said of it once. Of what it may not tell
// what it was, they say that it was another.
func Since(id string, was map[string]string, is swarm.ServiceSpec) []Difference {
	shown := map[string]string{}
	for _, d := range Changed(swarm.ServiceSpec{}, is) {
		shown[d.Path] = d.Is
	}
	all, now := []Difference{}, Parts(id, is)
	for _, path := range slices.Sorted(maps.Keys(joined(was, now))) {
		d := Difference{Path: path, Was: was[path], Is: shown[path]}
		switch {
		case was[path] == now[path]:
			continue
		case d.Was == "" || isOpen(d):
		case d.Is == "":
			d.Was = "set"
		default:
			d.Was = "another"
		}
		all = append(all, d)
	}
	return all
}

func joined[V any](a, b map[string]V) map[string]V {
	both := maps.Clone(b)
	maps.Copy(both, a)
	return both
}

// Hides says whether what leads back to the spec of a service holds something that must not be shown: who
// keeps it keeps a secret. All that it holds counts, also what is the same in both specs: it holds of a list
// all, where one item is another.
func Hides(back spec.Patch) (hides bool) {
	var held swarm.ServiceSpec
	if err := back.Into(&held); err != nil { // nobody can tell what it holds
		return true
	}
	walk(said(held), func(_, shown, value string) string {
		hides = hides || shown != value
		return value
	})
	return hides
}

func differ(path string, was, is any) []Difference {
	if reflect.DeepEqual(was, is) {
		return nil
	}
	old, isMap := mapping(path, was)
	now, areMaps := mapping(path, is)
	if !isMap || !areMaps {
		return []Difference{{Path: path, Was: value(was), Is: value(is)}}
	}
	both := map[string]any{}
	maps.Copy(both, old)
	maps.Copy(both, now)
	var all []Difference
	for _, name := range slices.Sorted(maps.Keys(both)) {
		all = append(all, differ(join(path, name), old[name], now[name])...)
	}
	if len(all) == 0 { // they are in another order, or something empty is there
		all = []Difference{{Path: path, Was: value(was), Is: value(is)}}
	}
	return all
}

// mapping is what a value holds by its names. What is not there holds nothing.
func mapping(path string, value any) (map[string]any, bool) {
	switch value := value.(type) {
	case nil:
		return nil, true
	case map[string]any:
		return value, true
	case entries:
		return value, true
	case []any:
		return named(path, value)
	default:
		return nil, false
	}
}

// named is a list by what its items are known by: variables by their name, ports, volumes and files
// by where they are in the container. A list of others is one value.
func named(path string, list []any) (map[string]any, bool) {
	out := map[string]any{}
	for _, item := range list {
		name, value := "", item
		switch item := item.(type) {
		case string:
			if path != "environment" {
				return nil, false
			}
			variable, text, assigns := strings.Cut(item, "=")
			if name = variable; assigns {
				value = text
			}
		case map[string]any:
			if target := item["target"]; target != nil {
				name = fmt.Sprint(target)
			}
		}
		if _, twice := out[name]; twice || name == "" {
			return nil, false
		}
		out[name] = value
	}
	return out, true
}

// value is a value for a sentence.
func value(of any) string {
	switch of := of.(type) {
	case nil:
		return ""
	case string:
		if of == "" || strings.ContainsAny(of, "\n\r\t\x1b") {
			return fmt.Sprintf("%q", of)
		}
		return of
	default:
		return string(text(of))
	}
}
