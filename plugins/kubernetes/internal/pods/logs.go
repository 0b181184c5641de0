package pods

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/container"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// LogsInput is what logs is given.
type LogsInput struct {
	Target
	Since    schema.Duration `json:"since" min:"0s" example:"10m" doc:"How far back the lines are asked for; without it, as far as there are any."`
	Tail     *int64          `json:"tail" min:"0" unit:"lines" example:"200" doc:"How many of the last lines of each pod are asked for; without it, all."`
	Previous bool            `json:"previous" doc:"Reads the log of the container's run before its last restart."`
	Match    string          `json:"match" format:"regex" example:"(?i)error|panic" doc:"A regular expression (RE2); the lines with a match are counted."`
	Follow   schema.Duration `json:"follow" min:"0s" example:"1m" doc:"How long the lines to come are waited for, unless all containers end before; without it, not at all."`
	Last     int             `json:"last" default:"20" min:"0" max:"1000" unit:"lines" doc:"How many lines of each pod the outputs hold: the last ones that match, where match is given."`
	Show     int             `json:"show" default:"1048576" min:"0" max:"67108864" unit:"bytes" doc:"How much is shown as it is read, of all pods together. What goes beyond is counted, and not shown."`
}

// LogsOutput is what logs returns.
type LogsOutput struct {
	Lines   int         `json:"lines" required:"true" unit:"lines" doc:"How many lines were read."`
	Matches int         `json:"matches" required:"true" unit:"lines" doc:"How many of them match; all, where match is not given."`
	Pods    []LogOfPod  `json:"pods" required:"true" doc:"What was read of each pod, by their names."`
	Shown   LinesTotals `json:"shown" required:"true" doc:"What of that was shown."`
}

// LinesTotals says whether anything was left out.
type LinesTotals struct {
	Lines int  `json:"lines" required:"true" unit:"lines" doc:"How many lines were shown."`
	Cut   bool `json:"cut" required:"true" doc:"Whether show left out any."`
}

// LogOfPod is what was read of one pod.
type LogOfPod struct {
	Pod       string   `json:"pod" required:"true" doc:"Name of the pod."`
	Container string   `json:"container" required:"true" doc:"Name of the container."`
	Lines     int      `json:"lines" required:"true" unit:"lines" doc:"How many lines were read."`
	Matches   int      `json:"matches" required:"true" unit:"lines" doc:"How many of them match."`
	Last      []string `json:"last" required:"true" doc:"The last of those, as far as last and 256 KiB for all pods together allow."`
	Problem   string   `json:"problem" required:"true" doc:"What kept the log from being read to its end; empty: nothing."`
}

const (
	mostLogs   = 50        // pods whose logs are read by one step
	logsAtOnce = 8         // where they are not followed
	lastBytes  = 256 << 10 // of all last lines together
)

func (p pods) logs() sdk.Action[LogsInput, LogsOutput] {
	return sdk.Action[LogsInput, LogsOutput]{
		Name:    "logs",
		Summary: "Read what pods print, and count the lines that match",
		Description: `Reads the log of a container in one pod or in several, shows it as it comes, and counts its lines.

With ` + "`follow`" + ` it goes on for that time, over disconnects and restarts, with no line lost or told twice; it ends sooner when all
containers have ended. A pod among several whose log cannot be read is told as its ` + "`problem`" + `; where that is so of all, the step fails.
At most 50 pods are read at once: a selector that finds more is refused. Pods that come later are not read.`,
		Effect:     sdk.Read,
		Idempotent: true,
		Rules:      []schema.Rule{targetRule()},
		Examples: []schema.Example{
			{Title: "No errors for a minute: in a verify, with expr: observed.matches == 0", With: map[string]any{
				"workload": "deployment/web", "namespace": "shop", "match": "(?i)error", "since": "10s", "follow": "1m",
			}},
			{Title: "Why a container ended", With: map[string]any{"pod": "db-0", "previous": true, "tail": 50}},
		},
		Plan:  p.planLogs,
		Apply: p.applyLogs,
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

func (p pods) planLogs(ctx context.Context, call *sdk.Call[LogsInput]) (sdk.Preview, error) {
	if !isKnown(call.Request) {
		return sdk.Preview{Summary: "would read the logs of pods that are not known yet"}, nil
	}
	target, err := p.target(call.Input.Target)
	if err != nil {
		return sdk.Preview{}, err
	}
	if call.Knows("match") {
		if _, err := call.Input.pattern(); err != nil {
			return sdk.Preview{}, err
		}
	}
	rights := append(target.rights(), cluster.Right{
		Verb: "get", Resource: "pods", Subresource: "log", Namespace: target.Namespace, Words: "read the logs of pods",
	})
	lacking, err := p.Lacking(ctx, rights...)
	return sdk.Preview{Summary: fmt.Sprintf("would read the logs of %s", target), Blockers: lacking}, err
}

func (p pods) applyLogs(ctx context.Context, call *sdk.Call[LogsInput]) (LogsOutput, error) {
	in := call.Input
	pattern, err := in.pattern()
	if err != nil {
		return LogsOutput{}, err
	}
	target, err := p.target(in.Target)
	if err != nil {
		return LogsOutput{}, err
	}
	found, err := p.find(ctx, target)
	if err != nil {
		return LogsOutput{}, err
	}
	if len(found) > mostLogs {
		return LogsOutput{}, sdk.FieldErrorf(target.field(), "finds %d pods, and the logs of at most %d are read", len(found), mostLogs)
	}
	r := &reading{pods: p, call: call, pattern: pattern, logs: make([]LogOfPod, len(found)), room: in.Show}
	for i := range found {
		r.logs[i].Pod = found[i].Name
		if r.logs[i].Container, err = container.Pick(&found[i], in.Container); err != nil {
			return LogsOutput{}, err
		}
	}
	return r.run(ctx, target)
}

// reading reads the logs of some pods.
type reading struct {
	pods
	call    *sdk.Call[LogsInput]
	pattern *regexp.Regexp
	logs    []LogOfPod // each of its own goroutine

	mu    sync.Mutex
	room  int // bytes that may still be shown
	shown LinesTotals
}

// errFollowed is the end of the time for which logs are followed.
var errFollowed = errors.New("the log was followed as long as asked")

func (r *reading) run(outer context.Context, target Target) (LogsOutput, error) {
	ctx, atOnce := outer, logsAtOnce
	if follow := r.call.Input.Follow.Std(); follow > 0 {
		timed, cancel := context.WithTimeoutCause(outer, follow, errFollowed)
		defer cancel()
		ctx, atOnce = timed, mostLogs
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	faults := make([]error, len(r.logs))
	for i := range r.logs {
		group.Go(func() error {
			if faults[i] = r.read(ctx, target, &r.logs[i]); faults[i] != nil {
				r.logs[i].Problem = faults[i].Error()
			}
			return nil
		})
	}
	_ = group.Wait() // they return none
	out := LogsOutput{Pods: r.logs, Shown: r.shown}
	for _, log := range r.logs {
		out.Lines += log.Lines
		out.Matches += log.Matches
	}
	if outer.Err() != nil {
		return LogsOutput{}, fmt.Errorf("reading the logs of %s was ended after %d lines: %w", target, out.Lines, context.Cause(outer))
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
	return faults[0]
}

// read reads the log of one pod.
func (r *reading) read(ctx context.Context, target Target, log *LogOfPod) error {
	in := r.call.Input
	last := container.Last{MaxLines: in.Last, MaxBytes: lastBytes / len(r.logs)}
	err := container.Log{
		Kube: r.Watching, Namespace: target.Namespace, Pod: log.Pod, Container: log.Container,
		Previous: in.Previous, Since: in.Since.Std(), Tail: in.Tail, Follow: in.Follow > 0, Silence: r.Timeout,
	}.Each(ctx, func(text []byte) {
		log.Lines++
		if r.pattern.Match(text) {
			log.Matches++
			last.Add(text)
		}
		r.show(log.Pod, text)
	})
	log.Last = last.Lines()
	if errors.Is(err, errFollowed) {
		return nil
	}
	return err
}

// show passes a line on as far as there is room, and says once that there is none.
func (r *reading) show(pod string, text []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.shown.Cut:
	case len(text) > r.room:
		r.shown.Cut = true
		r.call.Log.Info("what follows is counted and not shown", "show", r.call.Input.Show)
	default:
		r.room -= len(text)
		r.shown.Lines++
		r.call.Host.Output(pod, text)
	}
}

// target is the target with its namespace, checked.
func (p pods) target(t Target) (Target, error) {
	t.Namespace = p.In(t.Namespace)
	return t, t.valid()
}
