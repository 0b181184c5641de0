package pods

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/container"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Program is what to run and where; exec and exec_check embed it.
type Program struct {
	Target
	All     bool            `json:"all" doc:"Runs it in all of the pods, one after the other in the order of their names, up to the first in which it fails. Without it, in the first that is ready, or else in the first that runs."`
	Command []string        `json:"command" required:"true" nosecret:"true" minItems:"1" example:"[\"nginx\",\"-s\",\"reload\"]" doc:"The program and its arguments. No shell looks at them. Others can read them, on the node and in the audit log, so that no secret may stand here: use stdin."`
	Stdin   string          `json:"stdin" takessecrets:"true" doc:"What the program reads. Without it, it reads an end of file."`
	Parse   string          `json:"parse" enum:"json" doc:"With json, the output json is what it wrote to standard output, as a value; it must then write one JSON document when its exit code is 0."`
	Keep    int             `json:"keep" default:"65536" min:"0" max:"524288" unit:"bytes" doc:"How much of each stream the outputs hold, for all pods together: its end. What is shown while it runs is not cut."`
	Timeout schema.Duration `json:"timeout" default:"1m" min:"1ms" doc:"How long it may take in one pod."`
}

// ProgramOutput is how a program ended; the outputs of exec and exec_check embed it.
type ProgramOutput struct {
	ExitCode int             `json:"exitCode" required:"true" doc:"The exit code; of several pods, the highest."`
	Stdout   string          `json:"stdout" required:"true" doc:"What it wrote to standard output in the first pod, without the newlines at the end."`
	Stderr   string          `json:"stderr" required:"true" doc:"What it wrote to standard error in the first pod, without the newlines at the end."`
	JSON     json.RawMessage `json:"json,omitempty" doc:"Standard output of the first pod as a value, with parse: json."`
	Pods     []Ran           `json:"pods" required:"true" doc:"How it ended in each pod."`
}

// Ran is how a program ended in one pod.
type Ran struct {
	Pod       string          `json:"pod" required:"true" doc:"Name of the pod."`
	Container string          `json:"container" required:"true" doc:"Name of the container."`
	ExitCode  int             `json:"exitCode" required:"true" doc:"The exit code."`
	Stdout    string          `json:"stdout" required:"true" doc:"What it wrote to standard output."`
	Stderr    string          `json:"stderr" required:"true" doc:"What it wrote to standard error."`
	Duration  schema.Duration `json:"duration" required:"true" doc:"How long it ran."`
}

// spot is a container in which a program is to run.
type spot struct{ namespace, pod, container string }

func (s spot) String() string { return s.namespace + "/" + s.pod }

// longestLine is what is shown of a program and its arguments.
const longestLine = 200

// line shows the program for people.
func (in Program) line() string {
	words := make([]string, len(in.Command))
	for i, word := range in.Command {
		words[i] = word
		if word == "" || strings.ContainsFunc(word, func(c rune) bool { return c <= ' ' || strings.ContainsRune("'\"\\$`&|;<>()*?", c) }) {
			words[i] = strconv.Quote(word)
		}
	}
	line := strings.Join(words, " ")
	if len(line) > longestLine {
		line = strings.ToValidUTF8(line[:longestLine], "") + container.CutMark
	}
	return line
}

// rights are what running it takes.
func (in Program) rights() []cluster.Right {
	return append(in.Target.rights(), cluster.Right{
		Verb: "create", Resource: "pods", Subresource: "exec", Namespace: in.Namespace, Words: "run programs in pods",
	})
}

// spots finds the containers in which it is to run.
func (p pods) spots(ctx context.Context, in Program) ([]spot, error) {
	found, err := p.find(ctx, in.Target)
	if err != nil {
		return nil, err
	}
	if !in.All {
		slices.SortStableFunc(found, func(a, b corev1.Pod) int { return readiness(&b) - readiness(&a) })
	}
	var spots []spot
	var why error
	for _, pod := range found {
		name, err := container.Pick(&pod, in.Container)
		if err != nil {
			return nil, err
		}
		if err := runs(&pod, name); err != nil {
			if in.All {
				return nil, err
			}
			why = err
			continue
		}
		spots = append(spots, spot{pod.Namespace, pod.Name, name})
		if !in.All {
			break
		}
	}
	if len(spots) == 0 {
		return nil, why
	}
	return spots, nil
}

// readiness is 1 for a pod that is ready, and 0 for others.
func readiness(pod *corev1.Pod) int {
	if cluster.IsReady(pod) {
		return 1
	}
	return 0
}

// runs complains where no program can be run in the container now.
func runs(pod *corev1.Pod, name string) error {
	if status := container.Status(pod, name); status != nil && status.State.Running != nil {
		return nil
	}
	why := cluster.Ails(*pod)
	if why == "" {
		why = "the pod is " + string(pod.Status.Phase)
	}
	return sdk.Errorf(sdk.Transient, "the container %s of the pod %s/%s does not run: %s", name, pod.Namespace, pod.Name, why).NothingChanged()
}

// execution runs a program in one or several containers.
type execution struct {
	pods
	in Program
	ok []int // exit codes that are a success; nil: all but those of a program that is not there
	// lost is the class of the error where it cannot be told what became of the program, or
	// to try again would run it where it has run.
	lost sdk.Class
	host sdk.Host // nil: nobody is told
}

// run runs the program in one container after the other.
func (e execution) run(ctx context.Context) (ProgramOutput, error) {
	spots, err := e.spots(ctx, e.in)
	if err != nil {
		return ProgramOutput{}, err
	}
	var out ProgramOutput
	for i, at := range spots {
		if len(spots) > 1 && e.host != nil {
			e.host.Progress(sdk.Progress{Message: "runs in " + at.pod, Done: int64(i), Total: int64(len(spots))})
		}
		ran, err := e.runIn(ctx, at, e.in.Keep/len(spots), len(spots) > 1)
		if err != nil && i > 0 {
			return ProgramOutput{}, e.after(err, spots[:i])
		}
		if err != nil {
			return ProgramOutput{}, err
		}
		out.Pods = append(out.Pods, ran)
		out.ExitCode = max(out.ExitCode, ran.ExitCode)
	}
	first := out.Pods[0]
	out.Stdout, out.Stderr = first.Stdout, first.Stderr
	if e.in.Parse == "" {
		return out, nil
	}
	switch valid := json.Valid([]byte(first.Stdout)); {
	case valid:
		out.JSON = json.RawMessage(first.Stdout)
	case first.ExitCode == 0:
		return ProgramOutput{}, sdk.Errorf(e.lost, "standard output is not JSON, or keep leaves not all of it")
	}
	return out, nil
}

// after says where the program has run already when it failed in the next pod. To try once
// more would run it there again, which not all programs bear.
func (e execution) after(err error, done []spot) error {
	names := make([]string, len(done))
	for i, at := range done {
		names[i] = at.pod
	}
	text := strings.Join(names, ", ")
	if _, typed := errors.AsType[*sdk.Error](err); !typed { // the end of the attempt
		return fmt.Errorf("it has run in %s; %w", text, err)
	}
	class := sdk.AsError(err).Class
	if class == sdk.Transient {
		class = e.lost
	}
	return sdk.Errorf(class, "%w; it has run in %s", err, text)
}

// runIn runs the program in one container.
func (e execution) runIn(outer context.Context, at spot, keep int, named bool) (Ran, error) {
	ctx, cancel := context.WithTimeoutCause(outer, e.in.Timeout.Std(), errTimeout)
	defer cancel()
	prefix := ""
	if named {
		prefix = at.pod + "/"
	}
	stdout := &container.Stream{Host: e.host, Name: prefix + "stdout", Keep: keep}
	stderr := &container.Stream{Host: e.host, Name: prefix + "stderr", Keep: keep}
	begun := time.Now()
	code, err := e.stream(ctx, at, stdout, stderr)
	stdout.Close()
	stderr.Close()
	if err != nil {
		return Ran{}, e.fault(ctx, at, err)
	}
	if err := e.judge(code, stdout, stderr, at); err != nil {
		return Ran{}, err
	}
	return Ran{
		Pod: at.pod, Container: at.container, ExitCode: code, Stdout: stdout.Text(), Stderr: stderr.Text(),
		Duration: schema.Duration(time.Since(begun)),
	}, nil
}
