// Package host finds plugins, makes sure that they are the ones that were locked,
// starts them, and adapts what they serve to the interface that built-in actions
// have, so that nobody above can tell which is which.
//
// It trusts no binary that it was not told to trust. A plugin is a file called
// gatebook-plugin-NAME whose SHA-256 stands in gatebook.lock; it is hashed through
// the descriptor that is then executed, so that nothing can be put in its place in
// between, and nobody but its owner, root or ourselves, may write into it. A plugin
// gets the environment that its connection names and nothing else, speaks over a
// socket of its own with mutual TLS, and dies with its host.
//
// What a plugin does wrong becomes a typed error of the attempt, never a hang and
// never a crash of the host. What is about a program is in internal/program, and what is
// about one that runs in internal/process. Floor 3: it imports plugins/sdk, plugins/sdk/wire,
// plugins/proto/v1, and go-plugin.
package host
