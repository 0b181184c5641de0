package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/wire"
)

// Main serves the plugin until its host is done with it, and ends the program.
func Main[C any](declared sdk.Plugin[C]) {
	served, err := declared.Served()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if os.Getenv(wire.CookieKey) != wire.CookieValue {
		os.Exit(introduce(served.Description, os.Args[1:], os.Stdout, os.Stderr))
	}
	go func() {
		// The host holds the other end and never writes: it ends with the host, however
		// that ends, and what nobody sees any more must not go on.
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	own := os.Stderr
	plugin.Serve(config(served, func() { os.Stderr = own }))
}

// config is what go-plugin needs to serve a plugin; ready is called before the first
// call is answered.
//
// go-plugin puts a pipe of its own in the place of os.Stderr, which would lose what a
// plugin writes just before it dies; ready puts it back.
func config(served *sdk.Served, ready func()) *plugin.ServeConfig {
	return &plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: wire.ProtocolVersion, MagicCookieKey: wire.CookieKey, MagicCookieValue: wire.CookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{
			wire.ProtocolVersion: {wire.ServiceName: grpcPlugin{served: served, ready: ready}},
		},
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return plugin.DefaultGRPCServer(append(options,
				grpc.MaxRecvMsgSize(wire.MaxRequest), grpc.MaxSendMsgSize(wire.MaxMessage),
				grpc.ChainUnaryInterceptor(validAnswer), grpc.ChainStreamInterceptor(validMessages)))
		},
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Error, Output: os.Stderr}),
	}
}

// grpcPlugin is the plugin's half of what go-plugin calls a plugin.
type grpcPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	served *sdk.Served
	ready  func()
}

var _ plugin.GRPCPlugin = grpcPlugin{}

// GRPCServer adds the service to the server.
func (p grpcPlugin) GRPCServer(_ *plugin.GRPCBroker, to *grpc.Server) error {
	server, err := newServer(p.served, p.ready)
	if err != nil {
		return err
	}
	pluginv1.RegisterPluginServer(to, server)
	return nil
}

// GRPCClient is the host's half, which is not here.
func (grpcPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, fmt.Errorf("a plugin is no client")
}

// introduce tells a person who started the program what it is.
func introduce(d sdk.PluginDescription, args []string, out, errs io.Writer) int {
	if len(args) == 1 && (args[0] == "-describe" || args[0] == "--describe") {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(d); err != nil {
			fmt.Fprintln(errs, err)
			return 1
		}
		return 0
	}
	fmt.Fprintf(errs, "This is %s %s, a plugin of gatebook with %d actions: %s.\n", d.Name, d.Version, len(d.Actions), d.Summary)
	fmt.Fprintf(errs, "It is not run by hand: gatebook starts it. As gatebook-plugin-%s beside gatebook, on PATH or in\n"+
		"--plugin-dir, it is found by runbooks that say `plugins: {NAME: {source: %s}}`. With -describe it prints its actions as JSON.\n", d.Name, d.Name)
	return 2
}
