package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Target says which cluster was reached, and as whom. A cluster is known by the UID of its
// namespace kube-system, which every cluster has from its first moment to its last, at
// whatever address; and by its address and its certificate authority, which is all that those
// have who may not read that, and the title says so: the same cluster at another address is
// then another.
func (c *Cluster) Target(ctx context.Context) (sdk.Target, error) {
	server, _, err := rest.DefaultServerUrlFor(c.Lasting)
	if err != nil {
		return sdk.Target{}, sdk.Errorf(sdk.Permanent, "the address %s: %w", c.Lasting.Host, err)
	}
	var more []string
	if c.context != "" {
		more = append(more, "context "+c.context)
	}
	address, err := addressed(server.Redacted(), c.Lasting)
	if err != nil {
		return sdk.Target{}, sdk.Errorf(sdk.Permanent, "the certificate authority of %s: %w", server.Redacted(), err)
	}
	reached := sdk.Target{Also: []string{address}}
	reached.ID, err = c.identity(ctx)
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
		more = append(more, "known by its address and certificate authority alone")
		reached, err = sdk.Target{ID: address}, nil
	}
	if err != nil {
		return sdk.Target{}, FaultIn(ctx, err, "ask %s which cluster it is", c.Lasting.Host)
	}
	title := server.Redacted()
	if user := c.user(ctx); user != "" {
		title += " as " + user
	}
	if len(more) > 0 {
		title += " (" + strings.Join(more, "; ") + ")"
	}
	reached.Title = title
	return reached, nil
}

func (c *Cluster) identity(ctx context.Context) (string, error) {
	system, err := c.Kube.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	return "kube-system:" + string(system.UID), nil
}

// user is whom the server takes one for; empty where it does not say: an old one cannot.
func (c *Cluster) user(ctx context.Context) string {
	review, err := c.Kube.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return ""
	}
	return review.Status.UserInfo.Username
}

// addressed tells a cluster by where it is and by who vouches for that.
func addressed(server string, config *rest.Config) (string, error) {
	loaded := rest.CopyConfig(config)
	if err := rest.LoadTLSFiles(loaded); err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(server + "\x00" + string(loaded.CAData)))
	return "address:" + hex.EncodeToString(sum[:]), nil
}
