package compose

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/swarm"
)

// rest is the word under which stands what the others do not cover, by its path in the API.
const rest = "x-spec"

// word is a word of the compose file for a place in the API. Where the value there cannot be said
// as the word has it, say says so, and it stays with the rest.
type word struct {
	api, compose string
	say          func(any) (any, bool)
}

// asIs says a value as it is in the API.
func asIs(value any) (any, bool) { return value, true }

// inContainer and inTask begin the paths of most words.
const (
	inTask      = "TaskTemplate."
	inContainer = inTask + "ContainerSpec."
)

// words are those of a service.
func words() []word {
	all := []word{
		{"Name", "name", asIs},
		{"Labels", "deploy.labels", asIs},
		{inContainer + "Image", "image", asIs},
		{inContainer + "Labels", "labels", asIs},
		{inContainer + "Command", "entrypoint", asIs},
		{inContainer + "Args", "command", asIs},
		{inContainer + "Hostname", "hostname", asIs},
		{inContainer + "Env", "environment", asIs},
		{inContainer + "Dir", "working_dir", asIs},
		{inContainer + "User", "user", asIs},
		{inContainer + "Groups", "group_add", asIs},
		{inContainer + "Init", "init", asIs},
		{inContainer + "StopSignal", "stop_signal", asIs},
		{inContainer + "TTY", "tty", asIs},
		{inContainer + "OpenStdin", "stdin_open", asIs},
		{inContainer + "ReadOnly", "read_only", asIs},
		{inContainer + "Mounts", "volumes", items(volumeWords())},
		{inContainer + "StopGracePeriod", "stop_grace_period", duration},
		{inContainer + "Hosts", "extra_hosts", hosts},
		{inContainer + "DNSConfig.Nameservers", "dns", asIs},
		{inContainer + "DNSConfig.Search", "dns_search", asIs},
		{inContainer + "DNSConfig.Options", "dns_opt", asIs},
		{inContainer + "Secrets", "secrets", items(fileWords("Secret"))},
		{inContainer + "Configs", "configs", items(fileWords("Config"))},
		{inContainer + "Isolation", "isolation", asIs},
		{inContainer + "Sysctls", "sysctls", asIs},
		{inContainer + "CapabilityAdd", "cap_add", asIs},
		{inContainer + "CapabilityDrop", "cap_drop", asIs},
		{inContainer + "Ulimits", "ulimits", keyed("Name", items([]word{{"Name", "name", asIs}, {"Soft", "soft", asIs}, {"Hard", "hard", asIs}}))},
		{inContainer + "OomScoreAdj", "oom_score_adj", asIs},
		{inTask + "Networks", "networks", keyed("Target", items([]word{{"Target", "name", asIs}, {"Aliases", "aliases", asIs}, {"DriverOpts", "driver_opts", asIs}}))},
		{inTask + "LogDriver.Name", "logging.driver", asIs},
		{inTask + "LogDriver.Options", "logging.options", asIs},
		{inTask + "Placement.Constraints", "deploy.placement.constraints", asIs},
		{inTask + "Placement.Preferences", "deploy.placement.preferences", items([]word{{"Spread.SpreadDescriptor", "spread", asIs}})},
		{inTask + "Placement.MaxReplicas", "deploy.placement.max_replicas_per_node", asIs},
		{"EndpointSpec.Mode", "deploy.endpoint_mode", asIs},
		{"EndpointSpec.Ports", "ports", items([]word{
			{"Name", "name", asIs},
			{"TargetPort", "target", asIs},
			{"PublishedPort", "published", asIs},
			{"Protocol", "protocol", asIs},
			{"PublishMode", "mode", asIs},
		})},
	}
	return slices.Concat(all, healthWords(), resourceWords(), policyWords())
}

func healthWords() []word {
	const api, compose = inContainer + "Healthcheck.", "healthcheck."
	return []word{
		{api + "Test", compose + "test", asIs},
		{api + "Interval", compose + "interval", duration},
		{api + "Timeout", compose + "timeout", duration},
		{api + "StartPeriod", compose + "start_period", duration},
		{api + "StartInterval", compose + "start_interval", duration},
		{api + "Retries", compose + "retries", asIs},
		{inContainer + "Privileges.CredentialSpec.Config", "credential_spec.config", asIs},
		{inContainer + "Privileges.CredentialSpec.File", "credential_spec.file", asIs},
		{inContainer + "Privileges.CredentialSpec.Registry", "credential_spec.registry", asIs},
	}
}

func resourceWords() []word {
	const api, compose = inTask + "Resources.", "deploy.resources."
	return []word{
		{api + "Limits.NanoCPUs", compose + "limits.cpus", cpus},
		{api + "Limits.MemoryBytes", compose + "limits.memory", memory},
		{api + "Limits.Pids", compose + "limits.pids", asIs},
		{api + "Reservations.NanoCPUs", compose + "reservations.cpus", cpus},
		{api + "Reservations.MemoryBytes", compose + "reservations.memory", memory},
		{api + "Reservations.GenericResources", compose + "reservations.generic_resources", items([]word{
			{"DiscreteResourceSpec.Kind", "discrete_resource_spec.kind", asIs},
			{"DiscreteResourceSpec.Value", "discrete_resource_spec.value", asIs},
		})},
	}
}

// policyWords are those of how tasks are started again, and how they are replaced.
func policyWords() []word {
	const restart = inTask + "RestartPolicy."
	all := []word{
		{restart + "Condition", "deploy.restart_policy.condition", asIs},
		{restart + "Delay", "deploy.restart_policy.delay", duration},
		{restart + "MaxAttempts", "deploy.restart_policy.max_attempts", asIs},
		{restart + "Window", "deploy.restart_policy.window", duration},
	}
	for _, of := range []struct{ api, compose string }{{"UpdateConfig.", "deploy.update_config."}, {"RollbackConfig.", "deploy.rollback_config."}} {
		all = append(all,
			word{of.api + "Parallelism", of.compose + "parallelism", asIs},
			word{of.api + "Delay", of.compose + "delay", duration},
			word{of.api + "FailureAction", of.compose + "failure_action", asIs},
			word{of.api + "Monitor", of.compose + "monitor", duration},
			word{of.api + "MaxFailureRatio", of.compose + "max_failure_ratio", asIs},
			word{of.api + "Order", of.compose + "order", asIs},
		)
	}
	return all
}

func volumeWords() []word {
	return []word{
		{"Type", "type", asIs},
		{"Source", "source", asIs},
		{"Target", "target", asIs},
		{"ReadOnly", "read_only", asIs},
		{"Consistency", "consistency", asIs},
		{"BindOptions.Propagation", "bind.propagation", asIs},
		{"VolumeOptions.NoCopy", "volume.nocopy", asIs},
		{"VolumeOptions.Subpath", "volume.subpath", asIs},
		{"VolumeOptions.Labels", "volume.labels", asIs},
		{"VolumeOptions.DriverConfig.Name", "volume.driver", asIs},
		{"VolumeOptions.DriverConfig.Options", "volume.driver_opts", asIs},
		{"ImageOptions.Subpath", "image.subpath", asIs},
		{"TmpfsOptions.SizeBytes", "tmpfs.size", asIs},
		{"TmpfsOptions.Mode", "tmpfs.mode", octal},
	}
}

// fileWords are those of a reference to a secret or a config.
func fileWords(kind string) []word {
	return []word{
		{kind + "Name", "source", asIs},
		{kind + "ID", "id", asIs},
		{"File.Name", "target", asIs},
		{"File.UID", "uid", asIs},
		{"File.GID", "gid", asIs},
		{"File.Mode", "mode", octal},
	}
}

// said is a spec in the words of the compose file.
func said(spec swarm.ServiceSpec) map[string]any {
	tree, out := Form(spec), map[string]any{}
	sayMode(tree, out)
	return translate(words(), tree, out)
}

// sayMode says how many tasks there are, which is one thing in the compose file and several in the
// API. A mode that is two at once, which no engine takes, stays as it is.
func sayMode(tree, out map[string]any) {
	modes, _ := tree["Mode"].(map[string]any)
	if len(modes) != 1 {
		return
	}
	for _, of := range []struct{ api, mode, replicas string }{
		{"Replicated", "", "Replicas"},
		{"Global", "global", ""},
		{"ReplicatedJob", "replicated-job", "TotalCompletions"},
		{"GlobalJob", "global-job", ""},
	} {
		if _, is := modes[of.api]; !is {
			continue
		}
		if of.mode != "" {
			put(out, "deploy.mode", of.mode)
		}
		if number, is := take(tree, "Mode."+of.api+"."+of.replicas); is && of.replicas != "" {
			put(out, "deploy.replicas", number)
		}
		if left, _ := modes[of.api].(map[string]any); len(left) == 0 {
			take(tree, "Mode."+of.api)
		}
	}
}

// translate says a tree of the API in words, what they do not cover under [rest].
func translate(words []word, tree, out map[string]any) map[string]any {
	for _, w := range words {
		value, is := look(tree, w.api)
		if !is {
			continue
		}
		if saying, can := w.say(value); can {
			take(tree, w.api)
			put(out, w.compose, saying)
		}
	}
	if len(tree) > 0 {
		out[rest] = tree
	}
	return out
}

// look finds what stands at a path.
func look(tree map[string]any, path string) (any, bool) {
	first, more, deep := strings.Cut(path, ".")
	value, is := tree[first]
	if !deep || !is {
		return value, is
	}
	inner, is := value.(map[string]any)
	if !is {
		return nil, false
	}
	return look(inner, more)
}

// take takes out what stands at a path, and with it what is empty then.
func take(tree map[string]any, path string) (any, bool) {
	first, more, deep := strings.Cut(path, ".")
	value, is := tree[first]
	if !is {
		return nil, false
	}
	if !deep {
		delete(tree, first)
		return value, true
	}
	inner, is := value.(map[string]any)
	if !is {
		return nil, false
	}
	value, is = take(inner, more)
	if is && len(inner) == 0 {
		delete(tree, first)
	}
	return value, is
}

// put puts a value at a path.
func put(tree map[string]any, path string, value any) {
	first, more, deep := strings.Cut(path, ".")
	if !deep {
		tree[first] = value
		return
	}
	inner, is := tree[first].(map[string]any)
	if !is {
		inner = map[string]any{}
		tree[first] = inner
	}
	put(inner, more, value)
}

// items says each item of a list in words.
func items(words []word) func(any) (any, bool) {
	return func(value any) (any, bool) {
		list, is := value.([]any)
		if !is {
			return nil, false
		}
		out := make([]any, len(list))
		for i, item := range list {
			tree, is := item.(map[string]any)
			if !is {
				return nil, false
			}
			out[i] = translate(words, clone(tree), map[string]any{})
		}
		return out, true
	}
}

// clone copies a tree as far as [take] may change it.
func clone(tree map[string]any) map[string]any {
	out := make(map[string]any, len(tree))
	for name, value := range tree {
		if inner, is := value.(map[string]any); is {
			value = clone(inner)
		}
		out[name] = value
	}
	return out
}

// keyed says a list as a mapping by the name that each item has, as the compose file does. Where
// that would lose something, as the order, it stays a list.
func keyed(by string, say func(any) (any, bool)) func(any) (any, bool) {
	return func(value any) (any, bool) {
		saying, can := say(value)
		list, _ := saying.([]any)
		name := func(item any) string {
			text, _ := item.(map[string]any)["name"].(string)
			return text
		}
		if !can || !slices.IsSortedFunc(list, func(a, b any) int { return cmp.Compare(name(a), name(b)) }) {
			return saying, can
		}
		out := entries{}
		for _, item := range list {
			if _, twice := out[name(item)]; twice || name(item) == "" {
				return saying, can
			}
			out[name(item)] = without(item.(map[string]any), "name")
		}
		return out, true
	}
}

func without(tree map[string]any, name string) map[string]any {
	out := clone(tree)
	delete(out, name)
	return out
}

// duration says nanoseconds as 1m30s.
func duration(value any) (any, bool) {
	nanoseconds, is := value.(int64)
	return time.Duration(nanoseconds).String(), is
}

// cpus says billionths of a processor as a decimal number.
func cpus(value any) (any, bool) {
	nano, is := value.(int64)
	if !is || nano < 0 {
		return nil, false
	}
	text := strconv.FormatInt(nano%1e9+1e9, 10)[1:]
	return strings.TrimRight(strconv.FormatInt(nano/1e9, 10)+"."+strings.TrimRight(text, "0"), "."), true
}

// memory says a size in the largest unit that it is whole in.
func memory(value any) (any, bool) {
	size, is := value.(int64)
	if !is || size <= 0 {
		return nil, false
	}
	unit := 0
	for size%1024 == 0 && unit < 4 {
		size, unit = size/1024, unit+1
	}
	return strconv.FormatInt(size, 10) + []string{"B", "K", "M", "G", "T"}[unit], true
}

// octal says the mode of a file.
func octal(value any) (any, bool) {
	mode, is := value.(uint64)
	return "0" + strconv.FormatUint(mode, 8), is
}

// hosts says "10.0.0.1 db" as "db:10.0.0.1", where each is of that kind.
func hosts(value any) (any, bool) {
	list, is := value.([]any)
	out := make([]any, len(list))
	for i, item := range list {
		text, _ := item.(string)
		address, name, two := strings.Cut(text, " ")
		if _, err := netip.ParseAddr(address); err != nil || !two || name == "" || strings.ContainsAny(name, " :=") {
			return nil, false
		}
		out[i] = name + ":" + address
	}
	return out, is
}
