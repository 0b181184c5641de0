// Package serve makes a program of a plugin.
//
//	func main() { serve.Main(kubernetes.Plugin()) }
//
// That is all of a plugin's main. gatebook starts the program, and the two speak
// the contract of plugins/proto over HashiCorp's go-plugin, with mutual TLS. Started
// by a person it says what it is; with -describe it prints its description as JSON.
//
// It turns calls of the wire into calls of [sdk.Handler] and has no thoughts of its
// own. Floor 3: it imports plugins/sdk, plugins/sdk/wire and plugins/proto/v1, and
// gRPC and go-plugin beside the standard library.
package serve
