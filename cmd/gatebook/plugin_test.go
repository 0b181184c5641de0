package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/serve"
	"github.com/gatebook/gatebook/schema"
)

type shopConfig struct {
	Folder string `json:"folder" required:"true" doc:"Where the shop keeps its shelves."`
	Token  string `json:"token" secret:"true" doc:"What lets one in."`
}

type shelfInput struct {
	Name  string `json:"name" required:"true" pattern:"^[a-z]+$" doc:"The shelf."`
	Goods string `json:"goods" doc:"What to put on it."`
}

type shelfOutput struct {
	Goods string `json:"goods" required:"true" doc:"What is on it."`
	Token int    `json:"token" required:"true" doc:"How long the token is."`
	Home  string `json:"home" required:"true" doc:"What the plugin sees as HOME."`
	Trace string `json:"trace" doc:"The trace context of the attempt."`

	Cost map[string]float64 `json:"cost,omitempty" doc:"What the goods cost."`
}

// price is what goods cost that have a price in their name: "2.5 pears".
func price(goods string) (map[string]float64, bool) {
	amount, _, _ := strings.Cut(goods, " ")
	usd, err := strconv.ParseFloat(amount, 64)
	return map[string]float64{"usd": usd, "api_calls": 1}, err == nil
}

// shop is a plugin that scripts use: this test's binary under the plugin's name.
func shop() {
	// A script that has this file counts how often the plugin is started.
	if starts, err := os.OpenFile("starts", os.O_APPEND|os.O_WRONLY, 0); err == nil {
		fmt.Fprintln(starts, "started")
		_ = starts.Close()
	}
	// A script that has this file gives the shelf a rule, as CEL.
	var rules []schema.Rule
	if text, err := os.ReadFile("rule"); err == nil {
		rules = []schema.Rule{{Expr: strings.TrimSpace(string(text)), Message: "the name and the goods must differ."}}
	}
	var at shopConfig
	look := func(name string) (shelfOutput, error) {
		if name == "nowhere" {
			return shelfOutput{}, sdk.FieldErrorf("name", "there is no shelf %s", name)
		}
		text, err := os.ReadFile(filepath.Join(at.Folder, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return shelfOutput{}, err
		}
		return shelfOutput{Goods: string(text), Token: len(at.Token), Home: os.Getenv("HOME")}, nil
	}
	// What a plan saw of a shelf is how full that was.
	version := func(is shelfOutput) string { return fmt.Sprint("generation ", len(is.Goods)) }
	put := func(name, goods string) error {
		return os.WriteFile(filepath.Join(at.Folder, name), []byte(goods), 0o600)
	}
	serve.Main(sdk.Plugin[shopConfig]{
		Name: "shop", Version: "1.2.0", Summary: "Shelves and what is on them",
		Configure: func(_ context.Context, config shopConfig) error {
			at = config
			switch {
			case strings.HasPrefix(config.Token, "wrong"):
				return sdk.FieldErrorf("token", "does not let one in")
			case config.Token == "absent":
				return sdk.Errorf(sdk.Transient, "the shop is shut")
			default:
				return nil
			}
		},
		// What is in this file beside the shelves is what the shop is, whatever its folder.
		Target: func(context.Context) (sdk.Target, error) {
			name, err := os.ReadFile(filepath.Join(at.Folder, "shop-name"))
			if errors.Is(err, fs.ErrNotExist) {
				name, err = []byte("no name"), nil
			}
			return sdk.Target{ID: "shop " + string(name), Title: "the shop " + strings.TrimSpace(string(name))}, err
		},
		Actions: []sdk.Declaration{
			sdk.Action[shelfInput, shelfOutput]{
				Name: "shelf", Summary: "Look at a shelf", Effect: sdk.Read, InPlan: true, Rules: rules,
				Examples: []schema.Example{{Title: "The one in front", With: map[string]any{"name": "front"}}},
				Apply: func(_ context.Context, call *sdk.Call[shelfInput]) (shelfOutput, error) {
					out, err := look(call.Input.Name)
					out.Trace = call.TraceParent
					return out, err
				},
			},
			sdk.Action[shelfInput, shelfOutput]{
				Name: "stock", Summary: "Put goods on a shelf", Effect: sdk.Change, Idempotent: true, CostOutput: "cost",
				Plan: func(_ context.Context, call *sdk.Call[shelfInput]) (sdk.Preview, error) {
					is, err := look(call.Input.Name)
					cost, priced := price(call.Input.Goods)
					if !priced {
						cost = nil // it cannot tell
					}
					return sdk.Preview{
						Cost:     cost,
						Observed: []sdk.Seen{{Kind: "Shelf", Name: call.Input.Name, Version: version(is)}},
						Summary:  "would put " + call.Input.Goods + " on " + call.Input.Name,
						Warnings: []string{"The token is " + at.Token + "."},
					}, err
				},
				Apply: func(ctx context.Context, call *sdk.Call[shelfInput]) (shelfOutput, error) {
					before, err := look(call.Input.Name)
					if err != nil {
						return shelfOutput{}, err
					}
					if seen, saw := call.Saw("Shelf", call.Input.Name); saw && seen.Version != version(before) {
						return shelfOutput{}, sdk.OutdatedErrorf("the shelf %s was %s in the plan, and is %s by now", call.Input.Name, seen.Version, version(before))
					}
					if err := call.SaveBefore(ctx, before.Goods); err != nil {
						return shelfOutput{}, err
					}
					call.Log.Info("stocking with " + at.Token)
					fmt.Fprintln(os.Stderr, "raw", at.Token)
					if call.Input.Goods == "wait" {
						call.Progressf("half full")
						<-ctx.Done()
						return shelfOutput{}, sdk.StoppedErrorf(ctx, "the shelf %s is left half full", call.Input.Name)
					}
					if call.Input.Goods == "die" {
						fmt.Fprint(os.Stderr, "its last words, ", at.Token, os.Getenv("SHOP_SECRET"))
						os.Exit(3)
					}
					if call.Input.Goods == "dump" { // on one line, which is cut in the middle of tokens
						fmt.Fprint(os.Stderr, strings.Repeat(at.Token+".", 3000))
						os.Exit(3)
					}
					if err := put(call.Input.Name, call.Input.Goods); err != nil {
						return shelfOutput{}, err
					}
					out, err := look(call.Input.Name)
					// What is bought at the counter costs twice as much as was said.
					if cost, priced := price(call.Input.Goods); priced {
						if strings.Contains(call.Input.Goods, "dear") {
							cost["usd"] *= 2
						}
						out.Cost = cost
					}
					return out, err
				},
				Undo: func(_ context.Context, call *sdk.Call[shelfInput]) error {
					before, saved, err := sdk.LoadBefore[string](call)
					if err != nil || !saved {
						return err
					}
					return put(call.Input.Name, before)
				},
			},
		},
	})
}
