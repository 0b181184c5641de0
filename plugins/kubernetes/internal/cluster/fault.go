package cluster

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Fault gives an error of the API its class, and says what was being done. A nil error
// and the end of a context stay what they are.
func Fault(err error, doing string, args ...any) error {
	if err == nil {
		return nil
	}
	if _, typed := errors.AsType[*sdk.Error](err); typed || errors.Is(err, context.Canceled) {
		return err
	}
	return sdk.Errorf(classOf(err), "%s: %w", fmt.Sprintf(doing, args...), explained(err))
}

// FaultIn is Fault, and the context's own error where that has ended: what a request
// says that was cut off is beside the point.
func FaultIn(ctx context.Context, err error, doing string, args ...any) error {
	if err == nil {
		return nil
	}
	if _, ends := ctx.Deadline(); ends && strings.Contains(err.Error(), tooLate) {
		<-ctx.Done()
	}
	if ctx.Err() != nil {
		if waited, is := errors.AsType[request.Waited](err); is {
			waited.Cause = context.Cause(ctx)
			return waited
		}
		return context.Cause(ctx)
	}
	return Fault(err, doing, args...)
}

// tooLate is what client-go's limit of requests says, which has no error of its own,
// where a request would have to wait for longer than its context lasts. It says so at
// once, while the context goes on for the rest of that time.
const tooLate = "would exceed context deadline"

func classOf(err error) sdk.Class {
	status, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok {
		return classOfTransport(err)
	}
	switch code := int(status.Status().Code); {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause): // it passes, and then it is another obstacle
		return sdk.Transient
	case code == http.StatusConflict:
		return sdk.Conflict
	case code == http.StatusForbidden, code == http.StatusUnauthorized:
		return sdk.Denied
	// Gone is the rest of a list that was read too slowly.
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code == http.StatusGone, code >= http.StatusInternalServerError:
		return sdk.Transient
	default:
		return sdk.Permanent
	}
}

// classOfTransport is about what came before any answer.
func classOfTransport(err error) sdk.Class {
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	_, misnamed := errors.AsType[x509.HostnameError](err)
	_, ungiven := errors.AsType[request.Ungiven](err)
	switch {
	case ungiven:
		return classOfCredentials(err)
	case unknown || invalid || misnamed || unsent(err):
		return sdk.Permanent
	default:
		return sdk.Transient
	}
}

// unsent says whether client-go made no request, for want of a path: a name or a namespace
// has a slash in it, say. It has no error of its own for that.
func unsent(err error) bool {
	return strings.HasPrefix(err.Error(), "invalid resource name ") || strings.HasPrefix(err.Error(), "invalid namespace ")
}

// classOfCredentials is about a program of the kubeconfig that gets the credentials.
// client-go has no error of its own for it, and of a program that failed, it says no more
// than the exit code. A cloud that was asked too often is common and passes, so that this
// is not taken for the last word. A program that is not there, or that answers what
// cannot be understood, stays so.
func classOfCredentials(err error) sdk.Class {
	if strings.Contains(err.Error(), "failed with exit code") {
		return sdk.Transient
	}
	return sdk.Denied
}

// LacksNamespace says whether it is the namespace that was not found.
func LacksNamespace(err error) bool {
	status, is := errors.AsType[*apierrors.StatusError](err)
	return is && status.ErrStatus.Details != nil && status.ErrStatus.Details.Kind == "namespaces"
}

// explained says who else manages a field, where that is what an apply failed of.
func explained(err error) error {
	status, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok || status.Status().Details == nil {
		return err
	}
	var fields []string
	for _, cause := range status.Status().Details.Causes {
		if cause.Type == metav1.CauseTypeFieldManagerConflict {
			fields = append(fields, cause.Field+" ("+strings.TrimPrefix(cause.Message, "conflict with ")+")")
		}
	}
	if len(fields) == 0 {
		return err
	}
	slices.Sort(fields)
	return managed{fields: fields, cause: err}
}

// managed is an apply that would take fields from another manager.
type managed struct {
	fields []string
	cause  error
}

func (m managed) Error() string {
	return "somebody else manages " + strings.Join(m.fields, ", ") + "; with force, gatebook takes them over"
}

func (m managed) Unwrap() error { return m.cause }
