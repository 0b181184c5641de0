package pods

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
	"k8s.io/klog/v2"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/container"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// errTimeout tells the program's own timeout from the end of the attempt.
var errTimeout = errors.New("the program's timeout passed")

// mayStillRun is what nobody can see: Kubernetes has no way to end a program that it ran.
const mayStillRun = "it may still run in the container"

// stream runs the program over a WebSocket, or over SPDY where a proxy or an old server
// knows no other way, and returns its exit code.
func (e execution) stream(ctx context.Context, at spot, stdout, stderr io.Writer) (int, error) {
	options := &corev1.PodExecOptions{
		Container: at.container, Command: e.in.Command, Stdin: e.in.Stdin != "", Stdout: true, Stderr: true,
	}
	url := e.Watching.CoreV1().RESTClient().Post().Resource("pods").Namespace(at.namespace).Name(at.pod).
		SubResource("exec").VersionedParams(options, scheme.ParameterCodec).URL()
	socket, err := remotecommand.NewWebSocketExecutor(e.Lasting, "GET", url.String())
	if err != nil {
		return 0, err
	}
	old, witness, err := overSPDY(e.Lasting, url)
	if err != nil {
		return 0, err
	}
	var refused error
	fellBack := false
	either, err := remotecommand.NewFallbackExecutor(socket, old, func(err error) bool {
		refused = whyRefused(err)
		fellBack = httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
		return fellBack
	})
	if err != nil {
		return 0, err
	}
	streams := remotecommand.StreamOptions{Stdout: stdout, Stderr: stderr}
	if e.in.Stdin != "" {
		streams.Stdin = strings.NewReader(e.in.Stdin)
	}
	err = e.Giver.Await(ctx, func(ctx context.Context) error {
		// What client-go would log of a connection that breaks, the error says too.
		err := either.StreamWithContext(klog.NewContext(ctx, klog.Logger{}), streams)
		if neverBegan(err) && refused != nil {
			return refused
		}
		return err
	})
	if ended, is := errors.AsType[exec.CodeExitError](err); is {
		return ended.Code, nil
	}
	if err == nil && fellBack && !witness.told.Load() {
		return 0, errUntold
	}
	return 0, err
}

// whyRefused is what the server said to a WebSocket. Over SPDY, client-go keeps no more
// of the server's answer than its words.
func whyRefused(err error) error {
	failed, is := errors.AsType[*httpstream.UpgradeFailureError](err)
	if !is {
		return nil
	}
	if status, is := errors.AsType[*apierrors.StatusError](failed.Cause); is {
		return status
	}
	return nil
}

// neverBegan knows the error of a connection that did not come about.
func neverBegan(err error) bool {
	if err == nil {
		return false
	}
	broken, isNet := errors.AsType[*net.OpError](err)
	return isNet && broken.Op == "dial" || strings.HasPrefix(err.Error(), "unable to upgrade connection")
}

// fault says what became of the program where its end is not known.
func (e execution) fault(ctx context.Context, at spot, err error) error {
	_, answered := errors.AsType[*apierrors.StatusError](err)
	_, ungiven := errors.AsType[request.Ungiven](err)
	waited, isWaiting := errors.AsType[request.Waited](err)
	switch cause := context.Cause(ctx); {
	case isWaiting && errors.Is(cause, errTimeout):
		return sdk.Errorf(sdk.Transient, "%s in %s was not begun within %s: it %s", e.in.line(), at, e.in.Timeout, waited.What()).NothingChanged()
	case isWaiting:
		return waited
	case errors.Is(cause, errTimeout):
		return sdk.Errorf(e.lost, "%s in %s has no end within %s; %s", e.in.line(), at, e.in.Timeout, mayStillRun)
	case cause != nil:
		return fmt.Errorf("running %s in %s was ended; %s: %w", e.in.line(), at, mayStillRun, cause)
	case answered, ungiven, neverBegan(err):
		return sdk.AsError(cluster.Fault(err, "run %s in %s", e.in.line(), at)).NothingChanged()
	case isNotThere(err.Error()):
		return sdk.Errorf(sdk.Permanent, "%s cannot be run in %s: %w", e.in.Command[0], at, err).NothingChanged()
	default:
		return sdk.Errorf(e.lost, "what became of %s in %s cannot be told: %w", e.in.line(), at, err)
	}
}

// isNotThere knows the words of container runtimes for a program that the image has not.
func isNotThere(says string) bool {
	for _, words := range []string{"executable file not found", "no such file or directory", "permission denied"} {
		if strings.Contains(says, words) {
			return true
		}
	}
	return false
}

// judge returns an error where the exit code is no success.
func (e execution) judge(code int, stdout, stderr *container.Stream, at spot) error {
	// With these two a shell says that it cannot run a program.
	cannotRun := code == 126 || code == 127
	if slices.Contains(e.ok, code) || e.ok == nil && !cannotRun {
		return nil
	}
	class := sdk.Transient
	if cannotRun {
		class = sdk.Permanent
	}
	said := stderr.LastLine()
	if said == "" {
		said = stdout.LastLine()
	}
	if said != "" {
		said = ": " + said
	}
	return sdk.Errorf(class, "%s in %s: exit code %d%s", e.in.line(), at, code, said)
}
