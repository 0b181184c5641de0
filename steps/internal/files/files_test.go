package files_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps/internal/files"
)

func TestErrorNamesTheFileOnce(t *testing.T) {
	t.Parallel()
	_, missing := os.Stat(filepath.Join(t.TempDir(), "a"))
	denied := &fs.PathError{Op: "open", Path: "/x/a", Err: fs.ErrPermission}
	for _, tt := range []struct {
		err  error
		want sdk.Error
	}{
		{missing, sdk.Error{Class: sdk.Permanent, Message: "a: no such file or directory"}},
		{denied, sdk.Error{Class: sdk.Denied, Message: "a: permission denied"}},
		{errors.New("other"), sdk.Error{Class: sdk.Permanent, Message: "a: other"}},
	} {
		got := files.Error("path", "a", tt.err)
		if got.Class != tt.want.Class || got.Field != "path" || got.Message != tt.want.Message || !got.Unchanged {
			t.Errorf("got %+v, want %+v", got, tt.want)
		}
	}
}

func TestReaderTellsHowFarItIsAndEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var told []sdk.Progress
	reader := files.NewReader(ctx, strings.NewReader("0123456789"), 10, func(p sdk.Progress) { told = append(told, p) })
	if text, err := io.ReadAll(reader); err != nil || string(text) != "0123456789" {
		t.Fatalf("read %q, %v", text, err)
	}
	if len(told) != 1 || told[0] != (sdk.Progress{Message: "10 of 10 bytes", Done: 10, Total: 10}) {
		t.Errorf("told %+v", told)
	}
	cancel()
	if _, err := reader.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("it reads on after its context: %v", err)
	}
}
