package main

import (
	"slices"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/apply"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/automation"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/connection"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/jobs"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/nodes"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/objects"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/pods"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/preflight"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/traffic"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/velero"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/volumes"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/workloads"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// kubernetes declares the plugin.
func kubernetes() sdk.Plugin[connection.Config] {
	c := &cluster.Cluster{} // connected by Configure, before any action is used
	return sdk.Plugin[connection.Config]{
		Name: "kubernetes", Version: "0.1.0",
		Summary:     "Nodes, workloads, volumes and objects of a Kubernetes cluster",
		Description: "Acts on one cluster. What it changes, it changes under the field manager `" + cluster.Manager + "`.",
		Configure:   c.Connect,
		Rules:       connection.Rules(),
		Target:      c.Target,
		Actions:     cluster.Truthful(slices.Concat(apply.Actions(c), jobs.Actions(c), nodes.Actions(c), objects.Actions(c), pods.Actions(c), preflight.Actions(c), workloads.Actions(c), traffic.Actions(c), automation.Actions(c), volumes.Actions(c), velero.Actions(c))),
	}
}
