package tasks

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/swarm"
)

// moment is what is seen of a service at a time. Tasks are written as "slot state", in the order in
// which they were made, with "old" for one of another spec, "down" for one whose node is, "nowhere" for one
// without a node, "before" for one from before the update, and what the engine says of it behind a colon.
type moment struct {
	at      time.Duration
	update  swarm.UpdateState
	message string
	spec    func(*swarm.ServiceSpec) // somebody changes it
	tasks   []string
}

// wanted is the spec that is followed: two replicas.
func wanted() swarm.ServiceSpec {
	two := uint64(2)
	spec := swarm.ServiceSpec{Annotations: swarm.Annotations{Name: "web"}}
	spec.TaskTemplate.ContainerSpec = &swarm.ContainerSpec{Image: "demo:v2"}
	spec.Mode.Replicated = &swarm.ReplicatedService{Replicas: &two}
	return spec
}

var begin = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

func (m moment) seen() Seen {
	seen := Seen{Service: swarm.Service{ID: "s", Spec: wanted()}}
	if m.spec != nil {
		m.spec(&seen.Service.Spec)
	}
	if m.update != "" {
		seen.Service.UpdateStatus = &swarm.UpdateStatus{State: m.update, Message: m.message, StartedAt: &begin}
	}
	for _, name := range []string{"n1", "n2", "n3"} {
		node := swarm.Node{ID: name}
		node.Description.Hostname, node.Spec.Availability, node.Status.State = name, swarm.NodeAvailabilityActive, swarm.NodeStateReady
		if name == "n3" {
			node.Status.State = swarm.NodeStateDown
		}
		seen.Nodes = append(seen.Nodes, node)
	}
	for i, text := range m.tasks {
		words, said, _ := strings.Cut(text, ": ")
		task := swarm.Task{ID: fmt.Sprintf("t%d", i), NodeID: "n1", DesiredState: swarm.TaskStateRunning, Spec: wanted().TaskTemplate}
		task.CreatedAt = begin.Add(time.Duration(i) * time.Second)
		task.Status.Timestamp = task.CreatedAt
		task.Status.Err = said
		for j, word := range strings.Fields(words) {
			switch {
			case j == 0:
				_, _ = fmt.Sscan(word, &task.Slot)
			case word == "old":
				task.Spec.ContainerSpec = &swarm.ContainerSpec{Image: "demo:v1"}
			case word == "down":
				task.NodeID = "n3"
			case word == "unwanted":
				task.DesiredState = swarm.TaskStateShutdown
			case word == "before":
				task.CreatedAt, task.Status.Timestamp = begin.Add(-time.Hour), begin.Add(-time.Hour)
			case word == "nowhere":
				task.NodeID = ""
			default:
				task.Status.State = swarm.TaskState(word)
			}
		}
		seen.Tasks = append(seen.Tasks, task)
	}
	return seen
}

// What is said of a service is a matter of what was seen of it, and when.
func TestWhenAServiceHasConverged(t *testing.T) {
	t.Parallel()
	const updating, completed = swarm.UpdateStateUpdating, swarm.UpdateStateCompleted
	well := []string{"1 running", "2 running"}
	const missing = "1 rejected unwanted: No such image: demo:v2"
	for name, test := range map[string]struct {
		moments []moment
		done    bool
		how     How
		says    string
	}{
		"well for as long as it is watched":         {[]moment{{0, completed, "", nil, well}, {10 * time.Second, completed, "", nil, well}}, true, "", ""},
		"well, and not for long":                    {[]moment{{0, completed, "", nil, well}, {9 * time.Second, completed, "", nil, well}}, false, "", ""},
		"well, and still updating":                  {[]moment{{0, updating, "", nil, well}, {time.Hour, updating, "", nil, well}}, false, "", ""},
		"an old one is still there":                 {[]moment{{0, "", "", nil, append(well, "1 running unwanted old")}, {time.Hour, "", "", nil, append(well, "1 running unwanted old")}}, false, "", ""},
		"an old one was there, and its node is not": {[]moment{{0, "", "", nil, append(well, "1 running unwanted old down")}, {time.Hour, "", "", nil, append(well, "1 running unwanted old down")}}, true, "", ""},
		"one runs where nobody can tell":            {[]moment{{0, "", "", nil, []string{"1 running", "2 running down"}}, {time.Hour, "", "", nil, []string{"1 running", "2 running down"}}}, false, "", ""},
		"one too many":                              {[]moment{{0, "", "", nil, append(well, "3 running")}, {time.Hour, "", "", nil, append(well, "3 running")}}, false, "", ""},
		"one has failed meanwhile": {[]moment{
			{0, completed, "", nil, well},
			{9 * time.Second, completed, "", nil, []string{"1 failed unwanted: exit 1", "2 running", "1 running"}},
			{18 * time.Second, completed, "", nil, []string{"1 failed unwanted: exit 1", "2 running", "1 running"}},
		}, false, "", ""},
		"one has failed meanwhile, and all is well for long enough again": {[]moment{
			{0, completed, "", nil, well},
			{9 * time.Second, completed, "", nil, []string{"1 failed unwanted: exit 1", "2 running", "1 running"}},
			{19 * time.Second, completed, "", nil, []string{"1 failed unwanted: exit 1", "2 running", "1 running"}},
		}, true, "", ""},
		"one has failed before": {[]moment{
			{0, completed, "", nil, []string{"1 failed unwanted: exit 1", "2 running", "1 running"}},
			{10 * time.Second, completed, "", nil, []string{"1 failed unwanted: exit 1", "2 running", "1 running"}},
		}, true, "", ""},
		"it does not come forward, and it is known why": {[]moment{
			{0, updating, "", nil, []string{"1 running old", "2 running old"}},
			{time.Second, updating, "", nil, []string{"1 running old unwanted", "2 running old", "1 pending nowhere: no suitable node (insufficient resources on 2 nodes)"}},
			{61 * time.Second, updating, "", nil, []string{"1 running old unwanted", "2 running old", "1 pending nowhere: no suitable node (insufficient resources on 2 nodes)"}},
		}, false, Stalled, "web.1: no suitable node (insufficient resources on 2 nodes)"},
		"what failed before the update is no reason": {[]moment{
			{0, updating, "", nil, []string{"1 failed unwanted before: exit 1", "1 running old", "2 running old"}},
			{time.Hour, updating, "", nil, []string{"1 failed unwanted before: exit 1", "1 running old", "2 running old"}},
		}, false, "", ""},
		"it does not come forward, and nobody knows why": {[]moment{
			{0, updating, "", nil, []string{"1 preparing", "2 running old"}}, {time.Hour, updating, "", nil, []string{"1 preparing", "2 running old"}},
		}, false, "", ""},
		"it comes forward, though something is wrong": {[]moment{
			{0, updating, "", nil, []string{missing, "2 running old"}},
			{59 * time.Second, updating, "", nil, []string{missing, "2 running old unwanted", "2 running"}},
			{61 * time.Second, updating, "", nil, []string{missing, "2 running old unwanted", "2 running"}},
		}, false, "", ""},
		"it comes up and fails, again and again": {[]moment{
			{0, "", "", nil, []string{"2 running", "1 running"}},
			{5 * time.Second, "", "", nil, []string{"2 running", "1 failed unwanted: exit 1", "1 starting"}},
			{14 * time.Second, "", "", nil, []string{"2 running", "1 failed unwanted: exit 1", "1 running"}},
			{20 * time.Second, "", "", nil, []string{"2 running", "1 failed unwanted: exit 1", "1 failed unwanted: exit 1", "1 starting"}},
			{29 * time.Second, "", "", nil, []string{"2 running", "1 failed unwanted: exit 1", "1 failed unwanted: exit 1", "1 running"}},
			{38 * time.Second, "", "", nil, []string{"2 running", "1 failed unwanted: exit 1", "1 failed unwanted: exit 1", "1 failed unwanted: exit 1", "1 starting"}},
			{47 * time.Second, "", "", nil, []string{"2 running", "1 failed unwanted: exit 1", "1 failed unwanted: exit 1", "1 failed unwanted: exit 1", "1 running"}},
			{56 * time.Second, "", "", nil, []string{"2 running", "1 failed unwanted: exit 1", "1 failed unwanted: exit 1", "1 failed unwanted: exit 1", "1 failed unwanted: exit 1", "1 starting"}},
			{65 * time.Second, "", "", nil, []string{"2 running", "1 failed unwanted: exit 1", "1 failed unwanted: exit 1", "1 failed unwanted: exit 1", "1 failed unwanted: exit 1", "1 starting"}},
		}, false, Stalled, "4 tasks: exit 1"},
		"each comes up for longer than it is watched, and fails": {[]moment{
			{0, "", "", nil, []string{"2 running", "1 starting"}},
			{20 * time.Second, "", "", nil, []string{"2 running", "1 complete unwanted", "1 starting"}},
			{35 * time.Second, "", "", nil, []string{"2 running", "1 complete unwanted", "1 starting"}},
			{40 * time.Second, "", "", nil, []string{"2 running", "1 complete unwanted", "1 complete unwanted", "1 starting"}},
			{55 * time.Second, "", "", nil, []string{"2 running", "1 complete unwanted", "1 complete unwanted", "1 starting"}},
			{80 * time.Second, "", "", nil, []string{"2 running", "1 complete unwanted", "1 complete unwanted", "1 starting"}},
			{100 * time.Second, "", "", nil, []string{"2 running", "1 complete unwanted", "1 complete unwanted", "1 starting"}},
		}, false, Stalled, "2 tasks: it has ended with exit code 0"},
		"the engine has paused it": {[]moment{{0, swarm.UpdateStatePaused, "of task t0", nil, []string{missing, "2 running old"}}}, false, Paused, "No such image: demo:v2"},
		"the engine takes it back": {[]moment{{
			0, swarm.UpdateStateRollbackStarted, "of task t0", func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Image = "demo:v1" },
			[]string{missing, "2 running old"},
		}}, false, RolledBack, "No such image: demo:v2"},
		"it was taken back, and is as it was": {[]moment{{0, swarm.UpdateStateRollbackCompleted, "rollback completed", nil, well}}, false, RolledBack, "has taken its update back"},
		"somebody has it taken back":          {[]moment{{0, swarm.UpdateStateRollbackStarted, manually, func(s *swarm.ServiceSpec) { s.Labels = map[string]string{"a": "b"} }, well}}, false, Changed, "roll it back"},
		"somebody has changed it":             {[]moment{{0, updating, "", func(s *swarm.ServiceSpec) { s.Labels = map[string]string{"a": "b"} }, well}}, false, Changed, "labels"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &following{Followed: Followed{ID: "s", Spec: wanted(), Monitor: 10 * time.Second, Stall: time.Minute}}
			var v verdict
			for i, m := range test.moments {
				if v = f.see(begin.Add(m.at), m.seen()); i < len(test.moments)-1 && (v.done || v.how != "") {
					t.Fatalf("it ends at %s: %+v", m.at, v)
				}
			}
			said := v.why + ": " + strings.Join(Reasons(v.ails), "; ")
			if v.done != test.done || v.how != test.how || !strings.Contains(said, test.says) {
				t.Errorf("done: %t, how: %q, %s", v.done, v.how, said)
			}
		})
	}
}

// To be as before is to be of the spec and well for long enough: that the engine has paused what led there
// is no news then. Where it leaves tasks as they are, or they do not get well, it is.
func TestAPausedWayBack(t *testing.T) {
	t.Parallel()
	const goesOn = "docker service update web"
	const back = swarm.UpdateStateRollbackPaused
	well := []string{"1 failed unwanted: exit 1", "1 running", "2 running"}
	ill := []string{"1 failed unwanted: exit 1", "1 failed: exit 1", "2 running"}
	for name, test := range map[string]struct {
		of     Followed
		update swarm.UpdateState
		after  time.Duration // it was seen first
		tasks  []string
		done   bool
		how    How
		says   string
	}{
		"all are well":                        {Followed{Again: true, Back: true}, back, 10 * time.Second, well, true, "", ""},
		"all are well, by an update":          {Followed{Again: true}, swarm.UpdateStatePaused, 10 * time.Second, well, true, "", ""},
		"all are well, and not for long":      {Followed{Again: true, Back: true}, back, 9 * time.Second, well, false, "", ""},
		"some come up again":                  {Followed{Again: true, Back: true}, back, 59 * time.Second, ill, false, "", ""},
		"some never do":                       {Followed{Again: true, Back: true}, back, time.Minute, ill, false, Paused, goesOn},
		"some are not there":                  {Followed{Again: true, Back: true}, back, time.Minute, []string{"2 running"}, false, Paused, goesOn},
		"some are as they were since":         {Followed{Again: true, Back: true}, back, 0, append(well[1:2:2], "2 running old"), false, Paused, goesOn},
		"some are as they were, by an update": {Followed{Again: true}, swarm.UpdateStatePaused, 0, append(well[1:2:2], "2 running old"), false, Paused, goesOn},
		"some of those end":                   {Followed{Again: true, Back: true}, back, 30 * time.Second, append(well[1:3:3], "2 running old unwanted"), false, "", ""},
		"it is what was asked for":            {Followed{Back: true}, back, 0, well, false, Paused, goesOn},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := test.of
			of.ID, of.Spec, of.Monitor, of.Stall = "s", wanted(), 10*time.Second, time.Minute
			f := &following{Followed: of}
			seen := moment{update: test.update, message: "paused due to failure", tasks: test.tasks}.seen()
			v := f.see(begin, seen)
			if test.after > 0 {
				if v.done || v.how != "" {
					t.Fatalf("it ends at once: %+v", v)
				}
				v = f.see(begin.Add(test.after), seen)
			}
			if v.done != test.done || v.how != test.how {
				t.Fatalf("done: %t, how: %q, %s", v.done, v.how, v.why)
			}
			if v.how == "" {
				return
			}
			said := f.end(v).Error()
			if !strings.Contains(said, "the engine has paused its ") || !strings.Contains(said, test.says) {
				t.Errorf("it says %s", said)
			}
		})
	}
}

// A canary is well while the others wait, and not before it runs.
func TestACanaryIsWellWhileTheOthersWait(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tasks []string
		done  bool
	}{
		"it runs, and the other too":      {[]string{"1 running", "2 running old"}, true},
		"it starts":                       {[]string{"1 starting", "2 running old"}, false},
		"it runs, and the other does not": {[]string{"1 running", "2 failed old"}, false},
		"nothing is new yet":              {[]string{"1 running old", "2 running old"}, false},
	} {
		f := &following{Followed: Followed{ID: "s", Spec: wanted(), Monitor: 10 * time.Second, Stall: time.Minute, Canary: 1}}
		seen := moment{update: swarm.UpdateStateUpdating, tasks: test.tasks}.seen()
		f.see(begin, seen)
		if v := f.see(begin.Add(10*time.Second), seen); v.done != test.done || v.how != "" {
			t.Errorf("%s: done: %t, %s", name, v.done, v.why)
		}
	}
}

// Nodes may have one host name, and a service has a task on each.
func TestNodesOfOneName(t *testing.T) {
	t.Parallel()
	seen := moment{tasks: []string{"0 running", "0 failed: exit 1"}}.seen()
	spec := wanted()
	spec.Mode = swarm.ServiceMode{Global: &swarm.GlobalService{}}
	seen.Tasks[1].NodeID = "n2"
	seen.Nodes[1].Description.Hostname = "n1"
	if s := seen.Judge(spec); s.Wanted != 2 || s.Updated != 1 || len(s.Ails()) != 1 {
		t.Errorf("it is %+v", s)
	}
}

// A task that was put elsewhere by other constraints is still of the spec, where it may be.
func TestTasksThatDifferInTheirPlacement(t *testing.T) {
	t.Parallel()
	seen := moment{tasks: []string{"1 running", "2 running"}}.seen()
	spec := wanted()
	for _, test := range []struct {
		constraint string
		updated    int
	}{{"node.hostname==n1", 2}, {"node.hostname==n2", 0}} {
		spec.TaskTemplate.Placement = &swarm.Placement{Constraints: []string{test.constraint}}
		if s := seen.Judge(spec); s.Updated != test.updated {
			t.Errorf("%s: %d are of the spec, want %d", test.constraint, s.Updated, test.updated)
		}
	}
}

// After a while without an answer nothing is held against the service that may be over.
func TestASwarmThatDidNotAnswer(t *testing.T) {
	t.Parallel()
	f := &following{Followed: Followed{ID: "s", Spec: wanted(), Monitor: 10 * time.Second, Stall: time.Minute}}
	ill := moment{update: swarm.UpdateStateUpdating, tasks: []string{"1 rejected: No such image: demo:v2", "2 running old"}}.seen()
	f.see(begin, ill)
	f.away(begin.Add(59 * time.Second))
	if v := f.see(begin.Add(61*time.Second), ill); v.how != "" {
		t.Errorf("it ends: %s", v.why)
	}
	if v := f.see(begin.Add(3*time.Minute), ill); v.how != Stalled {
		t.Errorf("it does not end: %+v", v)
	}
}

// Each line tells what is new, and only that.
func TestWhatIsTold(t *testing.T) {
	t.Parallel()
	f := &following{Followed: Followed{ID: "s", Spec: wanted(), Monitor: 10 * time.Second, Stall: time.Minute}}
	var told []string
	for i, tasks := range [][]string{
		{"1 running old", "2 running old"},
		{"1 running old", "2 running old unwanted", "2 starting"},
		{"1 running old", "2 running old unwanted", "2 starting"},
		{"1 running old", "2 shutdown old unwanted", "2 failed unwanted: exit 1", "2 ready"},
		{"1 running old", "2 shutdown old unwanted", "2 failed unwanted: exit 1", "2 running"},
	} {
		v := f.see(begin.Add(time.Duration(i)*time.Second), moment{update: swarm.UpdateStateUpdating, tasks: tasks}.seen())
		told = append(told, f.tell(v).Message)
	}
	if want := []string{
		"0 of 2 are new and healthy, 2 of the old to end",
		"web.2 on n1: starting, 0 of 2 are new and healthy, 2 of the old to end",
		"",
		"web.2 on n1: ready, web.2 on n1: failed (exit 1), 0 of 2 are new and healthy, 1 of the old to end",
		"web.2 on n1: running, 1 of 2 are new and healthy, 1 of the old to end",
	}; !slices.Equal(told, want) {
		t.Errorf("told:\n%s\nwant:\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
}

// What is counted says what is waited for, and what is not.
func TestWhatIsCounted(t *testing.T) {
	t.Parallel()
	some, nowhere := []string{"1 running", "2 running old"}, wanted()
	nowhere.Mode = swarm.ServiceMode{Global: &swarm.GlobalService{}}
	nowhere.TaskTemplate.Placement = &swarm.Placement{Constraints: []string{"node.labels.gpu==yes"}}
	for name, test := range map[string]struct {
		of    Followed
		none  bool // is to run
		tasks []string
		says  string
	}{
		"an update":      {Followed{}, false, some, "1 of 2 are new and healthy, 1 of the old to end"},
		"a canary":       {Followed{Canary: 1}, false, some, "1 of 1 are new and healthy, 1 of the old wait, which is watched for 10s"},
		"the way back":   {Followed{Again: true}, false, some, "1 of 2 are as before and healthy, 1 of the old to end"},
		"to none at all": {Followed{}, true, []string{"1 running unwanted"}, "none is to run, 1 of the old to end"},
		"none":           {Followed{}, true, nil, "none is to run"},
		"one on no node": {Followed{Spec: nowhere}, false, nil, "none is to run, as no node takes one"},
	} {
		of := test.of
		of.ID, of.Monitor, of.Stall = "s", 10*time.Second, time.Minute
		if of.Spec.Name == "" {
			of.Spec = wanted()
		}
		if test.none {
			*of.Spec.Mode.Replicated.Replicas = 0
		}
		f := &following{Followed: of}
		seen := moment{update: swarm.UpdateStateUpdating, spec: func(s *swarm.ServiceSpec) { *s = of.Spec }, tasks: test.tasks}.seen()
		if got := f.tell(f.see(begin, seen)).Message; got != test.says {
			t.Errorf("%s: %q, want %q", name, got, test.says)
		}
	}
}
