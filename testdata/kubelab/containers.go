package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

// containers is the part of a kubelet that the API server asks for what a container
// printed and for programs to be run in one. It stands for the kubelets of all nodes.
//
// It is not KWOK's own server: that one loses the exit codes of programs, cannot say
// what the pods of a Job print, whose names are not known before, and never ends a log
// that is followed.
type containers struct {
	*cluster
	listener net.Listener
}

// run serves until the context ends.
func (k containers) run(ctx context.Context) error {
	own, err := tls.LoadX509KeyPair(k.certificate(), k.key())
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", k.logs)
	mux.HandleFunc("/exec/{namespace}/{pod}/{container}", k.exec)
	server := &http.Server{
		Handler:           mux,
		TLSConfig:         onlyHolderOf(own),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.ServeTLS(k.listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// onlyHolderOf lets in whoever holds the server's own key, which is the API server.
// Programs are run for those who come in, so nobody else on the machine may.
func onlyHolderOf(own tls.Certificate) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{own},
		ClientAuth:   tls.RequireAnyClientCert,
		VerifyPeerCertificate: func(shown [][]byte, _ [][]*x509.Certificate) error {
			if !bytes.Equal(shown[0], own.Certificate[0]) {
				return errors.New("the client is not the API server")
			}
			return nil
		},
	}
}

// exec runs a program in a container.
func (k containers) exec(w http.ResponseWriter, r *http.Request) {
	options, err := remotecommand.NewOptions(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	const idle, creation = time.Hour, 30 * time.Second
	remotecommand.ServeExec(w, r, inContainer{}, r.PathValue("pod"), "", r.PathValue("container"), r.Form["command"],
		options, idle, creation, remotecommand.SupportedStreamingProtocols)
}

// inContainer runs programs on this machine, since a simulated container has none.
type inContainer struct{}

// ExecInContainer runs a program, which finds in HOSTNAME the pod that it is in, and in
// CONTAINER the container.
func (inContainer) ExecInContainer(
	ctx context.Context, pod, _, container string, argv []string, in io.Reader, out, errOut io.WriteCloser,
	_ bool, _ <-chan remotecommand.TerminalSize, _ time.Duration,
) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOSTNAME=" + pod, "CONTAINER=" + container}
	cmd.Dir = os.TempDir()
	cmd.WaitDelay = time.Second
	if out != nil {
		cmd.Stdout = out
	}
	if errOut != nil {
		cmd.Stderr = errOut
	}
	if in != nil {
		// Not cmd.Stdin, which is waited for, though nobody may ever close it.
		stdin, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		go func() {
			defer stdin.Close()
			_, _ = io.Copy(stdin, in) // the program may end before it has read all
		}()
	}
	err := cmd.Run()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return &utilexec.ExitErrorWrapper{ExitError: ended}
	}
	return err
}
