package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// GreetInput is all that an author says about the parameters: schema, defaults,
// documentation and completion come from the tags.
type GreetInput struct {
	Name  string          `json:"name" required:"true" minLength:"1" doc:"Whom to greet."`
	Pause schema.Duration `json:"pause" default:"1s" doc:"How long to think first."`
}

// GreetOutput is what later steps and conditions can refer to.
type GreetOutput struct {
	Text string `json:"text" required:"true" doc:"What was said."`
}

func greet(_ context.Context, call *sdk.Call[GreetInput]) (GreetOutput, error) {
	if call.Input.Name == "nobody" {
		return GreetOutput{}, sdk.FieldErrorf("name", "must be somebody")
	}
	return GreetOutput{Text: fmt.Sprintf("hello %s, after %s", call.Input.Name, call.Input.Pause)}, nil
}

// An action is a declaration and a function.
func ExampleAction() {
	handler, err := sdk.Action[GreetInput, GreetOutput]{
		Name:        "greet",
		Summary:     "Say hello",
		Description: "Says hello to somebody.",
		Effect:      sdk.Read,
		Examples:    []schema.Example{{Title: "A friend", With: map[string]any{"name": "Ada"}}},
		Apply:       greet,
	}.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	outputs, err := handler.Apply(context.Background(), sdk.Request{Params: json.RawMessage(`{"name":"Ada"}`)}, nil)
	fmt.Println(string(outputs), err)

	_, err = handler.Apply(context.Background(), sdk.Request{Params: json.RawMessage(`{"nmae":"Ada"}`)}, nil)
	fmt.Println(err)
	// Output:
	// {"text":"hello Ada, after 1s"} <nil>
	// nmae: is not a known field; known are name and pause
}

// An action that changes something saves the state before, so that Undo can
// restore it even after a crash.
func ExampleLoadBefore() {
	replicas := 2
	type input struct {
		Replicas int `json:"replicas" required:"true" doc:"How many there shall be."`
	}
	type none struct{}
	handler, err := sdk.Action[input, none]{
		Name: "scale", Summary: "Set the number of replicas", Effect: sdk.Change,
		Apply: func(ctx context.Context, call *sdk.Call[input]) (none, error) {
			if err := call.SaveBefore(ctx, replicas); err != nil {
				return none{}, err
			}
			replicas = call.Input.Replicas
			return none{}, nil
		},
		Undo: func(_ context.Context, call *sdk.Call[input]) error {
			before, saved, err := sdk.LoadBefore[int](call)
			switch {
			case err != nil || !saved: // nothing was changed
				return err
			case replicas != call.Input.Replicas:
				return sdk.Errorf(sdk.Conflict, "somebody set %d replicas meanwhile", replicas)
			}
			replicas = before
			return nil
		},
	}.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	host := &recorder{}
	request := sdk.Request{Params: json.RawMessage(`{"replicas":5}`)}
	_, err = handler.Apply(context.Background(), request, host)
	fmt.Println(replicas, err)

	request.Before = host.before
	fmt.Println(handler.Undo(context.Background(), request, host), replicas)
	// Output:
	// 5 <nil>
	// <nil> 2
}

// The class of an error says what happens next; the text says what went wrong.
func ExampleErrorf() {
	busy := errors.New("connection refused")
	err := sdk.Errorf(sdk.Transient, "ask the server: %w", busy)
	fmt.Println(sdk.AsError(err).Class, err, errors.Is(err, busy))
	// Output: transient ask the server: connection refused true
}

// A plugin is its actions and what a connection of it is configured by. The author's tests
// use it as a host would.
func ExamplePlugin() {
	type config struct {
		Address string `json:"address" required:"true" doc:"Where the greeter is."`
	}
	served, err := sdk.Plugin[config]{
		Name: "greeter", Version: "1.0.0", Summary: "Greetings",
		Configure: func(_ context.Context, c config) error {
			if c.Address == "nowhere" {
				return sdk.FieldErrorf("address", "nobody answers there") // shown at that line of the runbook
			}
			return nil
		},
		Actions: []sdk.Declaration{sdk.Action[GreetInput, GreetOutput]{
			Name: "greet", Summary: "Say hello", Effect: sdk.Read, Apply: greet,
		}},
	}.Served()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(served.Configure(context.Background(), json.RawMessage(`{"address":"nowhere"}`)))
	fmt.Println(served.Configure(context.Background(), json.RawMessage(`{"address":"here"}`)))
	handler, _ := served.Handler("greet")
	outputs, err := handler.Apply(context.Background(), sdk.Request{Params: json.RawMessage(`{"name":"Ada"}`)}, nil)
	fmt.Println(string(outputs), err)
	// Output:
	// address: nobody answers there
	// <nil>
	// {"text":"hello Ada, after 1s"} <nil>
}

// An action that is stopped says what it leaves; the class comes from why it was stopped.
func ExampleStoppedErrorf() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := sdk.StoppedErrorf(ctx, "%d of 5 pods are left on %s", 3, "node-1")
	fmt.Println(err.Class, err, errors.Is(err, context.Canceled))
	// Output: cancelled 3 of 5 pods are left on node-1 true
}
