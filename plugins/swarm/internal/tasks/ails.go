package tasks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/swarm"
)

// Ails are the tasks with which something is wrong at this moment: the newest of their slots, as far
// as they have failed or their engine has something to say of them.
func (s Standing) Ails() []Row {
	return s.chosen(func(row Row) bool { return row.Newest && (s.failed(row) || row.Error != "" && !row.ended()) })
}

// Refused are the tasks that their nodes have refused, and in whose places none runs yet: the newest such of
// each.
func (s Standing) Refused() []Row {
	settled := map[string]bool{} // places of which a task was met that runs, or one that was refused
	return s.chosen(func(row Row) bool {
		runs := row.State == swarm.TaskStateRunning || row.State == swarm.TaskStateComplete
		refused := row.State == swarm.TaskStateRejected && !settled[row.Name]
		settled[row.Name] = settled[row.Name] || runs || refused
		return refused
	})
}

// sinceBegun are the tasks that have failed since the engine began its update, and those that it
// names.
func (s Standing) sinceBegun() []Row {
	return s.chosen(func(row Row) bool {
		return strings.Contains(s.Message, row.ID) || s.failed(row)
	})
}

// kept says whether tasks of another spec are to run on: where the engine has paused its update, nothing
// replaces them.
func (s Standing) kept() bool {
	return slices.ContainsFunc(s.Tasks, func(row Row) bool {
		return !row.Current && row.Desired == swarm.TaskStateRunning && !row.ended()
	})
}

// chosen are those tasks of the spec of which it is so.
func (s Standing) chosen(is func(Row) bool) []Row {
	var rows []Row
	for _, row := range s.Tasks {
		if row.Current && is(row) {
			rows = append(rows, row)
		}
	}
	return rows
}

// Reasons say what is wrong with tasks, once for those with which the same is: "2 tasks: No such
// image: demo:v9".
func Reasons(rows []Row) []string {
	by := map[string][]Row{}
	for _, row := range rows {
		by[row.reason()] = append(by[row.reason()], row)
	}
	reasons := make([]string, 0, len(by))
	for reason, of := range by {
		who := fmt.Sprintf("%d tasks", len(of))
		if len(of) == 1 {
			who = of[0].place()
		}
		reasons = append(reasons, who+": "+reason)
	}
	slices.Sort(reasons)
	return reasons
}

// reason is what is wrong with a task, in the words of its engine where it has some.
func (r Row) reason() string {
	switch {
	case r.Error != "":
		return r.Error
	case r.State == swarm.TaskStateComplete:
		return "it has ended with exit code 0, by itself or as its health check failed"
	case r.ExitCode != 0:
		return fmt.Sprintf("%s, with exit code %d", r.State, r.ExitCode)
	default:
		return string(r.State)
	}
}

// ended says whether the task has come to its end, whichever that is.
func (r Row) ended() bool {
	switch r.State {
	case swarm.TaskStateComplete, swarm.TaskStateShutdown, swarm.TaskStateFailed, swarm.TaskStateRejected, swarm.TaskStateRemove, swarm.TaskStateOrphaned:
		return true
	default:
		return false
	}
}

// place is the task and where it is: "web.2 on n3".
func (r Row) place() string {
	if r.Node == "" || strings.HasSuffix(r.Name, "."+r.Node) {
		return r.Name
	}
	return r.Name + " on " + r.Node
}
