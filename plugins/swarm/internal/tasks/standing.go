package tasks

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/swarm/internal/capacity"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
)

// Standing is how a service is, measured by a spec that it is to have.
type Standing struct {
	Service string            // its name
	Update  swarm.UpdateState // of the engine's update; empty: it had nothing to update
	Message string            // what the engine says of its update
	Job     bool              // its tasks are to end, and not to run on
	PerNode bool              // each node that is suitable has one
	Wanted  int               // how many tasks are to run or, of a job, to have ended well
	Running int               // tasks that run and are meant to, of whatever spec
	Updated int               // tasks of the spec that run or, of a job, have ended well
	Old     int               // tasks that still run and are not meant to, or are of another spec
	Failed  int               // tasks of the spec that are known to have failed, since the update began
	Tasks   []Row             // slot by slot, of each the newest first

	begun time.Time // the engine's update
}

// Row is a task as a person reads it.
type Row struct {
	ID, Name  string // the name is "web.2", or "web.n3" where each node has one
	Slot      int    // 0 where each node has one
	Node      string // its host name; empty: it has none yet
	NodeID    string
	Image     string
	State     swarm.TaskState
	Desired   swarm.TaskState
	Current   bool   // it is of the spec
	Newest    bool   // of those of its slot that are of the spec
	Error     string // in the words of the engine
	ExitCode  int
	Since     time.Time // of the state
	Created   time.Time
	Container string // on that node
	Unheard   bool   // its health check may have failed, and only that node can tell what it said
}

// Judge says how a service is by a spec.
func (s Seen) Judge(wanted swarm.ServiceSpec) Standing {
	standing := Standing{Service: s.Service.Spec.Name, Job: wanted.Mode.ReplicatedJob != nil || wanted.Mode.GlobalJob != nil}
	if status := s.Service.UpdateStatus; status != nil {
		standing.Update, standing.Message = status.State, status.Message
		if status.StartedAt != nil {
			standing.begun = *status.StartedAt
		}
	}
	nodes := make(map[string]swarm.Node, len(s.Nodes))
	for _, node := range s.Nodes {
		nodes[node.ID] = node
	}
	is := s.ofSpec(wanted, nodes)
	standing.PerNode = wanted.Mode.Global != nil || wanted.Mode.GlobalJob != nil
	newest := map[string]bool{} // places of which it was met
	for _, task := range s.Tasks {
		row := row(task, nodes[task.NodeID])
		row.Name = fmt.Sprintf("%s.%d", standing.Service, task.Slot)
		if standing.PerNode {
			row.Name = standing.Service + "." + row.Node
		}
		row.Current = is(task)
		standing.Tasks = append(standing.Tasks, row)
	}
	slices.SortFunc(standing.Tasks, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.Name, b.Name), b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	})
	for i := range standing.Tasks {
		row := &standing.Tasks[i]
		place := fmt.Sprint(row.Slot)
		if standing.PerNode {
			place = row.NodeID // of which two may have one host name
		}
		if row.Current && !newest[place] {
			newest[place], row.Newest = true, true
		}
		node, there := nodes[row.NodeID]
		standing.add(*row, there && node.Status.State != swarm.NodeStateDown)
	}
	standing.Wanted = s.wanted(wanted)
	return standing
}

// add takes a task into account. What a node last said that is down says nothing of now.
func (s *Standing) add(row Row, reachable bool) {
	meant := row.Desired == swarm.TaskStateRunning
	runs := row.State == swarm.TaskStateRunning && reachable
	comes := row.State == swarm.TaskStateStarting && reachable
	stays := row.Current && (meant || s.Job)
	switch {
	case row.Current && s.Job && row.State == swarm.TaskStateComplete:
		s.Updated++
	case row.Current && !s.Job && meant && runs:
		s.Updated++
	case (runs || comes) && !stays:
		s.Old++
	}
	if meant && runs {
		s.Running++
	}
	if row.Current && s.failed(row) {
		s.Failed++
	}
}

// Converged reports whether all is as the spec says, at this moment.
func (s Standing) Converged() bool {
	done := s.Update == "" || s.Update == swarm.UpdateStateCompleted
	return done && s.Updated == s.Wanted && s.Old == 0
}

// Still reports whether nothing is on its way at this moment: the engine has begun what it updates, and each
// task that is to run does, or has failed to.
func (s Standing) Still() bool {
	if s.Update == "" && (s.Updated < s.Wanted || s.Old > 0) {
		return false
	}
	return !slices.ContainsFunc(s.Tasks, func(row Row) bool {
		return row.Desired == swarm.TaskStateRunning && row.State != swarm.TaskStateRunning && !s.failed(row)
	})
}

// Count is how many there are of how many: "2 of 3 are new and healthy".
func (s Standing) Count() string {
	switch {
	case s.Job:
		return s.count(s.Wanted, "have ended well", "to end")
	case s.Update != "":
		return s.count(s.Wanted, "are new and healthy", "to end")
	default:
		return s.count(s.Wanted, "are healthy", "to end")
	}
}

// count is how many of the spec there are of how many, and what becomes of those that are not.
func (s Standing) count(of int, are, others string) string {
	text := fmt.Sprintf("%d of %d %s", s.Updated, of, are)
	switch {
	case of == 0 && s.PerNode:
		text = "none is to run, as no node takes one" // which is as the service says, and may be a mistake
	case of == 0:
		text = "none is to run"
	}
	if s.Old > 0 {
		text += fmt.Sprintf(", %d of the old %s", s.Old, others)
	}
	return text
}

// wanted is how many tasks are to run by a spec or, of a job, to have ended well.
func (s Seen) wanted(by swarm.ServiceSpec) int {
	switch mode := by.Mode; {
	case mode.ReplicatedJob != nil:
		one := uint64(1)
		return int(*cmp.Or(mode.ReplicatedJob.TotalCompletions, mode.ReplicatedJob.MaxConcurrent, &one))
	case mode.Global != nil, mode.GlobalJob != nil:
		return s.eligible(by.TaskTemplate)
	case mode.Replicated != nil && mode.Replicated.Replicas != nil:
		return int(*mode.Replicated.Replicas)
	default:
		return 1
	}
}

// eligible is how many nodes get a task where each has one. A node that is paused keeps what it has,
// and gets no more.
func (s Seen) eligible(of swarm.TaskSpec) int {
	has := map[string]bool{}
	for _, task := range s.Tasks {
		if task.DesiredState == swarm.TaskStateRunning || task.DesiredState == swarm.TaskStateComplete {
			has[task.NodeID] = true
		}
	}
	count := 0
	for _, node := range s.Nodes {
		gone := node.Spec.Availability == swarm.NodeAvailabilityDrain || node.Status.State == swarm.NodeStateDown
		paused := node.Spec.Availability == swarm.NodeAvailabilityPause && !has[node.ID]
		if !gone && !paused && capacity.Unsuited(node, of) == "" {
			count++
		}
	}
	return count
}

// ofSpec tells which tasks are of a spec. As to the engine, a task whose spec differs in its placement
// alone is, where the node that it is on is still allowed. The tasks of a job are of one run of it.
func (s Seen) ofSpec(wanted swarm.ServiceSpec, nodes map[string]swarm.Node) func(swarm.Task) bool {
	is := comparing(wanted.TaskTemplate)
	return func(task swarm.Task) bool {
		if job := s.Service.JobStatus; job != nil && task.JobIteration != nil && *task.JobIteration != job.JobIteration {
			return false
		}
		same, but := is(task.Spec)
		node, placed := nodes[task.NodeID]
		return same || but && placed && capacity.Unsuited(node, wanted.TaskTemplate) == ""
	}
}

// comparing compares specs with one of a service: whether they are the same, or the same but for their
// placement. Many tasks have few specs, so that each of these is compared once.
func comparing(with swarm.TaskSpec) func(swarm.TaskSpec) (same, butPlacement bool) {
	type compared struct {
		swarm.TaskSpec
		same, but bool
	}
	var known []compared
	all, unplaced := forms(with)
	return func(of swarm.TaskSpec) (same, butPlacement bool) {
		for _, one := range known {
			if reflect.DeepEqual(one.TaskSpec, of) {
				return one.same, one.but
			}
		}
		form, anywhere := forms(of)
		one := compared{of, reflect.DeepEqual(form, all), reflect.DeepEqual(anywhere, unplaced)}
		known = append(known, one)
		return one.same, one.but
	}
}

// forms are the normal form of a task's spec, and that without its placement. The engine says of a
// service that its tasks are containers, and not of the tasks.
func forms(of swarm.TaskSpec) (all, unplaced spec.Form) {
	if of.Runtime == swarm.RuntimeContainer {
		of.Runtime = ""
	}
	all = spec.Of(of)
	of.Placement = nil
	return all, spec.Of(of)
}

// Form is the normal form of a task's spec, by which it is told from others.
func Form(of swarm.TaskSpec) spec.Form {
	all, _ := forms(of)
	return all
}

// Makes is how many of the tasks that are to run are of which spec, by its print.
func (s Seen) Makes(print func(spec.Form) string) map[string]int {
	type made struct {
		spec  swarm.TaskSpec
		tasks int
	}
	var all []made // few, as many tasks have few specs
	for _, task := range s.Tasks {
		if task.DesiredState != swarm.TaskStateRunning {
			continue
		}
		at := slices.IndexFunc(all, func(one made) bool { return reflect.DeepEqual(one.spec, task.Spec) })
		if at < 0 {
			at, all = len(all), append(all, made{spec: task.Spec})
		}
		all[at].tasks++
	}
	makes := map[string]int{}
	for _, one := range all {
		makes[print(Form(one.spec))] += one.tasks
	}
	return makes
}

func row(task swarm.Task, node swarm.Node) Row {
	row := Row{
		ID: task.ID, Slot: task.Slot, Node: cmp.Or(node.Description.Hostname, task.NodeID), NodeID: task.NodeID, State: task.Status.State, Desired: task.DesiredState,
		Error: strings.Join(strings.Fields(task.Status.Err), " "), Since: task.Status.Timestamp, Created: task.CreatedAt,
	}
	if task.Spec.ContainerSpec != nil {
		row.Image = task.Spec.ContainerSpec.Image
	}
	if container := task.Status.ContainerStatus; container != nil {
		row.ExitCode, row.Container = container.ExitCode, container.ContainerID
	}
	return row
}

// failed says whether a task has come to an end that it should not have. What had failed before the
// engine began its update was of the spec at another time, where the service goes back to that.
func (s Standing) failed(row Row) bool {
	if row.Created.Before(s.begun) && row.Since.Before(s.begun) {
		return false
	}
	switch row.State {
	case swarm.TaskStateFailed, swarm.TaskStateRejected, swarm.TaskStateOrphaned:
		return true
	case swarm.TaskStateComplete:
		return !s.Job
	default:
		return false
	}
}

// String is the task as a sentence names it: "web.2 on n3: starting".
func (r Row) String() string {
	text := r.place() + ": " + string(r.State)
	if r.Error != "" {
		text += " (" + r.Error + ")"
	}
	return text
}
