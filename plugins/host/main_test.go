package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/serve"
	"github.com/gatebook/gatebook/plugins/sdk/wire"
	"github.com/gatebook/gatebook/schema"
)

// The test's own binary is the plugin: under a plugin's name it behaves, or
// misbehaves, as that name says. So the plugins are real processes, and nothing
// needs to be built.
func TestMain(m *testing.M) {
	name, isPlugin := strings.CutPrefix(filepath.Base(os.Args[0]), "gatebook-plugin-")
	if dir := os.Getenv(hostIn); dir != "" {
		beHost(dir)
	}
	if !isPlugin {
		os.Exit(m.Run())
	}
	_ = os.WriteFile(ranIn(filepath.Dir(os.Args[0])), nil, 0o600)
	behave, ok := behaviours()[name]
	if !ok {
		fmt.Fprintln(os.Stderr, "no such behaviour")
		os.Exit(1)
	}
	behave()
}

// ranIn is the file that says that a plugin in the folder was run.
func ranIn(dir string) string { return filepath.Join(dir, "ran") }

// say leaves a file beside the plugin, for its test to read.
func say(name, text string) {
	path := filepath.Join(filepath.Dir(os.Args[0]), name)
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		panic(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		panic(err)
	}
}

func behaviours() map[string]func() {
	all := map[string]func(){
		"shop":   func() { serve.Main(shop("1.2.0")) },
		"files":  func() { serve.Main(files()) },
		"latin":  func() { serve.Main(latin()) },
		"loud":   func() { fmt.Println("hello, I am a plugin"); serve.Main(shop("1.0.0")) },
		"silent": func() { say("pid", strconv.Itoa(os.Getpid())); time.Sleep(time.Hour) },
		"exits":  func() { fmt.Fprintln(os.Stderr, "no licence found"); os.Exit(7) },
		"newer":  func() { fmt.Println("1|2|unix|/nowhere|grpc|"); time.Sleep(time.Hour) },
		"older":  func() { fmt.Println("1|0|unix|/nowhere|grpc|"); time.Sleep(time.Hour) },
		"babble": func() {
			for {
				_, _ = os.Stdout.Write([]byte("\x00\xff|||\n"))
				time.Sleep(time.Millisecond)
			}
		},
		"liar": func() { serve.Main(shop("9.9.9")) },
	}
	maps.Copy(all, withoutSDK())
	return all
}

type target struct {
	Address string `json:"address" default:"here" pattern:"^[a-z]+$" doc:"Where it is."`
	Broken  bool   `json:"broken" doc:"Whether to fail."`
}

type orderInput struct {
	Item string `json:"item" required:"true" minLength:"1" doc:"What to order."`
}

type orderOutput struct {
	Item    string            `json:"item" required:"true" doc:"What was ordered."`
	Address string            `json:"address" required:"true" doc:"Where to."`
	Env     map[string]string `json:"env" required:"true" doc:"What the plugin was given."`
	Trace   string            `json:"trace" required:"true" doc:"The trace context."`
	Number  int64             `json:"number" required:"true" doc:"A large number."`
}

// helper starts a program, as one that asks for credentials does.
func helper() *os.Process {
	command := exec.CommandContext(context.Background(), "/bin/sleep", "3600")
	if err := command.Start(); err != nil {
		panic(err)
	}
	return command.Process
}

// shop is a plugin that can be asked to misbehave in its actions.
func shop(version string) sdk.Plugin[target] {
	var at target
	act := func(name string, do func(context.Context, *sdk.Call[orderInput]) (orderOutput, error)) sdk.Action[orderInput, orderOutput] {
		return sdk.Action[orderInput, orderOutput]{Name: name, Summary: "Order something", Effect: sdk.Change, Apply: do}
	}
	order := act("order", func(ctx context.Context, call *sdk.Call[orderInput]) (orderOutput, error) {
		if err := call.SaveBefore(ctx, map[string]int{"stock": 7}); err != nil {
			return orderOutput{}, err
		}
		if err := call.Note("till", 3); err != nil {
			return orderOutput{}, err
		}
		call.Host.Progress(sdk.Progress{Message: "packing", Done: 1, Total: 2})
		call.Log.Info("packed", "item", call.Input.Item)
		env := map[string]string{}
		for _, variable := range os.Environ() {
			name, value, _ := strings.Cut(variable, "=")
			if !strings.HasPrefix(name, "PLUGIN_") && name != wire.CookieKey {
				env[name] = value
			}
		}
		return orderOutput{
			Item: call.Input.Item, Address: at.Address, Env: env, Trace: call.TraceParent, Number: 1<<53 + 1,
		}, nil
	})
	order.Plan = func(_ context.Context, call *sdk.Call[orderInput]) (sdk.Preview, error) {
		return sdk.Preview{Summary: "would order " + call.Input.Item, Estimate: time.Minute}, nil
	}
	order.Observe = func(_ context.Context, call *sdk.Call[orderInput]) (sdk.Observed[orderOutput], error) {
		till, noted, err := sdk.LoadNote[int](call, "till")
		if err != nil || !noted {
			return sdk.Observed[orderOutput]{State: sdk.NotDone}, err
		}
		return sdk.Observed[orderOutput]{State: sdk.Done, Outputs: orderOutput{Number: int64(till)}, Detail: "The till has it."}, nil
	}
	order.Undo = func(_ context.Context, call *sdk.Call[orderInput]) error {
		before, saved, err := sdk.LoadBefore[map[string]int](call)
		if err != nil || !saved || before["stock"] != 7 {
			return sdk.Errorf(sdk.Conflict, "the stock before is %v, saved %t: %v", before, saved, err)
		}
		return nil
	}
	stubborn := act("stubborn", func(_ context.Context, call *sdk.Call[orderInput]) (orderOutput, error) {
		call.Progressf("%d", os.Getpid())
		time.Sleep(time.Hour)
		return orderOutput{}, nil
	})
	stubborn.Observe = func(ctx context.Context, call *sdk.Call[orderInput]) (sdk.Observed[orderOutput], error) {
		_, err := stubborn.Apply(ctx, call)
		return sdk.Observed[orderOutput]{}, err
	}
	return sdk.Plugin[target]{
		Name: strings.TrimPrefix(filepath.Base(os.Args[0]), "gatebook-plugin-"), Version: version, Summary: "A shop", Description: "Sells.",
		Configure: func(_ context.Context, config target) error {
			if config.Broken {
				return sdk.FieldErrorf("broken", "the shop %s is closed", config.Address)
			}
			at = config
			return nil
		},
		Target: func(context.Context) (sdk.Target, error) {
			return sdk.Target{ID: at.Address, Title: "the shop " + at.Address}, nil
		},
		Actions: []sdk.Declaration{
			order,
			act("nothing", func(context.Context, *sdk.Call[orderInput]) (orderOutput, error) { return orderOutput{}, nil }),
			act("fail", func(context.Context, *sdk.Call[orderInput]) (orderOutput, error) {
				return orderOutput{}, sdk.Errorf(sdk.Denied, "you may not order").NothingChanged()
			}),
			act("field", func(context.Context, *sdk.Call[orderInput]) (orderOutput, error) {
				return orderOutput{}, sdk.FieldErrorf("item", "is sold out")
			}),
			act("panic", func(context.Context, *sdk.Call[orderInput]) (orderOutput, error) { panic("no paper") }),
			act("die", func(context.Context, *sdk.Call[orderInput]) (orderOutput, error) {
				fmt.Fprintln(os.Stderr, "the roof came down")
				os.Exit(3)
				return orderOutput{}, nil
			}),
			act("chatter", func(context.Context, *sdk.Call[orderInput]) (orderOutput, error) {
				fmt.Fprint(os.Stderr, "one\r\n\ntwo ", strings.Repeat("z", 5000), "\nthree")
				os.Exit(4)
				return orderOutput{}, nil
			}),
			act("wait", func(ctx context.Context, call *sdk.Call[orderInput]) (orderOutput, error) {
				call.Progressf("waiting")
				<-ctx.Done()
				return orderOutput{}, sdk.Errorf(sdk.Transient, "left half of %s behind", call.Input.Item)
			}),
			stubborn,
			act("parent", func(_ context.Context, call *sdk.Call[orderInput]) (orderOutput, error) {
				call.Progressf("%d %d", os.Getpid(), helper().Pid)
				time.Sleep(time.Hour)
				return orderOutput{}, nil
			}),
			act("orphan", func(ctx context.Context, call *sdk.Call[orderInput]) (orderOutput, error) {
				call.Progressf("%d %d", os.Getpid(), helper().Pid)
				<-ctx.Done() // the host has heard it
				os.Exit(5)
				return orderOutput{}, nil
			}),
			act("large", func(context.Context, *sdk.Call[orderInput]) (orderOutput, error) {
				return orderOutput{Item: strings.Repeat("x", wire.MaxMessage)}, nil
			}),
			bulk(), gentle(), sleep(), busy(),
			act("deadline", func(ctx context.Context, _ *sdk.Call[orderInput]) (orderOutput, error) {
				deadline, _ := ctx.Deadline()
				return orderOutput{Number: deadline.Unix()}, nil
			}),
			act("lines", func(_ context.Context, call *sdk.Call[orderInput]) (orderOutput, error) {
				call.Host.Output("stdout", []byte(strings.Repeat("y", 3*wire.MaxLine-1)))
				return orderOutput{}, nil
			}),
		},
	}
}

// bulk is an action with much to say: its outputs and its state cross each by itself, and
// to its Undo together.
func bulk() sdk.Declaration {
	const much = 7 << 20
	return sdk.Action[orderInput, orderOutput]{
		Name: "bulk", Summary: "Order in bulk", Effect: sdk.Change,
		Plan: func(context.Context, *sdk.Call[orderInput]) (sdk.Preview, error) {
			return sdk.Preview{Summary: strings.Repeat("x", wire.MaxMessage)}, nil
		},
		Apply: func(ctx context.Context, call *sdk.Call[orderInput]) (orderOutput, error) {
			return orderOutput{Item: strings.Repeat("x", much)}, call.SaveBefore(ctx, strings.Repeat("y", much))
		},
		Undo: func(_ context.Context, call *sdk.Call[orderInput]) error {
			before, _, beforeErr := sdk.LoadBefore[string](call)
			outputs, _, outputsErr := sdk.LoadOutputs[orderOutput](call)
			if len(before) != much || len(outputs.Item) != much {
				return sdk.Errorf(sdk.Conflict, "got %d and %d bytes: %v, %v", len(before), len(outputs.Item), beforeErr, outputsErr)
			}
			return sdk.Errorf(sdk.Denied, "%s\xff", strings.Repeat("z", wire.MaxMessage))
		},
	}
}

type gentleInput struct {
	Grace schema.Duration `json:"grace" default:"1h" doc:"How long its end may take."`
}

// gentle is an action that takes its time to end, and says so.
func gentle() sdk.Declaration {
	return sdk.Action[gentleInput, orderOutput]{
		Name: "gentle", Summary: "Close the shop gently", Effect: sdk.Change, GraceParam: "grace",
		Apply: func(ctx context.Context, call *sdk.Call[gentleInput]) (orderOutput, error) {
			call.Progressf("open")
			<-ctx.Done()
			time.Sleep(time.Second) // ten times what the host gives those who say nothing
			return orderOutput{}, sdk.Errorf(sdk.Transient, "the last customer has left")
		},
	}
}

// recorder is a host that remembers what it is told.
type recorder struct {
	progress []sdk.Progress
	lines    []string
	before   json.RawMessage
	notes    map[string]json.RawMessage
	beforeOK error
	told     chan struct{}
}

func (r *recorder) Progress(p sdk.Progress) {
	r.progress = append(r.progress, p)
	if r.told != nil {
		close(r.told)
		r.told = nil
	}
}

func (r *recorder) Output(stream string, line []byte) {
	r.lines = append(r.lines, stream+": "+string(line))
}

func (r *recorder) Before(_ context.Context, state json.RawMessage) error {
	r.before = state
	return r.beforeOK
}

func (r *recorder) Note(name string, fact json.RawMessage) error {
	if r.notes == nil {
		r.notes = map[string]json.RawMessage{}
	}
	r.notes[name] = fact
	return nil
}
