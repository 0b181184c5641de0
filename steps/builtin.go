// Package steps holds the built-in actions, a file each.
//
// They have the same shape as those of plugins, and pass the same contract suite.
// What they need of the world comes in [Options]; none reads the environment, a
// clock's zone or a standard stream by itself. What is no declaration and stands by
// itself has a package of its own inside: running programs, probing, HTTP, the DNS on
// the wire, archives.
// Floor 2: it imports plugins/sdk and schema.
package steps

import (
	"errors"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Builtin returns the built-in actions. To add one is a file with its declaration
// and a line here.
func Builtin(o Options) ([]sdk.Handler, error) {
	return handlers(
		execAction(o).Handler,
		execCheck(o).Handler,
		approve(o).Handler,
		assert(o).Handler,
		collect(o).Handler,
		dnsWait(o).Handler,
		fileVerify(o).Handler,
		grpcHealth(o).Handler,
		httpCheck(o).Handler,
		httpRequest(o).Handler,
		manual(o).Handler,
		notifyWebhook(o).Handler,
		prometheusQuery(o).Handler,
		tcpCheck(o).Handler,
		waitAction(o).Handler,
	)
}

// handlers calls each constructor and keeps all their faults.
func handlers(constructors ...func() (sdk.Handler, error)) ([]sdk.Handler, error) {
	var made []sdk.Handler
	var faults []error
	for _, construct := range constructors {
		handler, err := construct()
		if err != nil {
			faults = append(faults, err)
			continue
		}
		made = append(made, handler)
	}
	return made, errors.Join(faults...)
}
