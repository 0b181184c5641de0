package capacity

import (
	"net"
	"strings"

	"github.com/moby/moby/api/types/swarm"
)

// constraint is one of a service's placement constraints: "node.labels.disk==ssd".
type constraint struct {
	text, key, value string
	not              bool
}

// parsed reads a constraint as the engine does, which took it when the service was made.
func parsed(text string) (c constraint, ok bool) {
	for _, operator := range []string{"==", "!="} {
		if key, value, found := strings.Cut(text, operator); found {
			return constraint{text, strings.TrimSpace(key), strings.TrimSpace(value), operator == "!="}, true
		}
	}
	return constraint{}, false
}

// prefixes of the keys that name a label.
const (
	nodeLabel   = "node.labels."
	engineLabel = "engine.labels."
)

// met says whether a node satisfies the constraint, as the engine's scheduler judges: without regard to
// case, but of the names of labels.
func (c constraint) met(n swarm.Node) bool {
	switch key := strings.ToLower(c.key); {
	case key == "node.id":
		return c.matches(n.ID)
	case key == "node.hostname":
		return c.matches(n.Description.Hostname)
	case key == "node.ip":
		return c.matchesIP(n.Status.Addr)
	case key == "node.role":
		return c.matches(string(n.Spec.Role))
	case key == "node.platform.os":
		return c.matches(n.Description.Platform.OS)
	case key == "node.platform.arch":
		return c.matches(n.Description.Platform.Architecture)
	case strings.HasPrefix(key, nodeLabel):
		return c.matches(n.Spec.Labels[c.key[len(nodeLabel):]])
	case strings.HasPrefix(key, engineLabel):
		return c.matches(n.Description.Engine.Labels[c.key[len(engineLabel):]])
	default:
		return false
	}
}

func (c constraint) matches(value string) bool { return strings.EqualFold(c.value, value) != c.not }

// matchesIP compares with an address, or with a network that the address may be in.
func (c constraint) matchesIP(address string) bool {
	at := net.ParseIP(address)
	if ip := net.ParseIP(c.value); ip != nil {
		return ip.Equal(at) != c.not
	}
	if _, network, err := net.ParseCIDR(c.value); err == nil {
		return network.Contains(at) != c.not
	}
	return false
}

// supports says whether a node can run what is built for platforms; none of them: for all.
func supports(platforms []swarm.Platform, n swarm.Platform) bool {
	for _, p := range platforms {
		if (p.OS == "" || p.OS == n.OS) && (p.Architecture == "" || architecture(p) == architecture(n)) {
			return true
		}
	}
	return len(platforms) == 0
}

// architecture is the one name of an architecture that has two.
func architecture(p swarm.Platform) string {
	switch p.Architecture {
	case "x86_64":
		return "amd64"
	case "aarch64":
		return "arm64"
	default:
		return p.Architecture
	}
}
