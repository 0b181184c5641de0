package workloads

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/replacing"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/revision"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// RolloutInput is what rollout is given.
type RolloutInput struct {
	Target
	Timeout schema.Duration `json:"timeout" default:"10m" min:"1ms" doc:"How long it may take until all pods are updated and available."`
	Stall   schema.Duration `json:"stall" default:"2m" min:"0s" doc:"How long nothing may move forward while something is known to be wrong, as an image that cannot be pulled."`
}

func (w workloads) rollout() sdk.Action[RolloutInput, Status] {
	return sdk.Action[RolloutInput, Status]{
		Name:    "rollout",
		Summary: "Wait until the pods of a workload are all updated and available",
		Description: `Watches a rollout to its end, and says how far it is and what is wrong as soon as it can be seen.

A rollout that stands still is a *permanent* error with the reason: from the controller's conditions, the states of containers
(as ImagePullBackOff), the scheduler, quotas, and the events of a pod that cannot start, since its ConfigMap, say, is not there. It stands
still when the Deployment's own progress deadline has passed, or when nothing moved for ` + "`stall`" + ` while such a reason is known. Where
none is known, ` + "`timeout`" + ` ends it as a *transient* error.

What may pass by itself is told, and ends nothing before: a pod that runs and is not ready, with the answer of its probe, since one
that takes its time looks the same; one that cannot start since its volume is still attached to another node, or the network is not
up yet, which may take minutes; a pod that was evicted, since there is another in its place; and what ails the pods that the rollout
replaces, since it may be what it mends.
Pods that a partition or OnDelete keeps on the old template are not waited for.

It waits for the template that it saw first. Where somebody else changes that while it waits, also between a crash and the resume,
the rollout that was begun never ends: that is a *conflict*, which names the field manager who did. To resume the step then is to
wait for the template that is there now. A change of the number of pods, as an autoscaler makes, is none: it is the new number that
is waited for. What was changed before the step began, it cannot know: verify the ` + "`images`" + ` that it returns.`,
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
			preview := sdk.Preview{Summary: fmt.Sprintf("would wait for the rollout of the %s", target)}
			var err error
			preview.Blockers, err = w.Lacking(ctx, target.right("get", "", "read"),
				cluster.Right{Verb: "list", Resource: "pods", Namespace: target.Namespace}, target.listKept())
			if err != nil || len(preview.Blockers) > 0 {
				return preview, err
			}
			found, _, err := w.look(ctx, target)
			if found != nil { // an earlier step may make it
				preview.Estimate = replacing.Least(found.Object, found.wanted())
			}
			return preview, err
		},
		Apply: w.applyRollout,
	}
}

// patience is how long a progress deadline must stand as passed. The controller takes a
// moment to withdraw it after another rollout has begun, as back from one that stalled.
const patience = 3 * time.Second

// following is one rollout that is watched.
type following struct {
	workloads
	call      *sdk.Call[RolloutInput]
	target    Target
	awaited   revision.Seen
	found     *workload // at the last look
	explained replacing.Explained
	at        string    // how far it was
	moved     time.Time // when it came so far
	wrong     time.Time // since when something is known to be wrong
}

func (w workloads) applyRollout(ctx context.Context, call *sdk.Call[RolloutInput]) (Status, error) {
	first, err := w.read(ctx, call.Input.Target)
	if err != nil {
		return Status{}, err
	}
	selector, err := metav1.LabelSelectorAsSelector(first.selector)
	if err != nil {
		return Status{}, sdk.Errorf(sdk.Permanent, "the selector of the %s: %w", first, err)
	}
	awaited, err := revision.Awaited(call, first.kept())
	if err != nil {
		return Status{}, err
	}
	f := &following{workloads: w, call: call, target: first.Target, awaited: awaited}
	err = cluster.Await(ctx, cluster.Awaited{
		What:    fmt.Sprintf("the %s is rolled out", first),
		Timeout: call.Input.Timeout,
		Look:    f.look,
		Tell:    f.tell,
		Sources: []cluster.Source{w.watch(first.Target), func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.LabelSelector = selector.String()
			return w.Watching.CoreV1().Pods(first.Namespace).Watch(ctx, options)
		}},
	})
	if err != nil && sdk.AsError(err).Class == sdk.Conflict {
		return Status{}, errors.Join(err, revision.Forget(call))
	}
	if err != nil {
		return Status{}, err
	}
	return f.found.told(), nil
}

// look reads how far the rollout is, and judges whether it stands still.
func (f *following) look(ctx context.Context) (seen string, done bool, err error) {
	now := time.Now()
	found, err := f.read(ctx, f.target)
	if err == nil {
		err = f.awaited.Stands(found.kept())
	}
	if err == nil {
		err = f.count(ctx, found)
	}
	if err == nil && !found.rolledOut() {
		f.explained, err = f.explain(ctx, found, found.progress() == f.at)
	}
	if err != nil {
		f.moved = now // it may have, unseen
		return "", false, err
	}
	if f.found = found; found.rolledOut() {
		return "", true, nil
	}
	if at := found.progress(); at != f.at {
		f.at, f.moved = at, now
	}
	if len(f.explained.Wrong) == 0 {
		f.wrong = now
	}
	switch still := now.Sub(f.moved); {
	case found.paused:
		return "", false, sdk.Errorf(sdk.Permanent, "the rollout of the %s is paused", f.target)
	case found.deadlinePassed() && still >= patience:
		return "", false, f.standsStill("its progress deadline has passed")
	case len(f.explained.Wrong) > 0 && min(still, now.Sub(f.wrong)) >= f.call.Input.Stall.Std():
		return "", false, f.standsStill(fmt.Sprintf("nothing moved for %s", f.call.Input.Stall))
	}
	return strings.Join(slices.Concat([]string{f.at}, f.explained.Reasons(), f.explained.Replaced()), "; "), false, nil
}

// tell says what was seen, and counts where there was something to count.
func (f *following) tell(seen string) {
	progress := sdk.Progress{Message: seen}
	if f.found != nil && f.found.counted() {
		progress.Done, progress.Total = int64(f.found.renewed), int64(f.found.wanted())
	}
	f.call.Host.Progress(progress)
}

// wanted is how many pods are to be of the newest template.
func (w *workload) wanted() int32 { return w.replicas - w.untouched }

// counted says whether the controller's numbers are about the newest template.
func (w *workload) counted() bool { return w.seen >= w.GetGeneration() }

// progress is "3/5 updated, 2 available".
func (w *workload) progress() string {
	if !w.counted() {
		return "its controller has not seen the change yet"
	}
	text := fmt.Sprintf("%d/%d updated, %d available", w.renewed, w.wanted(), w.available)
	if old := w.existing - max(w.updated, w.replicas); old > 0 {
		text += fmt.Sprintf(", %d of the old to end", old)
	}
	return text
}

// rolledOut says whether the controller has seen the newest template and is done with it.
func (w *workload) rolledOut() bool {
	switch {
	case !w.counted(), w.renewed < w.wanted(), w.available < w.replicas:
		return false
	default:
		return w.existing <= w.replicas
	}
}

// deadlinePassed says whether the Deployment gave up by itself.
func (w *workload) deadlinePassed() bool {
	for _, c := range w.conditions {
		if c.Type == "Progressing" && c.Reason == "ProgressDeadlineExceeded" && w.counted() {
			return true
		}
	}
	return false
}

func (f *following) standsStill(why string) error {
	reasons := f.explained.Reasons()
	if len(reasons) == 0 {
		reasons = []string{"no reason can be seen"}
	}
	return sdk.Errorf(sdk.Permanent, "the rollout of the %s stands still at %s, and %s: %s",
		f.target, f.at, why, strings.Join(append(reasons, f.explained.Replaced()...), "; "))
}
