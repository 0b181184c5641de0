// Package placement tells which nodes a task may be placed on by its constraints, as the engine
// reads them. It leaves out what a node has room for, and asks nobody.
package placement

import (
	"net/netip"
	"strings"

	"github.com/moby/moby/api/types/swarm"
)

// Matches reports whether a node is one that all constraints allow. As to the engine, a
// constraint that cannot be read allows none.
func Matches(constraints []string, node swarm.Node) bool {
	for _, constraint := range constraints {
		if !matches(constraint, node) {
			return false
		}
	}
	return true
}

// Constraints are those of a task; it may have no placement.
func Constraints(task swarm.TaskSpec) []string {
	if task.Placement == nil {
		return nil
	}
	return task.Placement.Constraints
}

func matches(constraint string, node swarm.Node) bool {
	key, wanted, equal := strings.Cut(constraint, "==")
	if !equal {
		var unequal bool
		if key, wanted, unequal = strings.Cut(constraint, "!="); !unequal {
			return false
		}
	}
	key, wanted = strings.TrimSpace(key), strings.TrimSpace(wanted)
	if strings.EqualFold(key, "node.ip") {
		return within(wanted, node.Status.Addr) == equal
	}
	is, known := property(key, node)
	return known && strings.EqualFold(is, wanted) == equal
}

// property is what a node has under the key of a constraint; known says whether there are such keys.
// Of a label, only the name counts the case of letters.
func property(key string, node swarm.Node) (is string, known bool) {
	for _, labels := range []struct {
		prefix string
		of     map[string]string
	}{{"node.labels.", node.Spec.Labels}, {"engine.labels.", node.Description.Engine.Labels}} {
		if len(key) > len(labels.prefix) && strings.EqualFold(key[:len(labels.prefix)], labels.prefix) {
			return labels.of[key[len(labels.prefix):]], true
		}
	}
	switch strings.ToLower(key) {
	case "node.id":
		return node.ID, true
	case "node.hostname":
		return node.Description.Hostname, true
	case "node.role":
		return string(node.Spec.Role), true
	case "node.platform.os":
		return node.Description.Platform.OS, true
	case "node.platform.arch":
		return node.Description.Platform.Architecture, true
	default:
		return "", false
	}
}

// within says whether an address is the one that is wanted, or of that network.
func within(wanted, is string) bool {
	address, err := netip.ParseAddr(is)
	if err != nil {
		return false
	}
	if network, err := netip.ParsePrefix(wanted); err == nil {
		return network.Contains(address)
	}
	other, err := netip.ParseAddr(wanted)
	return err == nil && other == address
}
