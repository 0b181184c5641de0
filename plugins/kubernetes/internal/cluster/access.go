package cluster

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Right is something that an action needs to be allowed.
type Right struct {
	Verb, Group, Resource, Subresource string
	Namespace, Name                    string
	// Words says it to a person: "evict pods". Without them it is said by verb and resource.
	Words string
}

func (r Right) sentence(reason string) string {
	words := r.Words
	if words == "" {
		words = r.Verb + " " + r.Resource
		if r.Subresource != "" {
			words += "/" + r.Subresource
		}
	}
	if r.Namespace != "" {
		words += " in " + r.Namespace
	}
	if reason != "" {
		return fmt.Sprintf("You may not %s (%s).", words, reason)
	}
	return fmt.Sprintf("You may not %s.", words)
}

// askedAtOnce bounds the reviews in flight.
const askedAtOnce = 8

// Lacking asks the API server which of the rights the connection does not have, and
// returns a sentence for each. It changes nothing.
func (c *Cluster) Lacking(ctx context.Context, rights ...Right) ([]string, error) {
	said := make([]string, len(rights))
	group, asking := errgroup.WithContext(ctx)
	group.SetLimit(askedAtOnce)
	for i, right := range rights {
		group.Go(func() error {
			review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
				ResourceAttributes: &authorizationv1.ResourceAttributes{
					Verb: right.Verb, Group: right.Group, Resource: right.Resource, Subresource: right.Subresource,
					Namespace: right.Namespace, Name: right.Name,
				},
			}}
			answer, err := c.Kube.AuthorizationV1().SelfSubjectAccessReviews().Create(asking, review, metav1.CreateOptions{})
			if err != nil {
				return FaultIn(ctx, err, "ask what you may do")
			}
			if !answer.Status.Allowed {
				said[i] = right.sentence(answer.Status.Reason)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var lacking []string
	for _, sentence := range said {
		if sentence != "" {
			lacking = append(lacking, sentence)
		}
	}
	return lacking, nil
}
