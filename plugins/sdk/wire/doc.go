// Package wire turns what the sdk says into the messages of the contract and back.
//
// Both ends use it, the host and the plugin, so that what one writes the other
// reads; a property test sends everything there and back. It holds no connection
// and calls nobody. Floor 2: it imports plugins/sdk, schema and plugins/proto/v1.
package wire

// The limits of the contract.
const (
	// MaxMessage is how many bytes one message of a plugin may have. Outputs beyond it are
	// refused by the side that makes them, and by gRPC before the bytes are read.
	MaxMessage = 8 << 20
	// MaxOutputs is how many bytes of a message outputs, state, a note or a preview may take.
	MaxOutputs = MaxMessage - overhead
	// MaxCall is how many bytes the call of an action may have: an Undo has its parameters,
	// its state, its outputs and its notes, each of which crossed in a message of its own.
	MaxCall = 4 * MaxMessage
	// MaxRequest is how many bytes the message may have that a call is in.
	MaxRequest = MaxCall + overhead
	// MaxLine is how many bytes one line of output may have; longer ones are cut up.
	MaxLine = 64 << 10
	// overhead is what is in a message beside the bytes that count.
	overhead = 64 << 10
)

// MetadataTraceParent is the gRPC metadata that carries [sdk.Request.TraceParent].
const MetadataTraceParent = "traceparent"

// How the two ends know each other before they speak. The cookie is no secret: it
// keeps a person from starting a plugin by hand and wondering.
const (
	ProtocolVersion = 1
	CookieKey       = "GATEBOOK_PLUGIN"
	CookieValue     = "1f6d0c5e-gatebook-runs-me"
	// ServiceName is the name under which the one service is dispensed.
	ServiceName = "gatebook"
)
