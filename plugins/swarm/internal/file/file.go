// Package file reads compose files, by docker's own code, and says what is wrong with one and where. It
// leaves out what a swarm makes of it.
package file

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/compose/loader"
	"github.com/docker/cli/cli/compose/schema"
	"github.com/docker/cli/cli/compose/template"
	"github.com/docker/cli/cli/compose/types"
	"go.yaml.in/yaml/v3"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Given is a compose file as a step gives it: as text, or else by a path.
type Given struct {
	Compose   string
	File      string
	Folder    string            // from which paths in it are seen; empty: that of File
	Variables map[string]string // for the ${…} in it
}

// File is a compose file that was read.
type File struct {
	*types.Config
	Warnings []string // whole sentences

	field string // the parameter that it is from
	text  []byte // as it was given
	tree  yaml.Node
}

// mostBytes is how long a compose file may be, and what a config or secret in it holds, of which an engine
// takes less, or a file of environment variables.
const mostBytes = 1 << 20

// readable complains of what is not read as a file: it would be read without an end, or waited for.
func readable(path string) error {
	is, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !is.Mode().IsRegular():
		return fmt.Errorf("%s is no regular file", path)
	case is.Size() > mostBytes:
		return fmt.Errorf("%s has more than 1 MB", path)
	default:
		return nil
	}
}

// Read reads the compose file that a step gives.
func Read(in Given) (f File, err error) {
	f.field, f.text = "compose", []byte(in.Compose)
	folder := in.Folder
	if folder != "" && !filepath.IsAbs(folder) {
		return f, sdk.FieldErrorf("folder", "must be an absolute path")
	}
	if in.File != "" {
		f.field = "file"
		if !filepath.IsAbs(in.File) {
			return f, sdk.FieldErrorf("file", "must be an absolute path")
		}
		if err := readable(in.File); err != nil {
			return f, sdk.FieldErrorf("file", "%w", err)
		}
		if f.text, err = os.ReadFile(in.File); err != nil {
			return f, sdk.FieldErrorf("file", "%w", err)
		}
		if folder == "" {
			folder = filepath.Dir(in.File)
		}
	}
	if len(f.text) > mostBytes {
		return f, sdk.FieldErrorf(f.field, "it has more than 1 MB")
	}
	return f, f.load(in.Variables, folder)
}

// Fault is an error about the file.
func (f File) Fault(format string, args ...any) error {
	return sdk.FieldErrorf(f.field, "the compose file: "+format, args...)
}

// load makes of the text what docker makes of it.
func (f *File) load(variables map[string]string, folder string) error {
	said, err := loader.ParseYAML(f.text)
	if err != nil {
		return f.Fault("%w", err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(f.text, &document); err == nil && len(document.Content) == 1 {
		f.tree = *document.Content[0]
	}
	if err := f.seenFrom(folder, said); err != nil {
		return err
	}
	if err := f.environments(said, variables, folder); err != nil {
		return err
	}
	f.Warnings = append(f.notGiven(said, variables), f.ignored(said)...)
	details := types.ConfigDetails{
		Version: schema.Version(said), WorkingDir: folder, Environment: variables,
		ConfigFiles: []types.ConfigFile{{Filename: "compose.yaml", Config: said}},
	}
	if f.Config, err = f.loaded(details); err != nil {
		return err
	}
	slices.SortFunc(f.Services, func(a, b types.ServiceConfig) int { return strings.Compare(a.Name, b.Name) })
	var all []error
	for _, service := range f.Services {
		if service.Image == "" {
			all = append(all, fmt.Errorf("services.%s%s names no image, and a swarm builds none", service.Name, f.line("services", service.Name)))
		} else if _, err := reference.ParseNormalizedNamed(service.Image); err != nil {
			all = append(all, fmt.Errorf("services.%s.image%s: %w", service.Name, f.line("services", service.Name, "image"), err))
		}
		for _, text := range service.Deploy.Placement.Constraints {
			if !constraint.MatchString(text) {
				place := f.line("services", service.Name, "deploy", "placement", "constraints")
				all = append(all, fmt.Errorf("services.%s.deploy.placement.constraints%s: %q is no constraint, as node.role == worker or node.labels.zone != b is", service.Name, place, text))
			}
		}
	}
	all = slices.Concat(all, unreadable(f, "configs", f.Configs), unreadable(f, "secrets", f.Secrets))
	if len(all) > 0 {
		return f.Fault("%s", inOneLine(all))
	}
	return nil
}

// constraint is how a constraint of where the tasks of a service run looks to an engine.
var constraint = regexp.MustCompile(`^\s*[a-zA-Z_][a-zA-Z0-9_.-]+\s*[!=]=\s*\S`)

// unreadable complains of what the configs or secrets of a file are to hold.
func unreadable[T types.ConfigObjConfig | types.SecretConfig](f *File, section string, of map[string]T) (all []error) {
	for _, name := range slices.Sorted(maps.Keys(of)) {
		one := types.FileObjectConfig(of[name])
		if one.External.External || one.Driver != "" {
			continue
		}
		if err := readable(one.File); err != nil {
			all = append(all, fmt.Errorf("%s.%s.file%s: %w", section, name, f.line(section, name, "file"), err))
		}
	}
	return all
}

// environments complains of files of environment variables that cannot be read, before docker's loader reads them.
func (f *File) environments(said map[string]any, variables map[string]string, folder string) error {
	lookup := func(name string) (value string, given bool) { value, given = variables[name]; return value, given }
	var all []error
	for name, of := range sorted(said["services"]) {
		for _, item := range among(of, "env_file") {
			path, is := item.(string)
			if !is {
				continue
			}
			path, err := template.Substitute(path, lookup)
			if err != nil { // which the loader says of the whole file
				continue
			}
			if !filepath.IsAbs(path) {
				path = filepath.Join(folder, path)
			}
			if err := readable(path); err != nil {
				all = append(all, fmt.Errorf("services.%s.env_file%s: %w", name, f.line("services", name, "env_file"), err))
			}
		}
	}
	if len(all) > 0 {
		return f.Fault("%s", inOneLine(all))
	}
	return nil
}

// loaded is what docker's loader says. Some of what its schema lets through it does not expect.
func (f *File) loaded(details types.ConfigDetails) (config *types.Config, err error) {
	defer func() {
		if stumbled := recover(); stumbled != nil {
			err = f.Fault("docker's reading of it stumbles: %v", stumbled)
		}
	}()
	config, err = loader.Load(details, loader.WithDiscardEnvFiles)
	if forbidden, is := errors.AsType[*loader.ForbiddenPropertiesError](err); is {
		var all []error
		for _, key := range f.keys(details.ConfigFiles[0].Config, forbidden.Properties) {
			all = append(all, errors.New(key))
		}
		return nil, f.Fault("%s", inOneLine(all))
	}
	if err != nil {
		return nil, f.Fault("%w", err)
	}
	return config, nil
}

// seenFrom complains of paths that are seen from a folder which is not known.
func (f *File) seenFrom(folder string, said map[string]any) error {
	if folder != "" {
		return nil
	}
	var all []error
	check := func(path any, at ...string) {
		if text, is := path.(string); is && text != "" && !filepath.IsAbs(text) {
			all = append(all, fmt.Errorf("%s%s: the path %s is seen from no folder: give the parameter folder, or file instead of compose", strings.Join(at, "."), f.line(at...), text))
		}
	}
	for _, section := range []string{"configs", "secrets"} {
		for name, of := range sorted(said[section]) {
			for _, path := range among(of, "file") {
				check(path, section, name, "file")
			}
		}
	}
	for name, of := range sorted(said["services"]) {
		for _, path := range among(of, "env_file") {
			check(path, "services", name, "env_file")
		}
		for _, volume := range among(of, "volumes") {
			check(bound(volume), "services", name, "volumes")
		}
	}
	if len(all) > 0 {
		return f.Fault("%s", inOneLine(all))
	}
	return nil
}

// sorted goes through what should be a mapping.
func sorted(value any) iter.Seq2[string, any] {
	of, _ := value.(map[string]any)
	return func(yield func(string, any) bool) {
		for _, name := range slices.Sorted(maps.Keys(of)) {
			if !yield(name, of[name]) {
				return
			}
		}
	}
}

// among is what stands under a key: the items of a list, or else the one.
func among(value any, key string) []any {
	of, _ := value.(map[string]any)
	if list, is := of[key].([]any); is {
		return list
	}
	return []any{of[key]}
}

// bound is the path that a volume binds, where it does so by a path that is relative.
func bound(volume any) any {
	if of, is := volume.(map[string]any); is && of["type"] == "bind" {
		return of["source"]
	}
	text, _ := volume.(string)
	source, _, _ := strings.Cut(text, ":")
	if strings.HasPrefix(source, ".") || strings.HasPrefix(source, "~") {
		return source
	}
	return nil
}

// variable is how docker's reading of a compose file finds a variable.
var variable = regexp.MustCompile(`\$(?i:(?P<escaped>\$)|(?P<named>[_a-z][_a-z0-9]*)|\{(?P<braced>[_a-z][_a-z0-9]*(?::?[-?][^}]*)?)\})`)

// notGiven warns of variables that are empty since nobody gives them.
func (f *File) notGiven(said map[string]any, variables map[string]string) (warnings []string) {
	asked := template.ExtractVariables(said, variable)
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if _, given := variables[name]; !given && asked[name] == "" {
			warnings = append(warnings, fmt.Sprintf("The compose file uses the variable %s, which is not among the variables of the step: it is empty there.", name))
		}
	}
	return warnings
}

// ignored warns of what a swarm makes nothing of.
func (f *File) ignored(said map[string]any) (warnings []string) {
	keys := map[string]string{}
	for _, key := range types.UnsupportedProperties {
		keys[key] = "a swarm ignores it"
	}
	maps.Copy(keys, types.DeprecatedProperties)
	for _, key := range f.keys(said, keys) {
		warnings = append(warnings, "The compose file has "+strings.TrimRight(key, ".")+".")
	}
	return warnings
}

// keys are those of services that are among some, with their places and what is to be said of them.
func (f *File) keys(said map[string]any, of map[string]string) (all []string) {
	services, _ := said["services"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(services)) {
		service, _ := services[name].(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(of)) {
			if _, is := service[key]; is {
				all = append(all, fmt.Sprintf("services.%s.%s%s: %s", name, key, f.line("services", name, key), of[key]))
			}
		}
	}
	return all
}

// line says where a key is: " (line 7)"; empty: that cannot be told.
func (f *File) line(path ...string) string {
	node, line := &f.tree, 0
	for _, name := range path {
		if node.Kind != yaml.MappingNode {
			break
		}
		at := -1
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == name {
				at = i
			}
		}
		if at < 0 {
			break
		}
		node, line = node.Content[at+1], node.Content[at].Line
	}
	if line == 0 {
		return ""
	}
	return fmt.Sprintf(" (line %d)", line)
}

// inOneLine says all that is wrong.
func inOneLine(all []error) string {
	said := make([]string, 0, len(all))
	for _, err := range all {
		said = append(said, err.Error())
	}
	return strings.Join(said, "; ")
}

// Attached are the networks that services are attached to.
func (f File) Attached() map[string]struct{} {
	all := map[string]struct{}{}
	for _, service := range f.Services {
		if len(service.Networks) == 0 {
			all["default"] = struct{}{}
		}
		for name := range service.Networks {
			all[name] = struct{}{}
		}
	}
	return all
}
