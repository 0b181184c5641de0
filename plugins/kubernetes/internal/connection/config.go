// Package connection reads what a connection is configured with: how its cluster is reached,
// and as whom. It leaves out the cluster itself, and asks nobody.
package connection

import "github.com/gatebook/gatebook/schema"

// Config is how a connection reaches a cluster.
type Config struct {
	Kubeconfig  string          `json:"kubeconfig" nosecret:"true" minLength:"1" example:"/etc/gatebook/prod.kubeconfig" doc:"Absolute path of a kubeconfig file. Without it, what kubectl takes: the files of KUBECONFIG, or .kube/config below HOME, as far as the connection's environment names these variables."`
	Context     string          `json:"context" example:"prod" doc:"Context of the kubeconfig to use; without it, and where it is empty, its current one."`
	InCluster   bool            `json:"inCluster" doc:"Uses the service account of the pod that gatebook runs in, instead of a kubeconfig."`
	Namespace   string          `json:"namespace" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" maxLength:"63" doc:"Namespace of steps that name none; without it, the context's, or else default."`
	Endpoint    string          `json:"endpoint" pattern:"^https?://" example:"https://10.0.0.1:6443" doc:"Address of the API server, where it is not that of the kubeconfig: a private endpoint, a test server. Credentials are sent to no http:// address but the machine's own."`
	Impersonate Impersonation   `json:"impersonate" doc:"Acts as somebody else, which one's own rights must allow."`
	QPS         float64         `json:"qps" default:"50" min:"1" max:"1000" unit:"requests per second" doc:"How many requests per second are sent in the long run."`
	Burst       int             `json:"burst" default:"100" min:"1" max:"5000" unit:"requests" doc:"How many requests are sent at once."`
	Timeout     schema.Duration `json:"timeout" default:"30s" min:"1ms" doc:"How long one request may take; watches may take longer."`
}

// Impersonation names whom a connection acts as.
type Impersonation struct {
	User   string   `json:"user" required:"true" minLength:"1" example:"deployer" doc:"User to act as."`
	Groups []string `json:"groups" doc:"Groups to act as a member of, beside the user."`
}

// Rules returns what holds across the fields of a configuration.
func Rules() []schema.Rule {
	return []schema.Rule{{
		Expr:    `!(has(self.inCluster) && self.inCluster && [self.?kubeconfig, self.?context, self.?endpoint].exists(f, f.orValue("") != ""))`,
		Message: "inCluster excludes kubeconfig, context and endpoint",
	}}
}
