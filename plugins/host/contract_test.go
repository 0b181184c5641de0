package host_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/schema"
)

type writeInput struct {
	Path  string `json:"path" required:"true" minLength:"1" doc:"File to write."`
	Text  string `json:"text" required:"true" doc:"What it shall hold."`
	Token string `json:"token" secret:"true" doc:"What lets one write."`
	Wait  bool   `json:"wait" doc:"Whether to wait for ever instead."`
}

type writeOutput struct {
	Bytes int `json:"bytes" required:"true" unit:"bytes" doc:"How much was written."`
}

type former struct {
	Existed bool   `json:"existed"`
	Text    string `json:"text"`
}

// files is a plugin that behaves.
func files() sdk.Plugin[struct{}] {
	return sdk.Plugin[struct{}]{
		Name: "files", Version: "0.1.0", Summary: "Files that are put back",
		Actions: []sdk.Declaration{sdk.Action[writeInput, writeOutput]{
			Name: "write", Summary: "Write a file", Description: "Writes a file.", Effect: sdk.Change, Idempotent: true,
			Examples: []schema.Example{{Title: "A motto", With: map[string]any{"path": "motto", "text": "on"}}},
			Plan: func(context.Context, *sdk.Call[writeInput]) (sdk.Preview, error) {
				return sdk.Preview{Summary: "would write a file"}, nil
			},
			Apply: writeFile,
			Observe: func(_ context.Context, call *sdk.Call[writeInput]) (sdk.Observed[writeOutput], error) {
				text, err := os.ReadFile(call.Input.Path)
				if err != nil || string(text) != call.Input.Text {
					return sdk.Observed[writeOutput]{State: sdk.NotDone}, nil
				}
				return sdk.Observed[writeOutput]{State: sdk.Done, Outputs: writeOutput{len(text)}, Detail: "It is there."}, nil
			},
			Undo: putBack,
		}},
	}
}

func writeFile(ctx context.Context, call *sdk.Call[writeInput]) (writeOutput, error) {
	if call.Input.Wait {
		<-ctx.Done()
		return writeOutput{}, ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return writeOutput{}, err
	}
	text, err := os.ReadFile(call.Input.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return writeOutput{}, err
	}
	if string(text) == call.Input.Text && err == nil {
		return writeOutput{len(text)}, nil
	}
	if err := call.SaveBefore(ctx, former{Existed: err == nil, Text: string(text)}); err != nil {
		return writeOutput{}, err
	}
	call.Progressf("writing")
	return writeOutput{len(call.Input.Text)}, os.WriteFile(call.Input.Path, []byte(call.Input.Text), 0o600)
}

func putBack(_ context.Context, call *sdk.Call[writeInput]) error {
	before, saved, err := sdk.LoadBefore[former](call)
	switch {
	case err != nil || !saved:
		return err
	case !before.Existed:
		if err := os.Remove(call.Input.Path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	default:
		return os.WriteFile(call.Input.Path, []byte(before.Text), 0o600)
	}
}

// TestTheContractHoldsAcrossTheWire: the suite that actions pass in one process they
// pass as a plugin too.
func TestTheContractHoldsAcrossTheWire(t *testing.T) {
	t.Parallel()
	write := newWorld(t, nil).connect("files", "0.1.0", `{}`)["write"]
	there := func(t testing.TB, had string) sdktest.World {
		path := filepath.Join(t.TempDir(), "motto")
		if had != "" {
			if err := os.WriteFile(path, []byte(had), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return sdktest.World{
			Params: map[string]any{"path": path, "text": "on", "token": "hush-hush-1"},
			Probe: func() string {
				text, err := os.ReadFile(path)
				if errors.Is(err, fs.ErrNotExist) {
					return "nothing"
				}
				return string(text)
			},
		}
	}
	t.Run("suite", func(t *testing.T) { // the world must outlive the parallel checks
		sdktest.Run(t, write,
			sdktest.Case{Name: "a new file", World: func(t testing.TB) sdktest.World { return there(t, "") }},
			sdktest.Case{Name: "another text", World: func(t testing.TB) sdktest.World { return there(t, "off") }},
			sdktest.Case{Name: "waits", Blocks: true, World: func(testing.TB) sdktest.World {
				return sdktest.World{Params: map[string]any{"path": "x", "text": "", "wait": true}}
			}},
		)
	})
}
