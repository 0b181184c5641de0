//go:build unix

package steps

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// A preview says in which version it saw what it was made from.
func TestPreviewsSayWhatTheySaw(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"digits": digits, "tool": "#!/bin/sh\n", "below/tool": digits} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	handlers, err := Builtin(Options{Dir: dir, Environ: []string{"PATH=" + os.Getenv("PATH")}})
	if err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 65<<20); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		action  string
		with    params
		unknown []string
		want    string
	}{
		{"file.verify", params{"path": "digits"}, nil, "file digits sha256:" + digitsSHA256},
		{"file.verify", params{"path": "none"}, nil, "file none absent"},
		{"file.verify", params{"path": "."}, nil, "file . a directory"},
		{"file.verify", params{"path": "large"}, nil, fmt.Sprintf("file large %d bytes", 65<<20)},
		{"file.verify", params{}, []string{"path"}, ""},
		{"exec", params{"command": []any{"true"}}, nil, ""}, // what PATH has is the machine's
		{"exec", params{"command": []any{"./tool", "x"}, "cwd": "below"}, nil, "file ./tool sha256:" + digitsSHA256},
		{"exec", params{"command": []any{"./tool"}}, []string{"cwd"}, ""},
		{"exec", params{"script": "./tool"}, nil, ""},
		{"exec", params{"command": []any{"true"}, "check": []any{"test", "-e", "none"}}, nil, "check test -e none does not succeed"},
		{"exec", params{"command": []any{"true"}, "check": []any{"test", "-e", "tool"}}, nil, "check test -e tool succeeds"},
		{"exec", params{"command": []any{"true"}, "check": []any{"./below/tool"}}, []string{"env"}, "file ./below/tool sha256:" + digitsSHA256},
		{"exec.check", params{"command": []any{"./below/tool"}}, nil, "file ./below/tool sha256:" + digitsSHA256},
	} {
		for _, handler := range handlers {
			if handler.Describe().Name != test.action {
				continue
			}
			got, err := handler.Plan(t.Context(), sdk.Request{Params: paramsOf(t, test.with), Unknown: test.unknown})
			var all []string
			for _, seen := range got.Observed {
				all = append(all, fmt.Sprintf("%s %s %s", seen.Kind, seen.Name, seen.Version))
			}
			if seen := strings.Join(all, ", "); err != nil || seen != test.want {
				t.Errorf("%s %v: got %s and %v, want %s", test.action, test.with, seen, err, test.want)
			}
		}
	}
}
