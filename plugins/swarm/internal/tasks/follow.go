package tasks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/compose"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
)

// Followed is what is followed until it has converged.
type Followed struct {
	ID   string            // of the service
	Spec swarm.ServiceSpec // as it was put and read back: another one is somebody else's
	// Monitor is how long all must have been well, and Stall how long nothing may come forward
	// while something is known to be wrong.
	Monitor, Stall time.Duration
	// Canary is how many tasks are to be updated, while the others wait; 0: all are.
	Canary uint64
	// Back says that what is followed is the engine's way back, which was asked for: that it
	// comes to its end is good.
	Back bool
	// Again says that the spec is one from before, which was put back: where all is as it says, it does not
	// matter that the engine has paused what led there.
	Again bool
}

// How is the way in which a service ends that does not converge.
type How string

// The ways.
const (
	RolledBack How = "rolled back" // the engine takes its update back, or has done so
	Paused     How = "paused"      // the engine has paused its update
	Stalled    How = "stalled"     // nothing comes forward, and it is known why
	Changed    How = "changed"     // somebody else has changed the service meanwhile, or removed it
)

// following is one service that is followed. It is told what is seen, and judges.
type following struct {
	Followed
	name  string
	known map[string]bool // tasks that have failed, and whether they had before it was followed
	begun bool
	gone  map[string]bool // nodes that were seen to be down

	well  time.Time // since when all is as it is to be, with the tasks that run; zero: it is not
	runs  string    // which tasks that are
	best  reached
	moved time.Time      // when it came so far
	fell  time.Time      // when a task was last seen to have failed
	falls map[string]int // how many have failed in each place since it came so far
	wrong time.Time      // since when something is known to be wrong; zero: nothing is

	told map[string]string // of the tasks, by their IDs
	last string            // that was told of all
}

// reached is how far a service has come.
type reached struct {
	updated, old int
	state        swarm.UpdateState
}

// settle is how long it is watched at least that the engine has nothing to update: it may not have
// begun.
const settle = 2 * time.Second

// verdict is what a look says.
type verdict struct {
	Standing
	done bool
	how  How    // it does not converge; empty: it may yet
	why  string // with how
	ails []Row  // with how
	next string // with how: what to do; empty: whoever follows it knows
}

// see takes in what a look has seen at a time.
func (f *following) see(now time.Time, seen Seen) verdict {
	v := verdict{Standing: seen.Judge(f.Spec)}
	f.name = v.Service
	f.miss(seen.Nodes)
	f.fail(now, v.Standing)
	f.move(now, v.Standing)
	if f.judge(&v, seen.Service.Spec); v.how != "" {
		return v
	}
	v.done = f.wellFor(now, v.Standing) >= f.watch(v.Standing)
	if f.isWrong(now, v.Standing) && !f.good(v.Standing) && min(now.Sub(f.moved), now.Sub(f.wrong)) >= f.Stall {
		if f.Again && paused(v.Update) {
			f.pause(&v)
			return v
		}
		v.how, v.ails = Stalled, append(v.Ails(), v.chosen(func(row Row) bool { return !row.Newest && v.failed(row) && f.news(row) })...)
		v.why = fmt.Sprintf("it has not come forward for %s: %s", f.Stall, f.count(v.Standing))
	}
	return v
}

// judge finds what ends it at once.
func (f *following) judge(v *verdict, live swarm.ServiceSpec) {
	back := strings.HasPrefix(string(v.Update), "rollback_")
	asked := v.Message == manually
	alike := spec.Alike(live, f.Spec)
	switch {
	case back && !asked && !f.Back:
		v.how, v.ails = RolledBack, v.sinceBegun()
		v.why = wayBack(v.Update)
	case !alike && back:
		v.how, v.why = Changed, "somebody has asked the engine to roll it back"
	case !alike:
		v.how, v.why = Changed, "somebody has changed it: "+compose.Sentence(compose.Changed(f.Spec, live))
	case paused(v.Update) && (!f.Again || v.kept()):
		f.pause(v)
	case back && v.Update == swarm.UpdateStateRollbackCompleted:
		v.Update = swarm.UpdateStateCompleted // as it was asked for
	}
}

// paused says of an update that the engine has paused it, or the way back from it.
func paused(state swarm.UpdateState) bool {
	return state == swarm.UpdateStatePaused || state == swarm.UpdateStateRollbackPaused
}

// pause ends it as the engine has paused its update. Who follows the way back is told how that goes on: by
// docker service rollback it would not.
func (f *following) pause(v *verdict) {
	v.how, v.ails, v.why = Paused, v.sinceBegun(), "the engine has paused its update"
	if v.Update == swarm.UpdateStateRollbackPaused {
		v.why = "the engine has paused its way back"
	}
	if v.Update == swarm.UpdateStateRollbackPaused || f.Again {
		v.next = fmt.Sprintf("docker service update %s has it go on, and with --force all its tasks are replaced; docker service rollback is no way out of it", f.name)
	}
}

// wayBack says how far the engine is on its own way back.
func wayBack(at swarm.UpdateState) string {
	if at == swarm.UpdateStateRollbackCompleted {
		return "the engine has taken its update back"
	}
	if at == swarm.UpdateStateRollbackPaused {
		return "the engine has begun to take its update back, and has paused that"
	}
	return "the engine takes its update back"
}

// manually is what the engine says of a way back that somebody has asked for.
const manually = "manually requested rollback"

// fail takes in which tasks have failed. What had failed before it was followed is no news.
func (f *following) fail(now time.Time, s Standing) {
	if f.known == nil {
		f.known, f.falls = map[string]bool{}, map[string]int{}
	}
	for _, row := range s.Tasks {
		if _, seen := f.known[row.ID]; seen || !row.Current || !s.failed(row) {
			continue
		}
		f.known[row.ID] = !f.begun
		if f.begun {
			f.fell, f.well = now, time.Time{}
			f.falls[row.Name]++
		}
	}
	f.begun = true
}

// news says whether a task has failed while it was followed.
func (f *following) news(row Row) bool {
	before, seen := f.known[row.ID]
	return seen && !before
}

// move takes in how far the service has come. A task that comes up again and again is nothing new.
func (f *following) move(now time.Time, s Standing) {
	if f.moved.IsZero() {
		f.best, f.moved = reached{s.Updated, s.Old, s.Update}, now
		return
	}
	if s.Updated <= f.best.updated && s.Old >= f.best.old && s.Update == f.best.state {
		return
	}
	f.best = reached{max(s.Updated, f.best.updated), min(s.Old, f.best.old), s.Update}
	f.moved = now
	clear(f.falls)
}

// miss takes in which nodes are down.
func (f *following) miss(nodes []swarm.Node) {
	if f.gone == nil {
		f.gone = map[string]bool{}
	}
	for _, node := range nodes {
		if node.Status.State == swarm.NodeStateDown {
			f.gone[node.ID] = true
		}
	}
}

// excused says of tasks that have ended that their nodes were down while they were followed, where they were: a node
// that is back says no more of that, but that its tasks were shut down or have ended with an exit code.
func (f *following) excused(rows []Row) []Row {
	told := slices.Clone(rows)
	for i, row := range told {
		if f.gone[row.NodeID] && row.ended() {
			told[i].Error = row.reason() + ", and its node was down meanwhile"
		}
	}
	return told
}

// away takes in that nothing could be seen: meanwhile it may have come forward.
func (f *following) away(now time.Time) { f.moved, f.wrong = now, time.Time{} }

// wellFor is how long all has been as it is to be, without a task that was replaced.
func (f *following) wellFor(now time.Time, s Standing) time.Duration {
	var runs []string
	for _, row := range s.chosen(func(row Row) bool { return row.State == swarm.TaskStateRunning }) {
		runs = append(runs, row.ID)
	}
	slices.Sort(runs)
	same := strings.Join(runs, " ")
	switch {
	case !f.good(s):
		f.well = time.Time{}
		return -1
	case f.well.IsZero() || f.runs != same:
		f.well, f.runs = now, same
	}
	return now.Sub(f.well)
}

// good says whether all is as it is to be at this moment: of a canary, whether so many tasks run that
// the engine has updated, and what it has not yet updated runs on.
func (f *following) good(s Standing) bool {
	if f.Again && paused(s.Update) {
		s.Update = swarm.UpdateStateCompleted // nothing is left of it
	}
	if f.Canary == 0 || s.Job {
		return s.Converged()
	}
	return s.Updated >= f.goal(s) && s.Running >= s.Wanted
}

// watch is how long all must have been well.
func (f *following) watch(s Standing) time.Duration {
	switch {
	case s.Job:
		return 0 // its tasks have ended
	case s.Update == "":
		return max(f.Monitor, settle)
	default:
		return f.Monitor
	}
}

// isWrong says whether something is known to be wrong, and since when. A task that has failed is
// wrong for as long as one in its place could fail too. Where that has, what comes after them is no better
// for taking longer: a health check may take more time to fail than a task is watched.
func (f *following) isWrong(now time.Time, s Standing) bool {
	wrong := f.Again && paused(s.Update) || len(s.Ails()) > 0 || !f.fell.IsZero() && now.Sub(f.fell) < f.Monitor
	for _, falls := range f.falls {
		wrong = wrong || falls > 1
	}
	switch {
	case !wrong:
		f.wrong = time.Time{}
	case f.wrong.IsZero():
		f.wrong = now
	}
	return wrong
}

// goal is how many tasks are to be of the spec.
func (f *following) goal(s Standing) int {
	if f.Canary > 0 {
		return min(int(f.Canary), s.Wanted)
	}
	return s.Wanted
}

// count says how far the service has come.
func (f *following) count(s Standing) string {
	switch {
	case f.Canary > 0:
		return s.count(f.goal(s), "are new and healthy", "wait")
	case f.Again && !s.Job:
		return s.count(f.goal(s), "are as before and healthy", "to end")
	default:
		return s.Count()
	}
}

// mostTold is how many tasks one line tells of.
const mostTold = 3

// tell is what is new since the last look; its message is empty where nothing is.
func (f *following) tell(v verdict) sdk.Progress {
	var changed []string
	first := f.told == nil
	if first {
		f.told = map[string]string{}
	}
	tells := func(row Row) bool { return row.Newest && (!row.ended() || v.Job) || f.news(row) }
	for _, row := range v.chosen(tells) {
		is := row.String()
		if f.told[row.ID] != is && (!first || row.State != swarm.TaskStateRunning) {
			changed = append(changed, is)
		}
		f.told[row.ID] = is
	}
	if more := len(changed) - mostTold; more > 0 {
		changed = append(changed[:mostTold], fmt.Sprintf("and %d more", more))
	}
	all := f.count(v.Standing)
	if f.good(v.Standing) && !v.done && v.Wanted > 0 && f.watch(v.Standing) > settle {
		all += fmt.Sprintf(", which is watched for %s", f.watch(v.Standing))
	}
	if all == f.last && len(changed) == 0 {
		return sdk.Progress{}
	}
	f.last = all
	return sdk.Progress{Message: strings.Join(append(changed, all), ", "), Done: int64(v.Updated), Total: int64(f.goal(v.Standing))}
}
