package steps

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/steps/internal/archive"
)

// place writes a file that somebody else made.
func place(t testing.TB, name string, text []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, text, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// otherArchive is an archive that carries a key.
func otherArchive(key string) []byte {
	var written bytes.Buffer
	to := archive.NewWriter(&written, key, time.Unix(0, 0), archive.Limits{}, func(sdk.Progress) {})
	if err := to.Close(); err != nil {
		panic(err) // nothing that is in memory fails
	}
	return written.Bytes()
}

func TestCollectWritesBesideWhatHasItsName(t *testing.T) {
	t.Parallel()
	other := otherArchive("run-0-step-do")
	tests := []struct {
		name, to string
		there    map[string]string
		path     string
		told     string
	}{
		{name: "an archive", to: "a.tar.gz", there: map[string]string{"a.tar.gz": string(other)}, path: "a.2.tar.gz", told: "another run"},
		{name: "two archives", to: "a.tgz", there: map[string]string{"a.tgz": string(other), "a.2.tgz": string(other)}, path: "a.3.tgz", told: "another run"},
		{name: "a gap", to: "a.tgz", there: map[string]string{"a.tgz": string(other), "a.3.tgz": string(other)}, path: "a.2.tgz", told: "another run"},
		{name: "a file", to: "a.tgz", there: map[string]string{"a.tgz": "mine"}, path: "a.2.tgz", told: "not known to be from gatebook"},
		{name: "a damaged archive of this key", to: "a.tgz", there: map[string]string{"a.tgz": string(otherArchive("run-1-step-do")[:60])}, path: "a.2.tgz", told: "an archive"},
		{name: "a directory", to: "a.tgz", there: map[string]string{"a.tgz/file": "mine"}, path: "a.2.tgz", told: "not known to be from gatebook"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := evidence(t)
			for name, text := range tt.there {
				place(t, filepath.Join(dir, name), []byte(text))
			}
			got, host, err := applyTold(t.Context(), t, collect(Options{Dir: dir}), params{"to": tt.to, "files": []any{params{"from": "log"}}})
			if err != nil || got.Path != tt.path {
				t.Fatalf("%+v, %v", got, err)
			}
			if files, _ := unpack(t, filepath.Join(dir, tt.path)); len(files) != got.Files {
				t.Errorf("%s holds %d files, want %d", tt.path, len(files), got.Files)
			}
			if told := host.ProgressTold(); !strings.Contains(told[len(told)-1].Message, tt.told) {
				t.Errorf("it tells %q, not %q", told[len(told)-1].Message, tt.told)
			}
			for name, want := range tt.there {
				if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(text) != want {
					t.Errorf("%s is %q, %v", name, text, err)
				}
			}
		})
	}
}

// TestCollectKnowsItsOwnUnderANumber has an archive of another beside it, which is taken
// away before it is looked for.
func TestCollectKnowsItsOwnUnderANumber(t *testing.T) {
	t.Parallel()
	for name, returned := range map[string]bool{"after it returned": true, "after a crash": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := evidence(t)
			first := filepath.Join(dir, "a.tgz")
			place(t, first, otherArchive("run-0-step-do"))
			action := collect(Options{Dir: dir})
			handler, host := handlerOf(t, action), &sdktest.Host{}
			use := request(t, action, params{"to": "a.tgz", "files": []any{params{"from": "log"}}})
			outputs, err := handler.Apply(t.Context(), use, host)
			if err := errors.Join(err, os.Remove(first)); err != nil {
				t.Fatal(err)
			}
			seen, err := handler.Observe(t.Context(), use, host)
			if diff := cmp.Diff(string(outputs), string(seen.Outputs)); err != nil || seen.State != sdk.Done || diff != "" {
				t.Errorf("%s, %v: outputs (-applied +observed):\n%s", seen.State, err, diff)
			}
			again, err := handler.Apply(t.Context(), use, host)
			if diff := cmp.Diff(string(outputs), string(again)); err != nil || diff != "" {
				t.Errorf("%v: outputs (-once +twice):\n%s", err, diff)
			}
			place(t, first, otherArchive("run-2-step-do"))
			use.Key, use.Undo, use.Before = "run-1-step-undo", true, host.StateBefore()
			if returned {
				use.Outputs = outputs
			}
			for _, want := range []sdk.State{sdk.NotDone, sdk.Done} {
				if seen, err := handler.Observe(t.Context(), use, host); err != nil || seen.State != want {
					t.Errorf("Observe of the undo says %s, %v; want %s", seen.State, err, want)
				}
				if err := handler.Undo(t.Context(), use, host); err != nil {
					t.Fatal(err)
				}
			}
			_, errSecond := os.Stat(filepath.Join(dir, "a.2.tgz"))
			if _, err := os.Stat(first); err != nil || !errors.Is(errSecond, fs.ErrNotExist) {
				t.Errorf("after the undo: a.tgz %v, a.2.tgz %v", err, errSecond)
			}
		})
	}
}
