//go:build unix

package host_test

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"

	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk/serve"
	"github.com/gatebook/gatebook/plugins/sdk/wire"
)

// withoutSDK are plugins that the sdk would not let anybody write.
func withoutSDK() map[string]func() {
	return map[string]func(){
		"huge":     func() { raw(hugeServer{}) },
		"mute":     func() { raw(muteServer{}) },
		"nonsense": func() { raw(nonsenseServer{}) },
		"muddled":  func() { raw(muddledServer{}) },
		"deaf":     func() { raw(deafServer{}) },
		"newest":   func() { raw(newestServer{}) },
		"hangs":    func() { raw(hangingServer{}) },
		"closer":   func() { raw(closingServer{}) },
		"nameless": func() { raw(namelessServer{}) },
		"kindless": func() { raw(kindlessServer{}) },
		"plain": func() {
			_ = os.Unsetenv("PLUGIN_CLIENT_CERT")
			raw(described{})
		},
		"frozen":  func() { raw(frozenServer{}) },
		"garbled": garble,
		"noline": func() {
			for text := []byte(strings.Repeat("z", 4096)); ; {
				if _, err := os.Stdout.Write(text); err != nil {
					os.Exit(1)
				}
			}
		},
		"daemon": func() { leaveDaemon(); fmt.Fprintln(os.Stderr, "bye"); os.Exit(1) },
		"keeper": func() { leaveDaemon(); serve.Main(shop("1.0.0")) },
	}
}

// garble shakes hands for mutual TLS, and speaks something else.
func garble() {
	certificate, _ := pem.Decode([]byte(os.Getenv("PLUGIN_CLIENT_CERT")))
	at := filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "garbled")
	listener, err := new(net.ListenConfig).Listen(context.Background(), "unix", at)
	if err != nil {
		panic(err)
	}
	fmt.Printf("1|1|unix|%s|grpc|%s\n", at, base64.RawStdEncoding.EncodeToString(certificate.Bytes))
	for {
		connection, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		_, _ = connection.Write([]byte("what is TLS?\n"))
	}
}

// leaveDaemon starts a process in a session of its own that holds this one's output open,
// as an agent of ssh does.
func leaveDaemon() {
	daemon := exec.CommandContext(context.Background(), "/bin/sleep", "3600")
	daemon.Stdout, daemon.Stderr = os.Stdout, os.Stderr
	daemon.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := daemon.Start(); err != nil {
		panic(err)
	}
	say("daemon", strconv.Itoa(daemon.Process.Pid))
}

// raw serves a hand-written server, as a plugin without the sdk may.
func raw(server pluginv1.PluginServer) {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: wire.CookieKey, MagicCookieValue: wire.CookieValue},
		VersionedPlugins: map[int]plugin.PluginSet{1: {wire.ServiceName: rawPlugin{server: server}}},
		GRPCServer:       plugin.DefaultGRPCServer,
	})
}

type rawPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	server pluginv1.PluginServer
}

func (p rawPlugin) GRPCServer(_ *plugin.GRPCBroker, to *grpc.Server) error {
	pluginv1.RegisterPluginServer(to, p.server)
	return nil
}

func (rawPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, nil
}

// described answers what every raw server must.
type described struct {
	pluginv1.UnimplementedPluginServer
}

func (described) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	object := []byte(`{"type":"object"}`)
	return &pluginv1.DescribeResponse{
		Name: strings.TrimPrefix(filepath.Base(os.Args[0]), "gatebook-plugin-"), Version: "1.0.0", Summary: "Raw", Connection: object,
		Actions: []*pluginv1.Action{{Name: "go", Summary: "Go", Effect: pluginv1.Effect_EFFECT_CHANGE, Input: object, Output: object}},
	}, nil
}

func (described) Configure(context.Context, *pluginv1.ConfigureRequest) (*pluginv1.ConfigureResponse, error) {
	return &pluginv1.ConfigureResponse{}, nil
}

// hugeServer answers with a gigabyte.
type hugeServer struct{ described }

func (hugeServer) Apply(stream grpc.BidiStreamingServer[pluginv1.ApplyRequest, pluginv1.ApplyResponse]) error {
	return stream.Send(&pluginv1.ApplyResponse{Event: &pluginv1.ApplyResponse_Result{
		Result: &pluginv1.Outputs{Outputs: make([]byte, 1<<30)},
	}})
}

// muteServer ends its answers without a result.
type muteServer struct{ described }

func (muteServer) Apply(grpc.BidiStreamingServer[pluginv1.ApplyRequest, pluginv1.ApplyResponse]) error {
	return nil
}

// nonsenseServer describes itself by what is no schema.
type nonsenseServer struct{ described }

func (nonsenseServer) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	return &pluginv1.DescribeResponse{Name: "nonsense", Version: "one", Connection: []byte(`{"type":7}`)}, nil
}

// muddledServer describes an action that contradicts itself.
type muddledServer struct{ described }

func (s muddledServer) Describe(ctx context.Context, request *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	answer, err := s.described.Describe(ctx, request)
	answer.Actions[0].Input = []byte(`{"type":"object","properties":{"wait":{"type":"string"}},"additionalProperties":false}`)
	answer.Actions[0].GraceParam = "wait" // which is no duration
	answer.Actions[0].Examples = []*pluginv1.Example{{Title: "Soon", With: []byte(`{"wait":7}`)}}
	return answer, err
}

// deafServer hears nothing.
type deafServer struct{ described }

func (deafServer) Apply(grpc.BidiStreamingServer[pluginv1.ApplyRequest, pluginv1.ApplyResponse]) error {
	say("deaf", "")
	time.Sleep(time.Hour)
	return nil
}

// newestServer says what this gatebook does not know: to it that is nothing at all.
type newestServer struct{ described }

// fromTheFuture is a part of a description that this gatebook does not know.
const fromTheFuture = "from the future"

func (s newestServer) Describe(ctx context.Context, request *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	answer, err := s.described.Describe(ctx, request)
	answer.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, 99, protowire.BytesType), fromTheFuture))
	return answer, err
}

func (newestServer) Apply(stream grpc.BidiStreamingServer[pluginv1.ApplyRequest, pluginv1.ApplyResponse]) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	_ = stream.Send(&pluginv1.ApplyResponse{})
	_ = stream.Send(&pluginv1.ApplyResponse{Event: &pluginv1.ApplyResponse_Said{Said: &pluginv1.Event{}}})
	return stream.Send(&pluginv1.ApplyResponse{Event: &pluginv1.ApplyResponse_Result{Result: &pluginv1.Outputs{Outputs: []byte(`{"all":true}`)}}})
}

func (newestServer) Observe(stream grpc.BidiStreamingServer[pluginv1.ObserveRequest, pluginv1.ObserveResponse]) error {
	_ = stream.Send(&pluginv1.ObserveResponse{})
	return stream.Send(&pluginv1.ObserveResponse{Event: &pluginv1.ObserveResponse_Result{Result: &pluginv1.Observation{Done: pluginv1.Done_DONE_YES}}})
}

func (newestServer) Undo(stream grpc.BidiStreamingServer[pluginv1.UndoRequest, pluginv1.UndoResponse]) error {
	_ = stream.Send(&pluginv1.UndoResponse{})
	return stream.Send(&pluginv1.UndoResponse{Event: &pluginv1.UndoResponse_Error{Error: &pluginv1.Error{Message: "it stayed"}}})
}

func (newestServer) Plan(context.Context, *pluginv1.PlanRequest) (*pluginv1.PlanResponse, error) {
	return &pluginv1.PlanResponse{}, nil
}

func (newestServer) Ask(context.Context, *pluginv1.AskRequest) (*pluginv1.AskResponse, error) {
	return &pluginv1.AskResponse{}, nil
}

func (newestServer) Answer(context.Context, *pluginv1.AnswerRequest) (*pluginv1.AnswerResponse, error) {
	return &pluginv1.AnswerResponse{}, nil
}

// hangingServer never answers what it is asked once.
type hangingServer struct{ described }

func (hangingServer) Configure(_ context.Context, request *pluginv1.ConfigureRequest) (*pluginv1.ConfigureResponse, error) {
	if strings.Contains(string(request.GetConfig()), "hang") {
		say("configuring", "")
		time.Sleep(time.Hour)
	}
	return &pluginv1.ConfigureResponse{}, nil
}

func (hangingServer) Plan(context.Context, *pluginv1.PlanRequest) (*pluginv1.PlanResponse, error) {
	say("planning", "")
	time.Sleep(time.Hour)
	return &pluginv1.PlanResponse{}, nil
}

// kindlessServer has several names for its target, and no kinds of them.
type kindlessServer struct{ described }

func (kindlessServer) Configure(context.Context, *pluginv1.ConfigureRequest) (*pluginv1.ConfigureResponse, error) {
	return &pluginv1.ConfigureResponse{Target: &pluginv1.Target{Id: "acct-1", Also: []string{"10.0.0.1"}}}, nil
}

// namelessServer never says what it is.
type namelessServer struct{ described }

func (namelessServer) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	time.Sleep(time.Hour)
	return &pluginv1.DescribeResponse{}, nil
}

// frozenServer is stopped, as by a debugger or a kernel without memory.
type frozenServer struct{ described }

func (frozenServer) Plan(context.Context, *pluginv1.PlanRequest) (*pluginv1.PlanResponse, error) {
	say("planning", "")
	err := syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	time.Sleep(time.Hour)
	return nil, err
}

// closingServer shuts all its sockets and lives on; the second process of it behaves.
type closingServer struct{ described }

func (closingServer) Apply(stream grpc.BidiStreamingServer[pluginv1.ApplyRequest, pluginv1.ApplyResponse]) error {
	if _, err := os.Stat(filepath.Join(filepath.Dir(os.Args[0]), "closed")); err != nil {
		say("closed", "")
		for descriptor := 3; descriptor < 256; descriptor++ {
			_ = syscall.Shutdown(descriptor, syscall.SHUT_RDWR)
		}
		time.Sleep(time.Hour)
	}
	return stream.Send(&pluginv1.ApplyResponse{Event: &pluginv1.ApplyResponse_Result{Result: &pluginv1.Outputs{Outputs: []byte(`{}`)}}})
}
