// Package connection reads what a connection is configured with: which engine is asked, and with
// what certificates, as the docker command reads it. It leaves out the engine itself, and asks
// nobody.
package connection

import "github.com/gatebook/gatebook/schema"

// Config is how a connection reaches a manager of a swarm.
type Config struct {
	Endpoint string          `json:"endpoint" nosecret:"true" pattern:"^((unix|tcp|http|https|ssh)://.+)?$" example:"ssh://deployer@manager-1" doc:"Address of a manager's engine, as docker --host takes it: unix:///var/run/docker.sock, tcp://10.0.0.1:2376, ssh://user@host. Without it, what docker takes: DOCKER_HOST, DOCKER_CONTEXT or the current context, as far as the connection's environment names these variables and HOME or DOCKER_CONFIG, and else the socket of this machine."`
	Context  string          `json:"context" example:"prod" doc:"Docker context to use. With an endpoint, that is asked instead of the context's, with the context's certificates: a private address, a test server."`
	TLS      TLS             `json:"tls" doc:"Certificates for an endpoint that begins with tcp:// or https://. Without them, those of the context."`
	Timeout  schema.Duration `json:"timeout" default:"30s" min:"1ms" doc:"How long one request may take; those that follow something may take longer."`
}

// TLS names files in PEM.
type TLS struct {
	CA   string `json:"ca" nosecret:"true" minLength:"1" example:"/etc/gatebook/swarm/ca.pem" doc:"Absolute path of the certificate authority's certificate, by which the engine is known."`
	Cert string `json:"cert" nosecret:"true" minLength:"1" example:"/etc/gatebook/swarm/cert.pem" doc:"Absolute path of the client's certificate."`
	Key  string `json:"key" nosecret:"true" minLength:"1" example:"/etc/gatebook/swarm/key.pem" doc:"Absolute path of the client's key."`
}

// Rules returns what holds across the fields of a configuration.
func Rules() []schema.Rule {
	return []schema.Rule{
		{
			Expr:    `!has(self.tls) || self.?endpoint.orValue("").matches("^(tcp|https)://")`,
			Message: "The fields of tls are for an endpoint that begins with tcp:// or https://.",
		},
		{
			Expr:    `!has(self.tls) || has(self.tls.cert) == has(self.tls.key)`,
			Message: "The certificate of a client and its key go together.",
		},
	}
}
