package compose

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/moby/moby/api/types/swarm"
)

// entries is a map whose keys somebody has chosen: labels, options. What is in it counts also where
// it is empty, other than in a struct.
type entries map[string]any

// defaults are what the engine adds by itself where nothing is said, so that both mean one.
var defaults = map[string]any{
	"EndpointSpec.Mode":                      "vip",
	"EndpointSpec.Ports.Protocol":            "tcp",
	"EndpointSpec.Ports.PublishMode":         "ingress",
	"RollbackConfig.FailureAction":           "pause",
	"RollbackConfig.Order":                   "stop-first",
	"TaskTemplate.ContainerSpec.Isolation":   "default",
	"TaskTemplate.RestartPolicy.Condition":   "any",
	"TaskTemplate.RestartPolicy.MaxAttempts": uint64(0),
	"TaskTemplate.Runtime":                   "container",
	"UpdateConfig.FailureAction":             "pause",
	"UpdateConfig.Order":                     "stop-first",
}

// telling are the numbers for which 0 is something else than nothing.
var telling = map[string]bool{
	"RollbackConfig.Parallelism": true,
	"UpdateConfig.Parallelism":   true,
}

// Form is the normal form of a spec: a tree without what is empty, and with what the engine makes
// of what is left open. Specs that mean one service have one form, so that what a compose file says
// can be compared with what an engine has. A service that is not there, the zero spec, has an empty one.
func Form(spec swarm.ServiceSpec) map[string]any {
	if reflect.ValueOf(spec).IsZero() {
		return map[string]any{}
	}
	spec.Mode = settled(spec.Mode)
	tree, _ := node("", reflect.ValueOf(spec)).(map[string]any)
	return tree
}

// settled is a mode in which nothing is left to the engine: one task, where no number is said.
func settled(mode swarm.ServiceMode) swarm.ServiceMode {
	one := uint64(1)
	if mode == (swarm.ServiceMode{}) {
		mode.Replicated = &swarm.ReplicatedService{}
	}
	if mode.Replicated != nil && mode.Replicated.Replicas == nil {
		mode.Replicated = &swarm.ReplicatedService{Replicas: &one}
	}
	if mode.ReplicatedJob != nil {
		job := *mode.ReplicatedJob
		if job.MaxConcurrent == nil {
			job.MaxConcurrent = &one
		}
		if job.TotalCompletions == nil {
			job.TotalCompletions = job.MaxConcurrent
		}
		mode.ReplicatedJob = &job
	}
	return mode
}

// node is the form of a value. What is empty is nil.
func node(path string, value reflect.Value) any {
	if text, is := reflect.TypeAssert[encoding.TextMarshaler](value); is && value.Kind() != reflect.Pointer {
		said, _ := text.MarshalText() // of an address, which has no other errors than to be invalid
		return orNil(string(said), len(said) == 0)
	}
	switch value.Kind() {
	case reflect.Pointer:
		if value.IsNil() {
			return nil
		}
		if value.Elem().Kind() != reflect.Struct && value.Elem().IsZero() { // it is said to be 0
			return orNil(plain(value.Elem()), defaults[path] == plain(value.Elem()))
		}
		return node(path, value.Elem())
	case reflect.Struct:
		return structure(path, value)
	case reflect.Map:
		tree := entries{}
		for pairs := value.MapRange(); pairs.Next(); {
			tree[pairs.Key().String()] = element(path, pairs.Value())
		}
		return orNil(tree, len(tree) == 0)
	case reflect.Slice:
		return list(path, value)
	default:
		scalar := plain(value)
		return orNil(scalar, value.IsZero() && !telling[path] || scalar == defaults[path])
	}
}

func orNil(value any, empty bool) any {
	if empty {
		return nil
	}
	return value
}

// structure is the form of a struct, whose fields have their names in the API.
func structure(path string, value reflect.Value) any {
	tree := map[string]any{}
	for i := range value.NumField() {
		field := value.Type().Field(i)
		if field.Anonymous {
			embedded, _ := structure(path, value.Field(i)).(map[string]any)
			maps.Copy(tree, embedded)
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" {
			name = field.Name
		}
		if inner := node(join(path, name), value.Field(i)); inner != nil {
			tree[name] = inner
		}
	}
	// One without fields says something by being there: that a service is global.
	return orNil(tree, len(tree) == 0 && value.NumField() > 0)
}

func list(path string, value reflect.Value) any {
	if value.Len() == 0 {
		return nil
	}
	if value.Type().Elem().Kind() == reflect.Uint8 {
		return readable(value.Bytes())
	}
	items := make([]any, value.Len())
	for i := range items {
		items[i] = element(path, value.Index(i))
	}
	return items
}

// element is the form of what is in a list or a map: there it counts also where it is empty.
func element(path string, value reflect.Value) any {
	formed := node(path, value)
	if formed != nil || value.Kind() == reflect.Pointer && value.IsNil() {
		return formed
	}
	switch value.Kind() {
	case reflect.String:
		return ""
	case reflect.Slice:
		return []any{}
	default:
		return map[string]any{}
	}
}

// plain is a scalar without its type's name.
func plain(value reflect.Value) any {
	switch value.Kind() {
	case reflect.String:
		return strings.ToValidUTF8(value.String(), "\uFFFD") // as it is sent to the engine
	case reflect.Bool:
		return value.Bool()
	case reflect.Float32, reflect.Float64:
		short, _ := strconv.ParseFloat(strconv.FormatFloat(value.Float(), 'g', -1, value.Type().Bits()), 64)
		return short
	default:
		if value.CanUint() {
			return value.Uint()
		}
		return value.Int()
	}
}

// inBase64 begins bytes that are no text.
const inBase64 = "base64:"

// readable is bytes as text, where they are that.
func readable(data []byte) string {
	if text := string(data); utf8.ValidString(text) && !strings.HasPrefix(text, inBase64) {
		return text
	}
	return inBase64 + base64.StdEncoding.EncodeToString(data)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// text is a tree in one line: the same for trees that are alike, and only for those.
func text(tree any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(tree); err != nil {
		panic(err) // it is made of maps, lists and scalars
	}
	return bytes.TrimRight(out.Bytes(), "\n")
}
