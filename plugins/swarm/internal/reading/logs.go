package reading

import (
	"context"
	"fmt"
	"regexp"
	"sync"

	"github.com/moby/moby/api/types/swarm"
	"golang.org/x/sync/errgroup"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/printed"
	"github.com/gatebook/gatebook/plugins/swarm/internal/tasks"
	"github.com/gatebook/gatebook/schema"
)

// LogsInput is what service_logs is given.
type LogsInput struct {
	Target
	Since   schema.Duration `json:"since" min:"0s" example:"10m" doc:"How far back the lines are asked for; without it, as far as there are any."`
	Tail    *int64          `json:"tail" min:"0" unit:"lines" example:"200" doc:"How many of the last lines of each task are asked for; without it, all."`
	Match   string          `json:"match" format:"regex" example:"(?i)error|panic" doc:"A regular expression (RE2); the lines with a match are counted."`
	Ended   bool            `json:"ended" doc:"Whether the tasks are read too that have ended, as far as the engine keeps them: those that failed, and those of the version before."`
	Current bool            `json:"current" doc:"Whether those tasks alone are read that are as the service now says."`
	Last    int             `json:"last" default:"20" min:"0" max:"1000" unit:"lines" doc:"How many lines of each task the outputs hold: the last ones that match, where match is given."`
	Show    int             `json:"show" default:"1048576" min:"0" max:"67108864" unit:"bytes" doc:"How much is shown as it is read, of all tasks together. What goes beyond is counted, and not shown."`
}

// LogsOutput is what service_logs returns.
type LogsOutput struct {
	Lines   int         `json:"lines" required:"true" unit:"lines" doc:"How many lines were read."`
	Matches int         `json:"matches" required:"true" unit:"lines" doc:"How many of them match; all, where match is not given."`
	Tasks   []LogOfTask `json:"tasks" required:"true" doc:"What was read of each task, by their places."`
	Shown   LinesTotals `json:"shown" required:"true" doc:"What of that was shown."`
}

// LinesTotals says whether anything was left out.
type LinesTotals struct {
	Lines int  `json:"lines" required:"true" unit:"lines" doc:"How many lines were shown."`
	Cut   bool `json:"cut" required:"true" doc:"Whether show left out any."`
}

// LogOfTask is what was read of one task.
type LogOfTask struct {
	Name    string   `json:"name" required:"true" doc:"Name of its place: web.2."`
	ID      string   `json:"id" required:"true" doc:"ID of the task."`
	Node    string   `json:"node" required:"true" doc:"Host name of its node."`
	State   string   `json:"state" required:"true" doc:"State of the task."`
	Lines   int      `json:"lines" required:"true" unit:"lines" doc:"How many lines were read."`
	Matches int      `json:"matches" required:"true" unit:"lines" doc:"How many of them match."`
	Last    []string `json:"last" required:"true" doc:"The last of those, as far as last and 256 KiB for all tasks together allow."`
	Problem string   `json:"problem" required:"true" doc:"What kept the log from being read to its end; empty: nothing."`
}

const (
	mostLogs   = 50        // tasks whose logs are read by one step
	logsAtOnce = 8         // and of these at one time
	lastBytes  = 256 << 10 // of all last lines together
)

func (r reading) logs() sdk.Action[LogsInput, LogsOutput] {
	return sdk.Action[LogsInput, LogsOutput]{
		Name:    "service_logs",
		Summary: "Read what the tasks of a service print, and count the lines that match",
		Description: `Reads the log of each task of a service, shows it as it comes, with the name of the task, and counts its lines: of the tasks that run or
are about to, and with ` + "`ended`" + ` of the others that the engine still keeps.

A task whose log cannot be read, as its node is down, is told as its ` + "`problem`" + `; where that is so of all, the step fails. At most 50 tasks
are read: a service with more is refused. To see what is printed over a time, poll it in a verify, with ` + "`since`" + `.
A log may hold secrets: those that gatebook knows are masked, and others are shown as they stand there.`,
		Effect:     sdk.Read,
		Idempotent: true,
		Examples: []schema.Example{
			{Title: "No errors: in a verify, with expr: observed.matches == 0", With: map[string]any{"service": "shop_web", "match": "(?i)error", "since": "1m"}},
			{Title: "Why tasks have ended", With: map[string]any{"service": "shop_web", "ended": true, "tail": 50}},
		},
		Plan: func(_ context.Context, call *sdk.Call[LogsInput]) (sdk.Preview, error) {
			if call.Knows("match") {
				if _, err := call.Input.pattern(); err != nil {
					return sdk.Preview{}, err
				}
			}
			return would(call, call.Input.Target, "read the logs of")
		},
		Apply: r.applyLogs,
	}
}

// pattern is what lines are matched with; without one, all do.
func (in LogsInput) pattern() (*regexp.Regexp, error) {
	pattern, err := regexp.Compile(in.Match)
	if err != nil {
		return nil, sdk.FieldErrorf("match", "%w", err)
	}
	return pattern, nil
}

func (r reading) applyLogs(ctx context.Context, call *sdk.Call[LogsInput]) (LogsOutput, error) {
	pattern, err := call.Input.pattern()
	if err != nil {
		return LogsOutput{}, err
	}
	seen, err := r.look(ctx, call.Input.Target)
	if err != nil {
		return LogsOutput{}, err
	}
	collecting := &collecting{reading: r, call: call, pattern: pattern, room: call.Input.Show, logs: []LogOfTask{}, raw: map[string]bool{}}
	for _, task := range seen.Tasks {
		collecting.raw[task.ID] = task.Spec.ContainerSpec != nil && task.Spec.ContainerSpec.TTY
	}
	for _, row := range seen.Judge(seen.Service.Spec).Tasks {
		if call.Input.reads(row) {
			collecting.logs = append(collecting.logs, LogOfTask{Name: row.Name, ID: row.ID, Node: row.Node, State: string(row.State)})
		}
	}
	if len(collecting.logs) > mostLogs {
		return LogsOutput{}, sdk.FieldErrorf("service", "the service %s has %d tasks, and the logs of at most %d are read", call.Input.Service, len(collecting.logs), mostLogs)
	}
	return collecting.run(ctx)
}

// reads says whether the log of a task is asked for. One that has not been on a node has none.
func (in LogsInput) reads(row tasks.Row) bool {
	if row.Container == "" || in.Current && !row.Current {
		return false
	}
	return in.Ended || row.State == swarm.TaskStateRunning || row.State == swarm.TaskStateStarting
}

// collecting reads the logs of some tasks.
type collecting struct {
	reading
	call    *sdk.Call[LogsInput]
	pattern *regexp.Regexp
	logs    []LogOfTask     // each of its own goroutine
	raw     map[string]bool // tasks with a terminal: they print on one stream, as it comes

	mu    sync.Mutex
	room  int // bytes that may still be shown
	shown LinesTotals
}

func (c *collecting) run(ctx context.Context) (LogsOutput, error) {
	var group errgroup.Group
	group.SetLimit(logsAtOnce)
	faults := make([]error, len(c.logs))
	for i := range c.logs {
		group.Go(func() error {
			if faults[i] = c.read(ctx, &c.logs[i]); faults[i] != nil {
				c.logs[i].Problem = faults[i].Error()
			}
			return nil
		})
	}
	_ = group.Wait() // they return none
	out := LogsOutput{Tasks: c.logs, Shown: c.shown}
	for _, log := range c.logs {
		out.Lines += log.Lines
		out.Matches += log.Matches
	}
	if ctx.Err() != nil {
		return LogsOutput{}, fmt.Errorf("reading the logs of the service %s was ended after %d lines: %w", c.call.Input.Service, out.Lines, context.Cause(ctx))
	}
	return out, allOf(faults)
}

// allOf is the first of the faults where there is one in each place.
func allOf(faults []error) error {
	for _, fault := range faults {
		if fault == nil {
			return nil
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return faults[0]
}

// read reads the log of one task.
func (c *collecting) read(ctx context.Context, log *LogOfTask) error {
	in := c.call.Input
	last := latest{lines: in.Last, bytes: lastBytes / len(c.logs)}
	err := printed.Task{Engine: c.Engine, ID: log.ID, Terminal: c.raw[log.ID], Since: in.Since.Std(), Tail: in.Tail}.Each(ctx, func(text []byte) {
		log.Lines++
		if c.pattern.Match(text) {
			log.Matches++
			last.add(text)
		}
		c.show(log.Name, text)
	})
	log.Last = last.kept()
	return err
}

// show passes a line on as far as there is room, and says once that there is none.
func (c *collecting) show(task string, text []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.shown.Cut:
	case len(text) > c.room:
		c.shown.Cut = true
		c.call.Log.Info("what follows is counted and not shown", "show", c.call.Input.Show)
	default:
		c.room -= len(text)
		c.shown.Lines++
		c.call.Host.Output(task, text)
	}
}
