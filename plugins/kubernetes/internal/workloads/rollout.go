package workloads

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// RolloutInput is what rollout is given.
type RolloutInput struct {
	Target
	Timeout schema.Duration `json:"timeout" default:"10m" doc:"How long it may take until all pods are updated and available."`
	Stall   schema.Duration `json:"stall" default:"2m" doc:"How long nothing may move forward while something is known to be wrong, as an image that cannot be pulled."`
}

func (w workloads) rollout() sdk.Action[RolloutInput, Status] {
	return sdk.Action[RolloutInput, Status]{
		Name:    "rollout",
		Summary: "Wait until the pods of a workload are all updated and available",
		Description: `Watches a rollout to its end, and says how far it is and what is wrong as soon as it can be seen.

A rollout that stands still is a *permanent* error with the reason: from the controller's conditions, the states of containers
(as ImagePullBackOff), the scheduler and quotas. It stands still when the Deployment's own progress deadline has passed, or when
nothing moved for ` + "`stall`" + ` while a reason is known. Where none is known, ` + "`timeout`" + ` ends it as a *transient* error.
Pods that a partition or OnDelete keeps on the old template are not waited for.`,
		Effect:     sdk.Read,
		Idempotent: true,
		Examples: []schema.Example{
			{Title: "A Deployment", With: map[string]any{"name": "web", "namespace": "shop", "timeout": "15m"}},
		},
		Plan: func(ctx context.Context, call *sdk.Call[RolloutInput]) (sdk.Preview, error) {
			if !call.Knows("kind", "name", "namespace") {
				return sdk.Preview{Summary: "would wait for a workload that is not known yet"}, nil
			}
			target := w.named(call.Input.Target)
			lacking, err := w.Lacking(ctx, target.right("get", "", "read"),
				cluster.Right{Verb: "list", Resource: "pods", Namespace: target.Namespace})
			return sdk.Preview{Summary: fmt.Sprintf("would wait for the rollout of the %s", target), Blockers: lacking}, err
		},
		Apply: w.applyRollout,
	}
}

// errTimeout tells the rollout's own timeout from the end of the attempt.
var errTimeout = errors.New("the rollout's timeout passed")

const (
	// settle lets a burst of changes come in before the next look.
	settle = 100 * time.Millisecond
	// lookAgain bounds how long a look may be owed to a watch.
	lookAgain = 5 * time.Second
)

// following is one rollout that is watched.
type following struct {
	workloads
	call    *sdk.Call[RolloutInput]
	target  Target
	last    string // what was told last
	reasons []string
}

func (w workloads) applyRollout(outer context.Context, call *sdk.Call[RolloutInput]) (Status, error) {
	in := call.Input
	ctx, cancel := context.WithTimeoutCause(outer, in.Timeout.Std(), errTimeout)
	defer cancel()
	first, err := w.read(ctx, in.Target)
	if err != nil {
		return Status{}, err
	}
	selector, err := metav1.LabelSelectorAsSelector(first.selector)
	if err != nil {
		return Status{}, sdk.Errorf(sdk.Permanent, "the selector of the %s: %w", first, err)
	}
	wakes := cluster.Wakes(ctx, w.watch(first.Target), func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
		options.LabelSelector = selector.String()
		return w.Watching.CoreV1().Pods(first.Namespace).Watch(ctx, options)
	})
	f := &following{workloads: w, call: call, target: first.Target}
	stalled := time.NewTimer(in.Stall.Std())
	defer stalled.Stop()
	for {
		found, moved, err := f.look(ctx)
		switch {
		case ctx.Err() != nil:
			return Status{}, f.unfinished(ctx)
		case err != nil && sdk.AsError(err).Class != sdk.Transient:
			return Status{}, err
		case err != nil: // an API server that is away comes back
			call.Progressf("%s", err)
		case found.rolledOut():
			return found.told(), nil
		case found.paused:
			return Status{}, sdk.Errorf(sdk.Permanent, "the rollout of the %s is paused", f.target)
		case found.deadlinePassed():
			return Status{}, f.standsStill("its progress deadline has passed")
		}
		if moved || err != nil {
			stalled.Reset(in.Stall.Std())
		}
		select {
		case <-ctx.Done():
			return Status{}, f.unfinished(ctx)
		case <-stalled.C:
			if len(f.reasons) > 0 {
				return Status{}, f.standsStill(fmt.Sprintf("nothing moved for %s", in.Stall))
			}
			stalled.Reset(in.Stall.Std())
		case <-time.After(lookAgain):
		case <-wakes:
			cluster.Pause(ctx, settle)
		}
	}
}

// look reads where the rollout is, tells what is new, and says whether it moved.
func (f *following) look(ctx context.Context) (found *workload, moved bool, err error) {
	if found, err = f.read(ctx, f.target); err != nil {
		return nil, false, err
	}
	if found.rolledOut() {
		return found, true, nil
	}
	if f.reasons, err = f.explain(ctx, found); err != nil {
		return nil, false, err
	}
	at := found.progress()
	said := strings.Join(append([]string{at}, f.reasons...), "; ")
	if said == f.last {
		return found, false, nil
	}
	before, _, _ := strings.Cut(f.last, "; ")
	f.last = said
	f.call.Host.Progress(sdk.Progress{Message: said, Done: int64(found.updated), Total: int64(found.wanted())})
	return found, before != at, nil
}

// wanted is how many pods are to be of the newest template.
func (w *workload) wanted() int32 { return w.replicas - w.untouched }

// progress is "3/5 updated, 2 available".
func (w *workload) progress() string {
	text := fmt.Sprintf("%d/%d updated, %d available", w.updated, w.wanted(), w.available)
	if old := w.existing - max(w.updated, w.replicas); old > 0 {
		text += fmt.Sprintf(", %d of the old to end", old)
	}
	return text
}

// rolledOut says whether the controller has seen the newest template and is done with it.
func (w *workload) rolledOut() bool {
	switch {
	case w.seen < w.GetGeneration(), w.updated < w.wanted(), w.available < w.replicas:
		return false
	default:
		return w.existing <= w.replicas
	}
}

// deadlinePassed says whether the Deployment gave up by itself.
func (w *workload) deadlinePassed() bool {
	for _, c := range w.conditions {
		if c.Type == "Progressing" && c.Reason == "ProgressDeadlineExceeded" && w.seen >= w.GetGeneration() {
			return true
		}
	}
	return false
}

func (f *following) standsStill(why string) error {
	reasons := "no reason can be seen"
	if len(f.reasons) > 0 {
		reasons = strings.Join(f.reasons, "; ")
	}
	at, _, _ := strings.Cut(f.last, "; ")
	return sdk.Errorf(sdk.Permanent, "the rollout of the %s stands still at %s, and %s: %s", f.target, at, why, reasons)
}

func (f *following) unfinished(ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, errTimeout) {
		return sdk.Errorf(sdk.Transient, "the rollout of the %s is not done within %s: %s", f.target, f.call.Input.Timeout, f.last)
	}
	return fmt.Errorf("the wait for the rollout of the %s was ended at %s: %w", f.target, f.last, cause)
}
