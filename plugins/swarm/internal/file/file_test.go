package file_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/file"
)

func TestWhatIsWrongWithAComposeFileIsSaid(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		compose string
		says    []string // of the error
		warns   []string
	}{
		"nothing":               {compose: one},
		"no YAML":               {compose: "a: b: c", says: []string{"mapping values are not allowed"}},
		"no mapping":            {compose: "[]", says: []string{"top-level object must be a mapping"}},
		"an unknown key":        {compose: "services: {web: {image: a, imgae: b}}", says: []string{"services.web", "imgae"}},
		"a wrong type":          {compose: "services: {web: {image: a, deploy: {replicas: many}}}", says: []string{"services.web.deploy.replicas", "integer"}},
		"no image":              {compose: "services:\n  web:\n    build: .\n", says: []string{"services.web (line 2) names no image"}, warns: []string{"services.web.build (line 3): a swarm ignores it."}},
		"a bad image":           {compose: "services:\n  web:\n    image: A B\n", says: []string{"services.web.image (line 3)", "invalid reference format"}},
		"forbidden keys":        {compose: "services:\n  web:\n    image: a\n    mem_limit: 1g\n  db:\n    image: b\n    cpuset: 1\n", says: []string{"services.db.cpuset (line 7): Set resource limits using deploy.resources", "services.web.mem_limit (line 4)"}},
		"ignored keys":          {compose: "services:\n  web:\n    image: a\n    privileged: true\n    container_name: x\n", warns: []string{"The compose file has services.web.privileged (line 4): a swarm ignores it.", "services.web.container_name (line 5): Setting the container name is not supported."}},
		"a variable":            {compose: "services: {web: {image: 'a:${TAG}'}}", warns: []string{"uses the variable TAG, which is not among the variables of the step"}, says: []string{"invalid reference format"}},
		"a variable by default": {compose: "services: {web: {image: 'a:${TAG:-1}'}}"},
		"a variable that must be": {
			compose: "services: {web: {image: 'a:${TAG:?say which}'}}", says: []string{"required variable TAG is missing a value: say which"},
			warns: []string{"uses the variable TAG"},
		},
		"a path from nowhere": {
			compose: "services: {web: {image: a, env_file: [x.env], volumes: ['./data:/data']}}\nsecrets:\n  key:\n    file: ./key\n",
			says:    []string{"secrets.key.file (line 4): the path ./key is seen from no folder", "services.web.env_file (line 1): the path x.env", "services.web.volumes (line 1): the path ./data"},
		},
		"constraints": {
			compose: "services:\n  web:\n    image: a\n    deploy:\n      placement:\n        constraints:\n          - node.role==manager\n          - node.labels.zone != a b\n          - node.hostname = n0\n          - foo\n          - ==n0\n          - node.id==\n",
			says: []string{
				`services.web.deploy.placement.constraints (line 6): "node.hostname = n0" is no constraint, as node.role == worker`, `"foo" is no`, `"==n0" is no`, `"node.id==" is no`,
			},
		},
		"a cycle": {compose: "a: &a [*a]\nservices: {}", says: []string{"anchor 'a' value contains itself"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read, err := file.Read(file.Given{Compose: test.compose})
			if len(test.says) == 0 && err != nil || len(test.says) > 0 && err == nil {
				t.Fatalf("it fails with %v", err)
			}
			for _, text := range test.says {
				if typed := sdk.AsError(err); !strings.Contains(typed.Message, text) || typed.Field != "compose" {
					t.Errorf("it says %q of the parameter %q, want %q", typed.Message, typed.Field, text)
				}
			}
			said := strings.Join(read.Warnings, "\n")
			for _, text := range test.warns {
				if !strings.Contains(said, text) {
					t.Errorf("it warns of %q, want %q", said, text)
				}
			}
			if len(test.warns) == 0 && said != "" {
				t.Errorf("it warns of %q", said)
			}
		})
	}
}

// Paths are seen from the folder of the file, and nothing comes from the environment of gatebook.
func TestAFileIsReadFromItsFolder(t *testing.T) {
	t.Setenv("TAG", "from-the-environment")
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "x.env"), []byte("A=1\n"), 0o600))
	path := filepath.Join(dir, "compose.yaml")
	must(t, os.WriteFile(path, []byte("services: {web: {image: 'a:1${TAG}', env_file: [x.env]}}"), 0o600))
	if read, err := file.Read(file.Given{File: path}); err != nil || len(read.Warnings) != 1 {
		t.Errorf("%v, %v", read.Warnings, err)
	}
	if _, err := file.Read(file.Given{File: "compose.yaml"}); err == nil || sdk.AsError(err).Field != "file" {
		t.Errorf("a relative path: %v", err)
	}
	if _, err := file.Read(file.Given{File: filepath.Join(dir, "none.yaml")}); err == nil || sdk.AsError(err).Field != "file" {
		t.Errorf("no file: %v", err)
	}
}

// What is no file, or far too large for one, is refused before it is read: that would never end.
func TestWhatCannotBeReadWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	huge := filepath.Join(dir, "huge")
	must(t, os.WriteFile(huge, nil, 0o600))
	must(t, os.Truncate(huge, 1<<40))
	for path, says := range map[string]string{os.DevNull: "is no regular file", dir: "is no regular file", huge: "has more than 1 MB"} {
		_, err := file.Read(file.Given{File: path})
		if err == nil || sdk.AsError(err).Field != "file" || !strings.Contains(err.Error(), path+" "+says) {
			t.Errorf("the compose file %s: %v", path, err)
		}
		for _, section := range []string{"configs", "secrets"} {
			text := one + section + ":\n  site:\n    file: " + path + "\n"
			_, err := file.Read(file.Given{Compose: text})
			if err == nil || sdk.AsError(err).Field != "compose" || !strings.Contains(err.Error(), section+".site.file (line 11): "+path+" "+says) {
				t.Errorf("%s: %v", section, err)
			}
		}
		_, err = file.Read(file.Given{Compose: withEnvironment(path)})
		if err == nil || sdk.AsError(err).Field != "compose" || !strings.Contains(err.Error(), "services.web.env_file (line 6): "+path+" "+says) {
			t.Errorf("env_file: %v", err)
		}
	}
	for _, path := range []string{"huge", "${NAME}", "./hu${MORE:-ge}"} {
		_, err := file.Read(file.Given{Compose: withEnvironment(path), Folder: dir, Variables: map[string]string{"NAME": "huge"}})
		if err == nil || !strings.Contains(err.Error(), "services.web.env_file (line 6): "+huge+" has more than 1 MB") {
			t.Errorf("the env_file %s: %v", path, err)
		}
	}
}

// withEnvironment is a compose file of a service with a file of environment variables.
func withEnvironment(path string) string {
	return strings.Replace(one, "    stop_grace", "    env_file: ['"+path+"']\n    stop_grace", 1)
}

// A compose file is foreign: whatever is in it is read, or refused, and never makes it stumble.
func FuzzAComposeFile(f *testing.F) {
	for _, text := range []string{one, "a: b: c", "services: {web: {image: a, ulimits: {nofile: {soft: 1}}}}", "services: {web: null}", "services: {web: {image: '${A:-b}', ports: ['80:80/tcp'], volumes: ['a:b:ro']}}"} {
		f.Add(text)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := file.Read(file.Given{Compose: text, Folder: dir}); err != nil && sdk.AsError(err).Field != "compose" {
			t.Errorf("it says nothing of the parameter: %v", err)
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const one = `
services:
  web:
    image: demo:v1
    environment: {LEVEL: info, DB_PASSWORD: hunter2, PORT: "0"}
    stop_grace_period: 1s
    healthcheck: {disable: true}
networks: {default: {external: true, name: host}}
`
