package engine

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/request"
)

// late is why a single request was given up.
type late struct {
	host string
	took time.Duration
}

func (l late) Error() string { return fmt.Sprintf("%s has not answered within %s", l.host, l.took) }

// Fault gives an error of the engine its class, and says what was being done. Where the context
// of the action has ended, the error is that: what a request says that was cut off is beside the
// point. A nil error stays nil.
func (e *Engine) Fault(ctx context.Context, err error, doing string, args ...any) error {
	if err == nil {
		return nil
	}
	if _, typed := errors.AsType[*sdk.Error](err); typed {
		return err
	}
	doing = fmt.Sprintf(doing, args...)
	if slow, is := errors.AsType[late](context.Cause(ctx)); is {
		return sdk.Errorf(sdk.Transient, "%s: %w", doing, slow)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return sdk.Errorf(classOf(err), "%s: %w", doing, plain{err, e.host})
}

// Stale says whether a change was refused as what it changes was changed meanwhile: by its version
// index.
func Stale(err error) bool { return request.Stale(err) }

// IsGone says whether what was asked for is not there.
func IsGone(err error) bool { return errdefs.IsNotFound(err) }

func classOf(err error) sdk.Class {
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	_, misnamed := errors.AsType[x509.HostnameError](err)
	switch {
	case unknown, invalid, misnamed:
		return sdk.Permanent
	case Stale(err), errdefs.IsConflict(err), errdefs.IsAlreadyExists(err):
		return sdk.Conflict
	case errdefs.IsPermissionDenied(err), errdefs.IsUnauthorized(err):
		return sdk.Denied
	case errdefs.IsNotFound(err), errdefs.IsInvalidArgument(err), errdefs.IsNotImplemented(err), misplaced.MatchString(err.Error()), NeedsLogin(err):
		return sdk.Permanent
	case client.IsErrConnectionFailed(err):
		return refusal(err.Error())
	default: // no leader at the moment, or a fault of the engine's own
		return sdk.Transient
	}
}

// misplaced is how an engine refuses a constraint of where tasks run, as if that were a fault of its own.
var misplaced = regexp.MustCompile(`constraint expected one operator|(key|value) '.*' is invalid`)

// NeedsLogin says whether a registry gives an image only to those who log in with other credentials than an engine
// has of them. Engines tell that as if it were a fault of their own.
func NeedsLogin(err error) bool { return err != nil && loginless.MatchString(err.Error()) }

// loginless is how an engine, and the registries that it asks, say so.
var loginless = regexp.MustCompile(`no basic auth credentials|unauthorized: |denied: requested access`)

// refusal is the class of what is said on the way to an engine, of which the library keeps the words
// alone.
func refusal(text string) sdk.Class {
	for _, said := range []struct {
		words string
		class sdk.Class
	}{
		{"remote error: tls: ", sdk.Denied},                       // the engine, of the client's certificate
		{"permission denied while trying to connect", sdk.Denied}, // the system, of the socket
		{"Permission denied (", sdk.Denied},                       // the other end of ssh
		{"Host key verification failed", sdk.Permanent},           // ssh
		{"executable file not found", sdk.Permanent},              // there is no ssh here
	} {
		if strings.Contains(text, said.words) {
			return said.class
		}
	}
	return sdk.Transient
}

// dummy is what the library calls the host at the other end of ssh.
const dummy = "http://docker.example.com"

// plain is an error of the engine in one line, without what its layers put before it.
type plain struct {
	error
	host string
}

func (p plain) Unwrap() error { return p.error }

func (p plain) Error() string {
	text := p.error.Error()
	if asked, is := errors.AsType[*url.Error](p.error); is {
		text = strings.Replace(text, asked.Error(), asked.Err.Error(), 1)
	}
	text = strings.TrimPrefix(strings.TrimPrefix(text, "Error response from daemon: "), "error during connect: ")
	if strings.HasPrefix(text, "rpc error: code = ") {
		if _, said, found := strings.Cut(text, " desc = "); found {
			text = said
		}
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(text, dummy, p.host)), " ")
}
