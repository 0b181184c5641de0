package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// A cluster is the control plane of one directory.
type cluster struct {
	upOptions
	started time.Time
	identity
	log    *os.File // what all components but etcd log to
	parts  *components
	client kubernetes.Interface // the administrator's
}

// runCluster starts a cluster, says that it is ready, and stops it in order when the
// context ends or a component fails.
func runCluster(ctx context.Context, opts upOptions) error {
	c := &cluster{upOptions: opts, started: time.Now(), parts: newComponents()}
	if err := c.prepare(); err != nil {
		return err
	}
	defer c.log.Close()
	defer c.parts.stop(os.Stderr)
	if err := c.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // asked to stop before it was ready
		}
		return err
	}
	fmt.Printf("ready %s\n", c.adminKubeconfig())
	select {
	case <-ctx.Done():
		return nil
	case err := <-c.parts.failed:
		return err
	}
}

func (c *cluster) path(name string) string { return filepath.Join(c.dir, name) }

func (c *cluster) adminKubeconfig() string { return c.path("kubeconfig") }
func (c *cluster) controllerManagerKubeconfig() string {
	return c.path("identity/controller-manager.kubeconfig")
}
func (c *cluster) schedulerKubeconfig() string { return c.path("identity/scheduler.kubeconfig") }

// prepare opens the log and writes the files that the components and clients read.
func (c *cluster) prepare() (err error) {
	if c.log, err = openLog(c.path("kubelab.log")); err != nil {
		return err
	}
	if c.identity, err = openIdentity(c.dir); err != nil {
		return err
	}
	for path, user := range map[string]string{
		c.adminKubeconfig():             userAdmin,
		c.path("kubeconfig.nobody"):     userNobody,
		c.controllerManagerKubeconfig(): userControllerManager,
		c.schedulerKubeconfig():         userScheduler,
	} {
		if err := c.writeKubeconfig(path, user); err != nil {
			return err
		}
	}
	c.client, err = newClient(c.adminKubeconfig())
	return err
}

// start brings the components up one after the other, each when those that it
// depends on answer.
func (c *cluster) start(ctx context.Context) error {
	// First of all, so that a directory in use, or a port taken, is told at once.
	listener, err := c.listen(ctx, c.port)
	if err != nil {
		return err
	}
	kubeletListener, err := c.listen(ctx, c.kubeletPort)
	if err != nil {
		return err
	}
	// Before kube-apiserver's options, for the reason that newControllerManager tells.
	controllerManager, err := newControllerManager(c)
	if err != nil {
		return fmt.Errorf("kube-controller-manager: %w", err)
	}
	stages, err := readStages()
	if err != nil {
		return fmt.Errorf("stages.yaml: %w", err)
	}

	etcd := &etcdServer{dir: c.dir}
	c.parts.start("etcd", etcd.run)
	if err := c.waitFor(ctx, "etcd is ready", etcd.ready); err != nil {
		return err
	}
	c.parts.start("kube-apiserver", apiserver{cluster: c, listener: listener, etcd: etcd.url()}.run)
	if err := c.waitFor(ctx, "kube-apiserver is ready", c.apiReady); err != nil {
		return err
	}
	c.parts.start("kube-controller-manager", controllerManager.run)
	c.parts.start("kube-scheduler", scheduler{c}.run)
	c.parts.start("kwok", kubelets{cluster: c, stages: stages}.run)
	c.parts.start("containers", containers{cluster: c, listener: kubeletListener}.run)
	if err := c.createNodes(ctx); err != nil {
		return fmt.Errorf("creating the nodes: %w", err)
	}
	if err := c.waitFor(ctx, "the default service account exists", c.accountReady); err != nil {
		return err
	}
	return c.waitFor(ctx, "all nodes are ready", c.nodesReady)
}

// waitFor waits until something is so, and tells it.
func (c *cluster) waitFor(ctx context.Context, what string, check func(context.Context) error) error {
	if err := c.parts.waitFor(ctx, what, check); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "kubelab: %5.1f s: %s\n", time.Since(c.started).Seconds(), what)
	return nil
}

// listen takes a port of the cluster. One that was killed may hold it for a moment yet.
func (c *cluster) listen(ctx context.Context, port int) (listener net.Listener, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	err = c.parts.waitFor(ctx, "the port is free", func(context.Context) error {
		listener, err = listenOn(port)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("does another kubelab run in %s? %w", c.dir, err)
	}
	return listener, nil
}

func newClient(kubeconfig string) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 200, 400 // many nodes are made at once
	return kubernetes.NewForConfig(config)
}

func listenOn(port int) (net.Listener, error) {
	return net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
}
