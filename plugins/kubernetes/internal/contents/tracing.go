package contents

import (
	"context"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// fate is what becomes of an object when another one is deleted. The later outweighs the
// earlier where an object has several owners.
type fate int

const (
	gone    fate = iota // it is not there any more, or goes anyway
	perhaps             // nobody may see
	goes
	stays
)

// tracing finds out what goes with an object that is deleted.
type tracing struct {
	c         *cluster.Cluster
	of        cluster.Kind // of the object
	namespace string
	known     map[types.UID]fate
	// What was not seen: whether the claims may not be listed, and owners of theirs that may
	// not be read, with the rights that takes.
	hidden  bool
	unread  []string
	lacking []cluster.Right
	// foresees says that nothing is deleted yet, so that an owner which cannot be read now may
	// be what it likes: the errors are kept.
	foresees bool
	errs     []string
}

// claims are the names of the bound claims of the namespace, by what becomes of them. A plan
// is made from those that may go, and from the owners with which they do.
func (t *tracing) claims(ctx context.Context) (names map[fate][]string, err error) {
	ctx, keep := request.Aside(ctx)
	defer func() { keep(t.going()) }()
	claims, err := t.c.Kube.CoreV1().PersistentVolumeClaims(t.namespace).List(ctx, metav1.ListOptions{})
	if t.hidden = apierrors.IsForbidden(err); t.hidden {
		return nil, nil
	}
	if err != nil {
		return nil, cluster.FaultIn(ctx, err, "list the claims in %s", t.namespace)
	}
	names = map[fate][]string{}
	for _, claim := range claims.Items {
		if isPods := slices.ContainsFunc(claim.OwnerReferences, isPod); isPods || claim.Spec.VolumeName == "" || claim.DeletionTimestamp != nil {
			continue
		}
		is, err := t.owned(ctx, claim.OwnerReferences)
		if err != nil {
			return nil, err
		}
		names[is] = append(names[is], claim.Name)
		t.known[claim.UID] = is
	}
	return names, nil
}

// going are the objects that go, or may, by the kinds that they were read by. Where nothing
// is deleted yet, there are none.
func (t *tracing) going() map[types.UID]string {
	all := make(map[types.UID]string)
	for uid, is := range t.known {
		if !t.foresees && (is == goes || is == perhaps) {
			all[uid] = ""
		}
	}
	return all
}

// owned is the fate of what has these owners: it stays as long as one of them does.
func (t *tracing) owned(ctx context.Context, owners []metav1.OwnerReference) (fate, error) {
	if len(owners) == 0 {
		return stays, nil
	}
	is := gone
	for _, owner := range owners {
		next, known := t.known[owner.UID]
		if !known {
			t.known[owner.UID] = gone // that something is its own owner keeps it from nothing
			var err error
			next, err = t.look(ctx, owner)
			if err != nil && (!t.foresees || ctx.Err() != nil) {
				return stays, err
			}
			if err != nil {
				t.errs, next = append(t.errs, sdk.AsError(err).Message), perhaps
			}
			t.known[owner.UID] = next
		}
		is = max(is, next)
	}
	return is, nil
}

// look reads an owner for what becomes of it.
func (t *tracing) look(ctx context.Context, owner metav1.OwnerReference) (fate, error) {
	kind, err := t.c.Kind(ctx, owner.APIVersion, owner.Kind)
	if cluster.IsUnserved(err) {
		return stays, nil // Kubernetes deletes nothing of which it cannot look for the owner
	}
	if err != nil {
		return stays, err
	}
	live, err := t.c.Look(ctx, kind, t.namespace, owner.Name)
	switch {
	case err != nil && sdk.AsError(err).Class == sdk.Denied && isStatefulSet(t.of) && isOperators(kind):
		return stays, nil // a StatefulSet has pods and claims, and may belong to such an object itself
	case err != nil && sdk.AsError(err).Class == sdk.Denied:
		t.unread = append(t.unread, "the "+kind.Name+" "+owner.Name)
		t.lacking = append(t.lacking, kind.Right("get", t.namespace, owner.Name))
		return perhaps, nil
	case err != nil:
		return stays, err
	case live == nil, live.GetUID() != owner.UID, live.GetDeletionTimestamp() != nil:
		return gone, nil
	}
	return t.owned(ctx, live.GetOwnerReferences())
}
