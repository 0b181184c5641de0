package check_test

import (
	"context"
	"testing"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// lookInput has a parameter of each kind that check tells apart.
type lookInput struct {
	URL     string            `json:"url" required:"true" doc:"What to look at."`
	Count   int               `json:"count" min:"1" max:"9" doc:"How often."`
	Mode    string            `json:"mode" enum:"fast,thorough" doc:"How."`
	For     schema.Duration   `json:"for" doc:"How long."`
	Token   string            `json:"token" secret:"true" doc:"Who asks."`
	Headers map[string]string `json:"headers" secret:"true" doc:"What to send."`
	Env     map[string]string `json:"env" takessecrets:"true" doc:"What else to know."`
	Argv    []string          `json:"argv" nosecret:"true" doc:"What to run."`
	Nodes   []node            `json:"nodes" doc:"Where."`
	Ratio   float64           `json:"ratio" doc:"How much."`
	Strict  bool              `json:"strict" doc:"Whether to mind."`
}

type node struct {
	Name string `json:"name" required:"true" doc:"Its name."`
	Port int    `json:"port" doc:"Its port."`
}

type lookOutput struct {
	Replicas int      `json:"replicas" required:"true" doc:"How many there are."`
	Names    []string `json:"names" required:"true" doc:"Their names."`
	Password string   `json:"password" secret:"true" doc:"The way in."`
}

type costs struct {
	Cost struct {
		USD   float64 `json:"usd" doc:"Money."`
		Calls int     `json:"api_calls" doc:"Calls."`
	} `json:"cost" doc:"What it cost."`
}

type textInput struct {
	Text string `json:"text" doc:"What to say."`
}

type none struct{}

// testActions returns a catalogue with an action of each sort.
func testActions(t testing.TB) *catalog.Catalog {
	t.Helper()
	made := func(h sdk.Handler, err error) sdk.Handler {
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	catalogue, err := catalog.New(
		made(sdk.Action[lookInput, lookOutput]{
			Name: "look", Summary: "Look", Description: "It looks.", Effect: sdk.Read, Apply: does[lookInput, lookOutput],
			Rules: []schema.Rule{{Expr: "!(has(self.count) && has(self.for))", Message: "look either so often or so long"}},
		}.Handler()),
		made(sdk.Action[textInput, none]{
			Name: "scale", Summary: "Scale", Description: "It scales.", Effect: sdk.Change,
			Apply: does[textInput, none], Undo: undoes[textInput],
		}.Handler()),
		made(sdk.Action[textInput, costs]{
			Name: "rent", Summary: "Rent", Description: "It rents.", Effect: sdk.Change, CostOutput: "cost", NothingToUndo: "rent is paid",
			Apply: does[textInput, costs],
		}.Handler()),
		made(sdk.Action[textInput, none]{
			Name: "poke", Summary: "Poke", Description: "It pokes.", Effect: sdk.Change, Apply: does[textInput, none],
		}.Handler()),
		made(sdk.Action[textInput, none]{
			Name: "send", Summary: "Send", Description: "It sends.", Effect: sdk.Change, Apply: does[textInput, none],
			NothingToUndo: "a message cannot be unsent",
		}.Handler()),
		made(sdk.Action[textInput, none]{
			Name: "drop", Summary: "Drop", Description: "It drops.", Effect: sdk.Destroy, Apply: does[textInput, none],
		}.Handler()),
		made(sdk.Action[textInput, none]{
			Name: "ask", Summary: "Ask", Description: "It asks.", Effect: sdk.Read,
			Ask: func(context.Context, *sdk.Call[textInput]) (sdk.Question, error) { return sdk.Question{}, nil },
			Answer: func(context.Context, *sdk.Call[textInput], sdk.Answer) (none, error) {
				return none{}, nil
			},
		}.Handler()),
	)
	if err != nil {
		t.Fatal(err)
	}
	return catalogue
}

func does[I, O any](context.Context, *sdk.Call[I]) (O, error) {
	var out O
	return out, nil
}

func undoes[I any](context.Context, *sdk.Call[I]) error { return nil }
