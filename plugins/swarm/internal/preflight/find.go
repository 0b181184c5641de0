package preflight

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/capacity"
	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
)

func (f *finding) managers() {
	q := f.Quorum()
	f.out.Managers = Managers{q.Total, q.Reachable, q.Needed(), q.Spare(), q.Leader, q.Unreachable}
	if len(q.Unreachable) > 0 {
		f.problem("These managers are not reached: %s.", state.Few(q.Unreachable))
	}
	if q.Leader == "" {
		f.problem("No manager leads.")
	}
	if q.Spare() < f.in.Spare {
		f.problem("It must be possible to lose %s: %s.", state.Count(f.in.Spare, "manager"), q)
	}
}

// rangeOf reads a range of versions; nil: any.
func rangeOf(versions string) (*semver.Constraints, error) {
	if versions == "" {
		return nil, nil
	}
	allowed, err := semver.NewConstraint(versions)
	if err != nil {
		return nil, sdk.FieldErrorf("versions", "%q is no range of versions, as >=20.10.24 <28: %w", versions, err)
	}
	return allowed, nil
}

// within says whether a version is in a range, by its numbers alone: what a distribution adds to them is
// no pre-release.
func within(version string, allowed *semver.Constraints) bool {
	if allowed == nil {
		return true
	}
	v, err := semver.NewVersion(version)
	return err == nil && allowed.Check(semver.New(v.Major(), v.Minor(), v.Patch(), "", ""))
}

func (f *finding) nodes(allowed *semver.Constraints) {
	out := &f.out.Nodes
	running := map[string]int{}
	for _, task := range f.Tasks {
		if runs(task) {
			running[task.NodeID]++
		}
	}
	var down, outside []string
	for _, n := range capacity.Nodes(f.State) {
		version := n.Description.Engine.EngineVersion
		out.All = append(out.All, Node{
			Name: n.Name, ID: n.ID, Role: string(n.Spec.Role), Availability: string(n.Spec.Availability), State: string(n.Status.State),
			Version: version, FreeCPUs: float64(n.Free.NanoCPUs) / 1e9, FreeMemory: n.Free.MemoryBytes, Tasks: running[n.ID], Asked: n.ID == f.asked,
		})
		if capacity.Open(n.Node) == "" {
			out.Open++
		}
		if n.Status.State == swarm.NodeStateReady {
			out.Ready++
		} else {
			out.Down = append(out.Down, n.Name)
			down = append(down, fmt.Sprintf("%s (%s)", n.Name, n.Status.State))
		}
		switch n.Spec.Availability {
		case swarm.NodeAvailabilityDrain:
			out.Drained = append(out.Drained, n.Name)
		case swarm.NodeAvailabilityPause:
			out.Paused = append(out.Paused, n.Name)
		case swarm.NodeAvailabilityActive:
		}
		out.Versions = append(out.Versions, version)
		if !within(version, allowed) {
			outside = append(outside, fmt.Sprintf("%s (%s)", n.Name, version))
		}
	}
	slices.Sort(out.Versions)
	out.Versions = slices.Compact(out.Versions)
	out.Total, out.SameVersion = len(out.All), len(out.Versions) == 1
	if len(down) > 0 {
		f.problem("These nodes are not ready: %s.", state.Few(down))
	}
	if len(outside) > 0 {
		f.problem("These nodes have an engine that is not %s: %s.", f.in.Versions, state.Few(outside))
	}
}

func (f *finding) services() {
	running, wanted := map[string]int{}, map[string]int{}
	for _, task := range f.Tasks {
		if runs(task) {
			running[task.ServiceID]++
		}
		if capacity.Wanted(task) {
			wanted[task.ServiceID]++
		}
	}
	out := &f.out.Services
	out.Total = len(f.Services)
	for _, s := range slices.SortedFunc(slices.Values(f.Services), func(a, b swarm.Service) int { return strings.Compare(a.Spec.Name, b.Spec.Name) }) {
		f.update(s)
		want := wanted[s.ID]
		switch mode := s.Spec.Mode; {
		case mode.ReplicatedJob != nil, mode.GlobalJob != nil:
			continue
		case mode.Replicated != nil && mode.Replicated.Replicas != nil:
			want = int(*mode.Replicated.Replicas)
		}
		if running[s.ID] < want {
			out.Short = append(out.Short, Service{s.Spec.Name, running[s.ID], want})
		}
	}
	say := func(what string, names []string) {
		if len(names) > 0 {
			f.problem("%s: %s.", what, state.Few(names))
		}
	}
	var short []string
	for _, s := range out.Short {
		short = append(short, fmt.Sprintf("%s (%d of %d)", s.Name, s.Running, s.Wanted))
	}
	say("These services have too few tasks running", short)
	say("These services are being updated", out.Updating)
	say("The engine has paused the update of these services, or the way back from it", out.Stopped)
}

// update takes in how the last update of a service goes.
func (f *finding) update(s swarm.Service) {
	if s.UpdateStatus == nil {
		return
	}
	out := &f.out.Services
	switch name := s.Spec.Name; s.UpdateStatus.State {
	case swarm.UpdateStateUpdating, swarm.UpdateStateRollbackStarted:
		out.Updating = append(out.Updating, name)
	case swarm.UpdateStatePaused, swarm.UpdateStateRollbackPaused:
		out.Stopped = append(out.Stopped, name)
	case swarm.UpdateStateRollbackCompleted:
		out.RolledBack = append(out.RolledBack, name)
	case swarm.UpdateStateCompleted:
	}
}

// runs says whether a task runs, and is to.
func runs(task swarm.Task) bool {
	return capacity.Wanted(task) && task.Status.State == swarm.TaskStateRunning
}

// authority reads the certificate of the swarm's authority: of several, as while one is changed for
// another, the one that expires first.
func (f *finding) authority(certificates string, rotating bool, now time.Time) error {
	f.out.CA.Rotating = rotating
	if rotating {
		f.problem("The swarm is going over to another certificate of its authority.")
	}
	for rest := []byte(certificates); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return sdk.Errorf(sdk.Permanent, "read the certificate of the swarm's authority: %w", err)
		}
		if f.out.CA.Expires.IsZero() || certificate.NotAfter.Before(f.out.CA.Expires) {
			f.out.CA.Expires = certificate.NotAfter
		}
	}
	if at := f.out.CA.Expires; !at.IsZero() && at.Before(now.Add(f.in.CAValid.Std())) {
		f.problem("The certificate of the swarm's authority is valid for less than %s more: until %s.", f.in.CAValid, at.Format(time.DateOnly))
	}
	return nil
}
