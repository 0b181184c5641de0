package diag

// The rules of plugins and connections: GB08xx.
var (
	PluginUnavailable = &Rule{
		Code: "GB0801", Severity: Error,
		Summary: "plugin cannot be used",
		Why:     "Without it nobody can tell what its actions are, nor do what they do. A plugin runs only when its program is the one that gatebook.lock names.",
		Mend:    "Install the plugin, or correct its source; `gatebook plugins lock` writes down which program may be run.",
		Bad:     "plugins:\n  k8s: {source: kubernets}",
		Good:    "plugins:\n  k8s: {source: kubernetes}",
	}
	UnknownPlugin = &Rule{
		Code: "GB0802", Severity: Error,
		Summary: "unknown plugin",
		Why:     "A connection configures a plugin that the runbook declares.",
		Mend:    "Correct the name, or declare the plugin under plugins.",
		Bad:     "connections:\n  prod: {plugin: k8}",
		Good:    "connections:\n  prod: {plugin: k8s}",
	}
	UnknownConnection = &Rule{
		Code: "GB0803", Severity: Error,
		Summary: "unknown connection",
		Why:     "Nobody can tell what the action would act on.",
		Mend:    "Correct the name, or declare the connection under connections.",
		Bad:     "on: pord",
		Good:    "on: prod",
	}
	WrongConnection = &Rule{
		Code: "GB0804", Severity: Error,
		Summary: "connection of another plugin",
		Why:     "A connection is of one plugin, and a built-in action acts where gatebook runs.",
		Mend:    "Name a connection of the action's plugin; take on away from a built-in action.",
		Bad:     "uses: http.check\non: prod",
		Good:    "uses: k8s.drain\non: prod",
	}
	ManyConnections = &Rule{
		Code: "GB0805", Severity: Error,
		Summary: "which connection is not said",
		Why:     "The plugin has several connections, and acting on the wrong one may do harm.",
		Mend:    "Say which with on.",
		Bad:     "uses: k8s.drain   (prod and stage are connections of k8s)",
		Good:    "uses: k8s.drain\non: prod",
	}
	NoConnection = &Rule{
		Code: "GB0806", Severity: Error,
		Summary: "no connection",
		Why:     "The plugin must be told what it is to reach.",
		Mend:    "Declare a connection of the plugin under connections.",
		Bad:     "plugins:\n  k8s: {source: kubernetes}   (and no connections)",
		Good:    "connections:\n  prod: {plugin: k8s, with: {context: prod}}",
	}
	UnusedConnection = &Rule{
		Code: "GB0807", Severity: Warning,
		Summary: "connection is never used",
		Why:     "A step may act on another target than was meant.",
		Mend:    "Use it with on, or remove it.",
		Bad:     "connections:\n  stage: {plugin: k8s}   (and every step says on: prod)",
		Good:    "on: stage",
	}
	ConnectionRefused = &Rule{
		Code: "GB0808", Severity: Warning,
		Summary: "connection cannot be made",
		Why:     "As things stand, each step over it would fail. It may be made by the time of the run, as when a step before makes what it reaches.",
		Mend:    "Correct what configures the connection, or its environment; see what the plugin says of it.",
		Bad:     "connections:\n  prod: {plugin: k8s, with: {context: pord}}",
		Good:    "connections:\n  prod: {plugin: k8s, with: {context: prod}}",
	}
	ParameterRefused = &Rule{
		Code: "GB0809", Severity: Warning,
		Summary: "parameter is refused",
		Why:     "As things stand, the step would fail. It may fit by the time of the run, as when a step before makes what it names.",
		Mend:    "Correct the parameter; see what the action says of it.",
		Bad:     "uses: k8s.cordon\nwith: {node: wroker-1}",
		Good:    "uses: k8s.cordon\nwith: {node: worker-1}",
	}
	UnusedPlugin = &Rule{
		Code: "GB0810", Severity: Warning,
		Summary: "plugin is never used",
		Why:     "Whoever runs the runbook must install and trust it for nothing.",
		Mend:    "Use an action of it, or remove it.",
		Bad:     "plugins:\n  k8s: {source: kubernetes}   (and no step uses k8s.…)",
		Good:    "uses: k8s.drain",
	}
)

// pluginRules are the rules of plugins and connections.
func pluginRules() []*Rule {
	return []*Rule{
		PluginUnavailable, UnknownPlugin, UnknownConnection, WrongConnection, ManyConnections, NoConnection, UnusedConnection,
		ConnectionRefused, ParameterRefused, UnusedPlugin,
	}
}
