package main

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"sync/atomic"

	"go.etcd.io/etcd/server/v3/embed"
)

// etcdServer keeps the cluster's data in DIR/etcd.
type etcdServer struct {
	dir     string
	started atomic.Pointer[embed.Etcd]
}

// run serves until the context ends.
func (e *etcdServer) run(ctx context.Context) error {
	server, err := embed.StartEtcd(e.config())
	if err != nil {
		return err
	}
	defer server.Close()
	e.started.Store(server)
	select {
	case <-ctx.Done():
		return nil
	case err := <-server.Err():
		return err
	}
}

func (e *etcdServer) config() *embed.Config {
	anyPort := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config := embed.NewConfig()
	config.Dir = filepath.Join(e.dir, "etcd")
	config.ListenClientUrls, config.AdvertiseClientUrls = anyPort, anyPort
	config.ListenPeerUrls, config.AdvertisePeerUrls = anyPort, anyPort
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	// Written data survives the death of the process, if not that of the machine,
	// which is more than a test asks for.
	config.UnsafeNoFsync = true
	config.EnableGRPCGateway = false // it would dial port 0
	config.LogLevel = "warn"
	config.WarningUnaryRequestDuration = embed.DefaultWarningUnaryRequestDuration // else every request is warned of
	config.LogOutputs = []string{filepath.Join(e.dir, "etcd.log")}
	return config
}

// ready complains until the server takes requests.
func (e *etcdServer) ready(context.Context) error {
	server := e.started.Load()
	if server == nil {
		return errors.New("it has not started")
	}
	select {
	case <-server.Server.ReadyNotify():
		return nil
	default:
		return errors.New("it has not joined its cluster of one")
	}
}

// url is where a ready server is found.
func (e *etcdServer) url() string { return "http://" + e.started.Load().Clients[0].Addr().String() }
