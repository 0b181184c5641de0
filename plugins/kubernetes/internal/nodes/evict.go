package nodes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

const (
	evictedAtOnce = 16
	// A budget that opens wakes nobody, so that a blocked eviction is tried again.
	tryAgain = 2 * time.Second
	// settle lets a burst of changes come in before the next look.
	settle = 100 * time.Millisecond
)

// errTimeout tells the drain's own timeout from the end of the attempt.
var errTimeout = errors.New("the drain's timeout passed")

// eviction moves the pods of one node away.
type eviction struct {
	nodes
	call    *sdk.Call[DrainInput]
	evicted []string

	mu      sync.Mutex
	blocked map[string]string // of the last round: pods and what keeps them
	total   int
}

// run evicts until nothing is left that must go. It returns what was there at the last look.
func (e *eviction) run(outer context.Context) (load, error) {
	in := e.call.Input
	ctx, cancel := context.WithTimeoutCause(outer, in.Timeout.Std(), errTimeout)
	defer cancel()
	wakes := cluster.Wakes(ctx, func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
		options.FieldSelector = onNode(in.Node)
		return e.Watching.CoreV1().Pods("").Watch(ctx, options)
	})
	var left load
	for {
		found, err := e.round(ctx)
		switch {
		case ctx.Err() != nil:
			return left, e.unfinished(ctx, left)
		case err != nil && sdk.AsError(err).Class != sdk.Transient:
			return left, err
		case err != nil: // an API server that is away comes back
			e.call.Progressf("%s", err)
		default:
			if left = found; len(left.leave)+len(left.held) == 0 {
				return left, nil
			}
			e.tell(left)
		}
		select {
		case <-ctx.Done():
			return left, e.unfinished(ctx, left)
		case <-time.After(tryAgain):
		case <-wakes:
			cluster.Pause(ctx, settle)
		}
	}
}

// round looks, and evicts what is not ending yet.
func (e *eviction) round(ctx context.Context) (load, error) {
	found, err := e.load(ctx, e.call.Input)
	if err != nil {
		return load{}, err
	}
	if len(found.held) > 0 { // bound to the node by hand since the drain began
		return load{}, sdk.Errorf(sdk.Permanent, "%s cannot be drained: %s", e.call.Input.Node, listed(found.held))
	}
	e.blocked = map[string]string{}
	group, evicting := errgroup.WithContext(ctx)
	group.SetLimit(evictedAtOnce)
	for _, pod := range found.leave {
		if pod.pod.DeletionTimestamp == nil {
			group.Go(func() error { return e.evict(evicting, pod.pod) })
		}
	}
	return found, group.Wait()
}

// evict asks for one pod to go. The UID keeps it from a new pod of the same name.
func (e *eviction) evict(ctx context.Context, pod corev1.Pod) error {
	name := pod.Namespace + "/" + pod.Name
	options := &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(pod.UID))}
	if grace := e.call.Input.Grace; grace != nil {
		seconds := int64(grace.Std() / time.Second)
		options.GracePeriodSeconds = &seconds
	}
	err := e.Kube.PolicyV1().Evictions(pod.Namespace).Evict(ctx, &policyv1.Eviction{
		ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}, DeleteOptions: options,
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case err == nil:
		e.evicted = append(e.evicted, name)
		e.call.Log.Info("evicted", "pod", name)
		return nil
	case apierrors.IsNotFound(err), apierrors.IsConflict(err): // it is gone, and perhaps there is another
		return nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		e.blocked[name] = "goes with its namespace"
		return nil
	case apierrors.IsTooManyRequests(err):
		e.blocked[name] = "is kept: " + keeper(err)
		return nil
	case strings.Contains(err.Error(), "more than one PodDisruptionBudget"):
		return sdk.Errorf(sdk.Permanent, "evict %s: %w", name, err)
	default:
		return cluster.FaultIn(ctx, err, "evict %s", name)
	}
}

// keeper is what the server says of the PodDisruptionBudget that keeps a pod.
func keeper(err error) string {
	if cause, found := apierrors.StatusCause(err, policyv1.DisruptionBudgetCause); found {
		return cause.Message
	}
	return err.Error()
}

// tell says how far the drain is, and what keeps it.
func (e *eviction) tell(found load) {
	e.total = max(e.total, len(found.leave))
	gone := e.total - len(found.leave)
	message := fmt.Sprintf("%d/%d pods gone", gone, e.total)
	if kept := e.kept(found); len(kept) > 0 {
		message += "; " + strings.Join(kept, "; ")
	}
	e.call.Host.Progress(sdk.Progress{Message: message, Done: int64(gone), Total: int64(e.total)})
}

// kept says of each pod that is left what it waits for.
func (e *eviction) kept(found load) []string {
	var kept []string
	for _, pod := range found.leave {
		switch why, blocked := e.blocked[pod.name()]; {
		case blocked:
			kept = append(kept, pod.name()+" "+why)
		case pod.pod.DeletionTimestamp != nil:
			kept = append(kept, pod.name()+" is ending")
		}
	}
	slices.Sort(kept)
	if more := len(kept) - listedAtMost; more > 0 {
		kept = append(kept[:listedAtMost], fmt.Sprintf("and %d more", more))
	}
	return kept
}

// unfinished says what is left when time is over, or the attempt was ended.
func (e *eviction) unfinished(ctx context.Context, left load) error {
	what := "all pods"
	if len(left.leave) > 0 {
		what = listed(left.leave)
	}
	if kept := e.kept(left); len(kept) > 0 {
		what = strings.Join(kept, "; ")
	}
	cause := context.Cause(ctx)
	if errors.Is(cause, errTimeout) {
		return sdk.Errorf(sdk.Transient, "%s is not drained within %s; left are %d pods: %s",
			e.call.Input.Node, e.call.Input.Timeout, len(left.leave), what)
	}
	return fmt.Errorf("the drain of %s was ended; left are %d pods: %s: %w", e.call.Input.Node, len(left.leave), what, cause)
}
