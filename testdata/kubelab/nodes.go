package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// createNodes makes the nodes node-0, node-1 and so on that are missing.
func (c *cluster) createNodes(ctx context.Context) error {
	for i := range c.nodes {
		_, err := c.client.CoreV1().Nodes().Create(ctx, newNode(fmt.Sprintf("node-%d", i)), metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}

// newNode is a node as its kubelet registers it: known, and not yet ready.
func newNode(name string) *corev1.Node {
	room := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("32"),
		corev1.ResourceMemory: resource.MustParse("256Gi"),
		corev1.ResourcePods:   resource.MustParse("110"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name,
			Labels: map[string]string{
				corev1.LabelHostname:   name,
				corev1.LabelOSStable:   "linux",
				corev1.LabelArchStable: "amd64",
			},
		},
		Status: corev1.NodeStatus{Capacity: room, Allocatable: room},
	}
}

// accountReady complains until pods can be made in the default namespace.
func (c *cluster) accountReady(ctx context.Context) error {
	_, err := c.client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
	return err
}

// nodesReady complains until every node whose kubelet runs is ready. In a cluster
// that was brought back, a node says that it is ready from before; so its lease must
// have been renewed since.
func (c *cluster) nodesReady(ctx context.Context) error {
	nodes, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: runningKubelet})
	if err != nil {
		return err
	}
	leases, err := c.client.CoordinationV1().Leases(corev1.NamespaceNodeLease).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	renewed := map[string]bool{}
	for _, lease := range leases.Items {
		if lease.Spec.RenewTime != nil && lease.Spec.RenewTime.After(c.started) {
			renewed[lease.Name] = true
		}
	}
	for _, node := range nodes.Items {
		switch {
		case !renewed[node.Name]:
			return fmt.Errorf("%s has not renewed its lease", node.Name)
		case !isReady(node):
			return fmt.Errorf("%s is not ready", node.Name)
		}
	}
	return nil
}

// isReady says whether a node is ready and known as such to the scheduler.
func isReady(node corev1.Node) bool {
	for _, taint := range node.Spec.Taints {
		if taint.Key == corev1.TaintNodeNotReady || taint.Key == corev1.TaintNodeUnreachable {
			return false
		}
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
