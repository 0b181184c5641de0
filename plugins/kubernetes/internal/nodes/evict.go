package nodes

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

const (
	evictedAtOnce = 16
	// A budget that opens wakes nobody, so that a blocked eviction is tried again.
	tryAgain = 2 * time.Second
)

// eviction moves the pods of one node away.
type eviction struct {
	nodes
	call *sdk.Call[DrainInput]
	uid  types.UID // of the node
	left load      // at the last look
	ill  string    // why the node is not ready, at the last look

	mu      sync.Mutex
	evicted []string
	blocked map[string]obstacle // by pod
	total   int
}

// obstacle is what kept a pod when it was last asked to go.
type obstacle struct {
	why   string
	until time.Time // it is not asked again before
}

// run evicts until nothing is left that must go.
func (e *eviction) run(ctx context.Context) error {
	return cluster.Await(ctx, cluster.Awaited{
		What: e.call.Input.Node + " is drained", Timeout: e.call.Input.Timeout, Tell: e.tell, Again: tryAgain,
		Look: func(ctx context.Context) (string, bool, error) {
			err := e.round(ctx)
			return e.seen(), len(e.left.leave) == 0, err
		},
		Sources: []cluster.Source{func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.FieldSelector = onNode(e.call.Input.Node)
			return e.Watching.CoreV1().Pods("").Watch(ctx, options)
		}},
	})
}

// round looks, and evicts what is not ending yet.
func (e *eviction) round(ctx context.Context) error {
	if err := e.staysCordoned(ctx); err != nil {
		return err
	}
	found, err := e.load(ctx, e.call.Input)
	if err != nil {
		return err
	}
	if len(found.held) > 0 { // bound to the node by hand since the drain began
		return found.refusal(e.call.Input.Node)
	}
	e.left, e.total = found, max(e.total, len(found.leave))
	group, evicting := errgroup.WithContext(ctx)
	group.SetLimit(evictedAtOnce)
	for _, pod := range e.due() {
		group.Go(func() error { return e.evict(evicting, pod) })
	}
	return group.Wait()
}

// due is the pods to ask to go: those that are not ending, and that may be asked again.
func (e *eviction) due() []corev1.Pod {
	now := time.Now()
	var due []corev1.Pod
	for _, pod := range e.left.leave {
		if pod.pod.DeletionTimestamp == nil && now.After(e.blocked[pod.name()].until) {
			due = append(due, pod.pod)
		}
	}
	return due
}

// staysCordoned looks whether somebody let pods onto the node again: they would come
// back as fast as they go.
func (e *eviction) staysCordoned(ctx context.Context) error {
	node, err := e.find(ctx, e.call.Input.Node)
	switch {
	case err != nil:
		return err
	case node == nil:
		return nil // its pods go with it
	case node.UID == e.uid && !node.Spec.Unschedulable:
		return sdk.Errorf(sdk.Conflict, "somebody uncordoned %s while it was drained; %s", node.Name, e.leftInWords())
	}
	_, e.ill = cluster.Readiness(node)
	return sameNode(node, e.uid)
}

// evict asks for one pod to go. What keeps one pod does not keep the others.
func (e *eviction) evict(ctx context.Context, pod corev1.Pod) error {
	name := pod.Namespace + "/" + pod.Name
	err := e.ask(ctx, pod)
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case err == nil:
		delete(e.blocked, name)
		e.evicted = append(e.evicted, name)
		e.call.Log.Info("evicted", "pod", name)
		return nil
	case apierrors.IsNotFound(err), apierrors.IsConflict(err): // it is gone, and perhaps there is another
		return nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		e.block(name, "goes with its namespace", err)
		return nil
	case apierrors.IsTooManyRequests(err):
		e.block(name, "is kept: "+keeper(err), err)
		return nil
	case strings.Contains(err.Error(), "more than one PodDisruptionBudget"):
		return sdk.Errorf(sdk.Permanent, "evict %s: %w", name, err)
	}
	err = cluster.FaultIn(ctx, err, "evict %s", name)
	if ctx.Err() == nil && sdk.AsError(err).Class == sdk.Transient {
		e.block(name, "is not evicted yet: "+err.Error(), err)
		return nil
	}
	return err
}

// ask posts the eviction. client-go would obey a Retry-After in silence, and the server
// gives one also for a budget that is being worked on; so it is obeyed here.
func (e *eviction) ask(ctx context.Context, pod corev1.Pod) error {
	// The UID keeps it from a new pod of the same name.
	options := &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(pod.UID))}
	var err error
	if options.GracePeriodSeconds, err = cluster.Grace(e.call.Input.Grace); err != nil {
		return err
	}
	return e.Kube.PolicyV1().RESTClient().Post().AbsPath("/api/v1").
		Namespace(pod.Namespace).Resource("pods").Name(pod.Name).SubResource("eviction").
		Body(&policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}, DeleteOptions: options}).
		MaxRetries(0).Do(ctx).Error()
}

// block remembers what keeps a pod and until when not to ask again, and says it at once:
// the answers for the others may take long.
func (e *eviction) block(name, why string, err error) {
	if e.blocked[name].why != why {
		e.call.Progressf("%s %s", name, why)
	}
	seconds, _ := apierrors.SuggestsClientDelay(err)
	e.blocked[name] = obstacle{why, time.Now().Add(time.Duration(seconds) * time.Second)}
}

// keeper is what the server says of the PodDisruptionBudget that keeps a pod.
func keeper(err error) string {
	if cause, found := apierrors.StatusCause(err, policyv1.DisruptionBudgetCause); found {
		return cause.Message
	}
	return err.Error()
}

// gone is how many of the pods that must go are gone.
func (e *eviction) gone() int { return e.total - len(e.left.leave) }

// seen says how far the drain is, and what keeps it.
func (e *eviction) seen() string {
	text := fmt.Sprintf("%d/%d pods gone", e.gone(), e.total)
	if len(e.left.leave) > 0 {
		text += "; " + e.leftInWords()
	}
	return text
}

func (e *eviction) tell(seen string) {
	e.call.Host.Progress(sdk.Progress{Message: seen, Done: int64(e.gone()), Total: int64(e.total)})
}

// kept says of each pod that is left what it waits for.
func (e *eviction) kept() []string {
	var kept []string
	for _, pod := range e.left.leave {
		switch by, blocked := e.blocked[pod.name()]; {
		case pod.pod.DeletionTimestamp != nil:
			kept = append(kept, pod.name()+" is ending")
		case blocked:
			kept = append(kept, pod.name()+" "+by.why)
		}
	}
	kept = cluster.Few(kept)
	if e.ill != "" && len(kept) > 0 {
		kept = append(kept, fmt.Sprintf("%s is not ready (%s), and so may not end its pods", e.call.Input.Node, e.ill))
	}
	return kept
}

// leftInWords says how many pods are left, and what keeps them.
func (e *eviction) leftInWords() string {
	what := strings.Join(e.kept(), "; ")
	if what == "" {
		what = listed(e.left.leave)
	}
	verb := "are"
	if len(e.left.leave) == 1 {
		verb = "is"
	}
	return fmt.Sprintf("left %s %s: %s", verb, cluster.Count(len(e.left.leave), "pod"), what)
}
