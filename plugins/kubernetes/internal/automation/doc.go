// Package automation holds the actions on what changes a cluster by itself, so that it
// stays out of the way of a runbook: autoscalers and schedules. It leaves out what they
// change.
package automation

import (
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Actions declares the actions on the automation in a cluster.
func Actions(c *cluster.Cluster) []sdk.Declaration {
	a := automation{c}
	return []sdk.Declaration{a.autoscaler(), a.cronJob()}
}

// automation acts on autoscalers and CronJobs of a cluster.
type automation struct{ *cluster.Cluster }

// reference names an object of a kind in the group and resource of its API.
type reference struct{ kind, group, resource, namespace, name string }

func (r reference) String() string { return r.kind + " " + r.namespace + "/" + r.name }

// patchRights are what a patch takes.
func (r reference) patchRights() []cluster.Right {
	right := func(verb, words string) cluster.Right {
		return cluster.Right{
			Verb: verb, Group: r.group, Resource: r.resource, Namespace: r.namespace, Name: r.name,
			Words: words + " the " + r.kind + " " + r.name,
		}
	}
	return []cluster.Right{right("get", "read"), right("patch", "change")}
}
