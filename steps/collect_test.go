package steps

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/steps/internal/archive"
)

// evidence makes a directory with some files to collect.
func evidence(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"log/web.log": "started\n", "log/db.log": "ready\n", "log/core": strings.Repeat("x", 100),
		"log/old/web.log": "stopped\n", "secret": "s3cret",
	} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"inside": "web.log", "outside": "../secret", "absolute": filepath.Join(dir, "secret")} {
		if err := os.Symlink(to, filepath.Join(dir, "log", name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// unpack returns an archive's files by name, and its manifest.
func unpack(t *testing.T, name string) (map[string]string, archive.Manifest) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	zip, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	found, entries := map[string]string{}, tar.NewReader(zip)
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(entries)
		if err != nil {
			t.Fatal(err)
		}
		found[header.Name] = string(text)
	}
	var manifest archive.Manifest
	if err := json.Unmarshal([]byte(found[archive.ManifestName]), &manifest); err != nil {
		t.Fatal(err)
	}
	delete(found, archive.ManifestName)
	return found, manifest
}

func TestCollect(t *testing.T) {
	t.Parallel()
	sources := func(include ...any) params {
		return params{"files": []any{params{"from": "log", "include": include}}}
	}
	run := func(name string, argv ...any) params { return params{"name": name, "argv": argv} }
	tests := []struct {
		name    string
		with    params
		files   map[string]string // "DIR" is the directory of the evidence
		skipped map[string]string
	}{
		{
			name: "a pattern", with: sources("*.log"),
			files: map[string]string{"filesDIR/log/web.log": "started\n", "filesDIR/log/db.log": "ready\n"},
		},
		{
			name: "a directory is taken whole, and nothing twice", with: sources("old", "old/*.log"),
			files: map[string]string{"filesDIR/log/old/web.log": "stopped\n"},
		},
		{
			name: "links lead nowhere outside", with: sources("inside", "outside", "absolute", "../secret"),
			files:   map[string]string{"filesDIR/log/inside": "started\n"},
			skipped: map[string]string{"log/outside": "path escapes from parent", "log/absolute": "path escapes from parent", "secret": "no file matches"},
		},
		{
			name: "what is missing is said", with: params{"files": []any{
				params{"from": "log", "include": []any{"*.txt", "web.log"}}, params{"from": "no"},
			}},
			files:   map[string]string{"filesDIR/log/web.log": "started\n"},
			skipped: map[string]string{"log/*.txt": "no file matches", "no": "no such file or directory"},
		},
		{
			name: "what is too large is left out", with: params{"files": sources("core", "web.log")["files"], "maxFileSize": 99},
			files:   map[string]string{"filesDIR/log/web.log": "started\n"},
			skipped: map[string]string{"filesDIR/log/core": "its 100 bytes are more than maxFileSize"},
		},
		{
			name: "what no longer fits is left out", with: params{"files": sources("core", "web.log")["files"], "maxSize": 107},
			files:   map[string]string{"filesDIR/log/core": strings.Repeat("x", 100)},
			skipped: map[string]string{"filesDIR/log/web.log": "its 8 bytes no longer fit into maxSize"},
		},
		{
			name: "commands", with: params{"commands": []any{
				run("both", "sh", "-c", "echo out; echo err >&2; exit 3"), run("none", "/no/such/program"),
				params{"name": "slow", "argv": []any{"sleep", "1000"}, "timeout": "50ms"},
			}},
			files: map[string]string{
				"commands/both.stdout": "out\n", "commands/both.stderr": "err\n", "commands/slow.stdout": "", "commands/slow.stderr": "",
			},
			skipped: map[string]string{
				"commands/none": "the program /no/such/program cannot be run: stat /no/such/program: no such file or directory",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := evidence(t)
			tt.with["to"] = "out/all.tar.gz"
			o := Options{Dir: dir, Environ: []string{"PATH=" + os.Getenv("PATH")}}
			got, err := apply(t, collect(o), tt.with)
			if err != nil {
				t.Fatal(err)
			}
			files, manifest := unpack(t, filepath.Join(dir, "out/all.tar.gz"))
			if diff := cmp.Diff(placed(tt.files, dir), files); diff != "" {
				t.Errorf("files:\n%s", diff)
			}
			skipped := map[string]string{}
			for _, skip := range got.Skipped {
				skipped[skip.Name] = skip.Reason
			}
			if diff := cmp.Diff(placed(tt.skipped, dir), skipped); diff != "" {
				t.Errorf("skipped:\n%s", diff)
			}
			sum, err := o.digest(t.Context(), "out/all.tar.gz", &sdktest.Host{})
			if err != nil || sum.SHA256 != got.SHA256 || sum.Size != got.Size || got.Files != len(files) || len(manifest.Files) != len(files) {
				t.Errorf("outputs %+v do not fit the archive of %d files, %+v", got, len(files), sum)
			}
		})
	}
}

// placed puts the directory of the evidence into the names.
func placed(names map[string]string, dir string) map[string]string {
	full := map[string]string{}
	for name, text := range names {
		full[strings.ReplaceAll(name, "DIR", filepath.ToSlash(dir))] = text
	}
	return full
}

func TestCollectPlan(t *testing.T) {
	t.Parallel()
	dir := evidence(t)
	action := collect(Options{Dir: dir})
	plan := func(with params) (sdk.Preview, error) {
		return handlerOf(t, action).Plan(t.Context(), request(t, action, with))
	}
	preview, err := plan(params{"to": "a.tgz", "files": []any{params{"from": "log", "include": []any{"*.log", "*.txt"}}}})
	if want := "would write a.tgz with 2 files and the output of 0 commands"; err != nil || preview.Summary != want {
		t.Errorf("%+v, %v", preview, err)
	}
	if want := []string{"log/*.txt would be left out: no file matches."}; !slices.Equal(preview.Warnings, want) || len(preview.Blockers) > 0 {
		t.Errorf("warnings %q, blockers %q", preview.Warnings, preview.Blockers)
	}
	_, err = plan(params{"to": "a.tgz", "files": []any{params{"from": "log"}, params{"from": "log", "include": []any{"["}}}})
	failure{sdk.Permanent, "files[1].include", "syntax error in pattern"}.check(t, err)
	place(t, filepath.Join(dir, "a.tgz"), nil)
	place(t, filepath.Join(dir, "a.2.tgz"), nil)
	preview, err = plan(params{"to": "a.tgz", "files": []any{params{"from": "log", "include": []any{"*.log"}}}})
	want := sdk.Preview{
		Summary: "would write a.3.tgz, as a.tgz is taken, with 2 files and the output of 0 commands",
		Changes: []sdk.Delta{{Target: "a.3.tgz", Kind: "archive", Op: "create"}},
	}
	if diff := cmp.Diff(want, preview); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestCollectDoesNotTakeArchivesThatAreBeingWritten(t *testing.T) {
	t.Parallel()
	dir := evidence(t)
	others := archive.PartOf(filepath.Join(dir, "log/old/other.tgz"), "run-2-step-do")
	if err := os.WriteFile(others, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := apply(t, collect(Options{Dir: dir}), params{
		"to": "log/old/all.tgz", "files": []any{params{"from": "log", "include": []any{"old"}}},
	})
	if err != nil || len(got.Skipped) > 0 {
		t.Fatal(err, got.Skipped)
	}
	files, _ := unpack(t, filepath.Join(dir, "log/old/all.tgz"))
	if diff := cmp.Diff(placed(map[string]string{"filesDIR/log/old/web.log": "stopped\n"}, dir), files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestCollectSaysWhyAPlaceCannotBeUsed(t *testing.T) {
	t.Parallel()
	action := collect(Options{Dir: evidence(t)})
	for to, want := range map[string]failure{
		"secret/a.tgz":                    {sdk.Permanent, "to", "secret/a.tgz: not a directory"},
		strings.Repeat("x", 300) + ".tgz": {sdk.Permanent, "to", "file name too long"},
	} {
		_, err := apply(t, action, params{"to": to, "files": []any{params{"from": "log"}}})
		want.check(t, err)
	}
}

func TestCollectKeepsWhatOthersMade(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		meddle func(archive string) error // after Apply
		lost   bool                       // what it saved before
		undo   failure
		stays  bool
	}{
		{name: "an archive that is as it was is removed"},
		{name: "and also where what it saved is lost", lost: true},
		{name: "one that is gone already is no fault", meddle: os.Remove},
		{name: "one that was changed stays", meddle: func(archive string) error {
			return os.WriteFile(archive, []byte("mine"), 0o600)
		}, undo: failure{sdk.Conflict, "to", "was not made by this step"}, stays: true},
		{name: "one that was added to stays", meddle: func(archive string) error {
			whole, err := os.ReadFile(archive)
			if err != nil {
				return err
			}
			return os.WriteFile(archive, append(whole, whole...), 0o600)
		}, undo: failure{sdk.Conflict, "", "was changed since it was written"}, stays: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := evidence(t)
			archive := filepath.Join(dir, "a.tgz")
			action := collect(Options{Dir: dir})
			handler, host := handlerOf(t, action), &sdktest.Host{}
			use := request(t, action, params{"to": "a.tgz", "files": []any{params{"from": "log"}}})
			outputs, err := handler.Apply(t.Context(), use, host)
			if err != nil {
				t.Fatal(err)
			}
			if tt.meddle != nil {
				if err := tt.meddle(archive); err != nil {
					t.Fatal(err)
				}
			}
			use.Key, use.Before, use.Outputs = "run-1-step-undo", host.StateBefore(), outputs
			if tt.lost {
				use.Before = nil
			}
			err = handler.Undo(t.Context(), use, host)
			if tt.undo.class != "" {
				tt.undo.check(t, err)
			} else if err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(archive); errors.Is(err, fs.ErrNotExist) == tt.stays {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestCollectLeavesNothingWhenItIsCancelled(t *testing.T) {
	t.Parallel()
	dir := evidence(t)
	ctx, cancel := context.WithCancel(t.Context())
	action := collect(Options{Dir: dir})
	use := request(t, action, params{"to": "out/a.tgz", "files": []any{params{"from": "log"}}})
	_, err := handlerOf(t, action).Apply(ctx, use, &stopper{cancel: cancel})
	left, globErr := filepath.Glob(filepath.Join(dir, "out", "*"))
	if !errors.Is(err, context.Canceled) || globErr != nil || len(left) > 0 {
		t.Errorf("it ended with %v and left %q", err, left)
	}
}

func TestCollectKeepsWhatCommandsPrintByteForByte(t *testing.T) {
	t.Parallel()
	run := func(script string, more params) params {
		command := params{"name": "it", "argv": []any{"sh", "-c", script}}
		maps.Copy(command, more)
		return command
	}
	tests := []struct {
		name                    string
		command                 params
		stdout, stderr          string
		exit                    int
		signal, note, cutOutput string
	}{
		{name: "blank lines and what is no text", command: run(`printf 'a\n\n\377\n\n'`, nil), stdout: "a\n\n\xff\n\n"},
		{name: "a failure", command: run("echo err >&2; exit 3", nil), stderr: "err\n", exit: 3},
		{
			name: "a command that is stopped", command: run("echo begun; echo why >&2; exec sleep 1000", params{"timeout": "2s"}),
			stdout: "begun\n", stderr: "why\n", exit: -1, signal: "terminated",
			note: "it did not end within 2s and was stopped; this is what it had printed",
		},
		{
			name:    "a command that does not want to be stopped",
			command: run(`trap "" TERM; echo begun; while :; do sleep 1000; done`, params{"timeout": "2s"}), stdout: "begun\n", exit: -1, signal: "killed",
			note: "it did not end within 2s and was stopped; this is what it had printed",
		},
		{
			name: "something stays in the background", command: run("sleep 5 & echo begun", nil), stdout: "begun\n",
			note: "it left something running, whose output was not waited for",
		},
		{
			name: "more than may be kept", command: run("printf 0123456789; printf abcdefghij; echo all >&2", nil),
			stdout: "01234fghij", stderr: "all\n", cutOutput: "10 bytes after the first 5 are cut out",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			with := params{"to": "all.tgz", "commands": []any{tt.command}}
			if tt.cutOutput != "" {
				with["maxFileSize"] = 10
			}
			got, err := apply(t, collect(Options{Dir: dir, Environ: []string{"PATH=" + os.Getenv("PATH")}}), with)
			if err != nil || len(got.Skipped) > 0 {
				t.Fatal(err, got.Skipped)
			}
			files, manifest := unpack(t, filepath.Join(dir, "all.tgz"))
			want := map[string]string{"commands/it.stdout": tt.stdout, "commands/it.stderr": tt.stderr}
			if diff := cmp.Diff(want, files); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if c := manifest.Commands[0]; c.ExitCode != tt.exit || c.Signal != tt.signal || c.Note != tt.note {
				t.Errorf("the manifest says %+v", c)
			}
			if note := manifest.Files[0].Note; note != tt.cutOutput {
				t.Errorf("the manifest says of the output %q, want %q", note, tt.cutOutput)
			}
		})
	}
}

// treeState lists a directory's files with their sizes.
func treeState(dir string) string {
	state := map[string]int64{}
	_ = filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			state[name] = info.Size()
		}
		return err
	})
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(state)) {
		fmt.Fprintf(&lines, "%s %d\n", name, state[name])
	}
	return lines.String()
}
