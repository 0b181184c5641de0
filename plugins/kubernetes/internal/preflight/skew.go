package preflight

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// skew judges versions by Kubernetes' version skew policy.
type skew struct {
	server, target *version.Version // no target: nil

	newer, older, tooOld []string // nodes: newer than the server, too old for it, too old for the target alone
}

func newSkew(server, target string) (*skew, error) {
	now, err := version.ParseGeneric(server)
	if err != nil {
		return nil, sdk.Errorf(sdk.Permanent, "the API server's version: %w", err)
	}
	if target == "" {
		return &skew{server: now}, nil
	}
	to, err := version.ParseGeneric(target)
	if err != nil {
		return nil, sdk.FieldErrorf("targetVersion", "%w", err)
	}
	return &skew{server: now, target: to}, nil
}

// add judges the kubelet of a node. It returns by how many minor versions that is older
// than the API server, and whether its version is known.
func (s *skew) add(node, text string) (behind int, known bool) {
	kubelet, err := version.ParseGeneric(text)
	if err != nil {
		return 0, false
	}
	said := node + " (" + text + ")"
	switch behind = minorsFrom(kubelet, s.server); {
	case behind < 0:
		s.newer = append(s.newer, said)
	case behind > mostBehind(kubelet):
		s.older = append(s.older, said)
	case s.target != nil && minorsFrom(kubelet, s.target) > mostBehind(kubelet):
		s.tooOld = append(s.tooOld, said)
	}
	return behind, true
}

// mostBehind is by how many minor versions a kubelet may be older than its API server.
func mostBehind(kubelet *version.Version) int {
	if kubelet.LessThan(version.MajorMinor(1, 25)) {
		return 2
	}
	return 3
}

// minorsFrom counts minor versions. There is one major version, and a second would be far.
func minorsFrom(from, to *version.Version) int {
	const far = 1000
	return far*(int(to.Major())-int(from.Major())) + int(to.Minor()) - int(from.Minor())
}

// has says whether the target still has what a release removes: "1.38".
func (s *skew) has(removed string) bool {
	release, err := version.ParseGeneric(removed)
	return err != nil || s.target == nil || minorsFrom(release, s.target) < 0
}

// problems says what is wrong with the versions.
func (s *skew) problems() []string {
	problems := s.way()
	say := func(what string, nodes []string) {
		if len(nodes) > 0 {
			problems = append(problems, what+": "+strings.Join(cluster.Few(nodes), ", ")+".")
		}
	}
	say("These nodes have a kubelet that is newer than the API server, "+minor(s.server), s.newer)
	say("These nodes have a kubelet that is too old for the API server, "+minor(s.server), s.older)
	if s.target != nil {
		say("These nodes have a kubelet that is too old for an API server of "+minor(s.target)+", and go up first", s.tooOld)
	}
	return problems
}

// way judges the way to the target.
func (s *skew) way() []string {
	if s.target == nil {
		return nil
	}
	switch up := minorsFrom(s.server, s.target); {
	case up < 0:
		return []string{fmt.Sprintf("The API server is at %s already, and does not go back to %s.", minor(s.server), minor(s.target))}
	case up > 1:
		return []string{fmt.Sprintf("An API server goes up one minor version at a time: from %s to %s first, and not to %s.",
			minor(s.server), minor(s.server.AddMinor(1)), minor(s.target))}
	default:
		return nil
	}
}

func minor(v *version.Version) string { return fmt.Sprintf("%d.%d", v.Major(), v.Minor()) }
