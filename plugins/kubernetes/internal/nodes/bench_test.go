package nodes_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/preflight"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// BenchmarkBigCluster measures the actions on a cluster of its own with 200 nodes and
// 2,000 pods in 20 namespaces, each with a budget. That takes about a minute to build:
//
//	go test -run '^$' -bench BigCluster -benchtime 20x ./internal/nodes
func BenchmarkBigCluster(b *testing.B) {
	const clusterNodes, namespaces, podsInEach = 200, 20, 100
	began := time.Now()
	l := lab.Own(b, clusterNodes)
	for range namespaces {
		namespace := l.Namespace(b)
		l.Deploy(b, namespace, "web", "web:1", podsInEach, nil)
		l.Budget(b, namespace, "web-budget", "web", podsInEach/2, podsInEach/2)
	}
	b.Logf("%d nodes and %d pods are ready after %s", clusterNodes, namespaces*podsInEach, time.Since(began).Round(time.Second))
	c := l.Connect(b)
	drain, busiest := action(b, c, "drain"), busiestNode(b, l)
	params := map[string]any{"node": busiest, "timeout": "2m"}

	b.Run("drain/plan", func(b *testing.B) {
		for b.Loop() {
			preview, err := drain.Plan(b.Context(), lab.Request(b, params))
			lab.Must(b, err)
			if len(preview.Blockers) > 0 || len(preview.Changes) < 2 {
				b.Fatalf("the plan is %+v", preview)
			}
		}
	})
	b.Run("drain", func(b *testing.B) {
		pods := 0
		for i := 0; b.Loop(); i++ {
			pods += drainAndReopen(b, drain, map[string]any{"node": fmt.Sprintf("node-%d", i%clusterNodes), "timeout": "2m"})
		}
		b.ReportMetric(float64(pods)/float64(b.N), "pods/op")
	})
	read := lab.Action(b, preflight.Actions(c), "preflight")
	b.Run("preflight", func(b *testing.B) {
		for b.Loop() {
			_, err := read.Apply(b.Context(), lab.Request(b, nil), &sdktest.Host{})
			lab.Must(b, err)
		}
	})
}

// busiestNode is the one with most pods.
func busiestNode(b *testing.B, l *lab.Lab) string {
	pods, err := l.Kube.CoreV1().Pods(corev1.NamespaceAll).List(b.Context(), metav1.ListOptions{})
	lab.Must(b, err)
	on, most := map[string]int{}, ""
	for _, pod := range pods.Items {
		if on[pod.Spec.NodeName]++; on[pod.Spec.NodeName] > on[most] {
			most = pod.Spec.NodeName
		}
	}
	b.Logf("%s has %d pods", most, on[most])
	return most
}

// drainAndReopen drains a node and returns how many pods that moved. What it takes to
// open the node again does not count.
func drainAndReopen(b *testing.B, drain sdk.Handler, params map[string]any) int {
	host, req := &sdktest.Host{}, lab.Request(b, params)
	out := drained(b, drain, req, host)
	b.StopTimer()
	defer b.StartTimer()
	req.Before = host.StateBefore()
	lab.Must(b, drain.Undo(context.WithoutCancel(b.Context()), req, host))
	return len(out.Evicted)
}
