package catalog

import "github.com/gatebook/gatebook/plugins/sdk"

// Reads reports whether the action changes nothing.
func (e *Entry) Reads() bool { return e.Description.Effect == sdk.Read }

// Destroys reports whether the action does what cannot be taken back.
func (e *Entry) Destroys() bool { return e.Description.Effect == sdk.Destroy }
