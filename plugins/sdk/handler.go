package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/gatebook/gatebook/schema"
)

// Handler makes of the declaration what an engine calls. It fails where the
// declaration contradicts itself or a struct cannot be described.
//
// The handler decodes parameters strictly and fills in their defaults, makes a
// panic of the author's function a [Permanent] error with the stack in the log,
// and encodes outputs with empty lists and objects in place of null ones.
func (a Action[I, O]) Handler() (Handler, error) {
	description, err := a.describe()
	if err != nil {
		return nil, fmt.Errorf("action %q: %w", a.Name, err)
	}
	decode, err := newDecoder[I](description.Input)
	if err != nil {
		return nil, fmt.Errorf("action %q: %w", a.Name, err)
	}
	if err := description.validate(decode.validator); err != nil {
		return nil, fmt.Errorf("action %q: %w", a.Name, err)
	}
	return &handler[I, O]{
		action:      a,
		description: description,
		decode:      decode,
		hasNil:      canHoldNil(reflect.TypeFor[O]()),
	}, nil
}

func (a Action[I, O]) describe() (Description, error) {
	if err := a.check(); err != nil {
		return Description{}, err
	}
	input, err := schema.Of(reflect.TypeFor[I]())
	if err != nil {
		return Description{}, err
	}
	output, err := schema.Of(reflect.TypeFor[O]())
	if err != nil {
		return Description{}, err
	}
	if input.Type != schema.TypeObject || output.Type != schema.TypeObject {
		return Description{}, errors.New("input and output must be structs")
	}
	return Description{
		Name:        a.Name,
		Summary:     a.Summary,
		Description: a.Description,
		Effect:      a.Effect,
		Input:       input,
		Output:      output,
		Rules:       a.Rules,
		Examples:    a.Examples,
		Idempotent:  a.Idempotent,
		CanPlan:     a.Plan != nil,
		CanObserve:  a.Observe != nil,
		CanUndo:     a.Undo != nil,
		Asks:        a.Ask != nil,

		NothingToUndo: a.NothingToUndo,
		GraceParam:    a.GraceParam,
		InPlan:        a.InPlan,
		CostOutput:    a.CostOutput,
	}, nil
}

func (a Action[I, O]) check() error {
	if !regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$`).MatchString(a.Name) {
		return errors.New(`the name must be lower case, as "check" or "http.check"`)
	}
	switch a.Effect {
	case Read, Change, Destroy:
	default:
		return fmt.Errorf("%q is not an effect", a.Effect)
	}
	switch {
	case a.Summary == "" || strings.HasSuffix(a.Summary, ".") || strings.Contains(a.Summary, "\n"):
		return errors.New("the summary must be one line without a full stop")
	case (a.Ask == nil) != (a.Answer == nil):
		return errors.New("Ask and Answer come together")
	case (a.Apply == nil) == (a.Ask == nil):
		return errors.New("there must be either Apply or Ask")
	case a.Undo != nil && a.Effect == Read:
		return errors.New("an action that changes nothing has nothing to undo")
	default:
		return nil
	}
}

// handler is an action with its types erased.
type handler[I, O any] struct {
	action      Action[I, O]
	description Description
	decode      decoder[I]
	hasNil      bool // the output's type can hold nil lists or maps
}

func (h *handler[I, O]) Describe() Description { return h.description }

func (h *handler[I, O]) Plan(ctx context.Context, request Request) (preview Preview, err error) {
	if h.action.Plan == nil {
		return Preview{}, ErrUnsupported
	}
	call, err := h.call(request, discard{})
	if err != nil {
		return Preview{}, err
	}
	defer h.recovered(call, &err)
	return h.action.Plan(ctx, call)
}

func (h *handler[I, O]) Apply(ctx context.Context, request Request, host Host) (out json.RawMessage, err error) {
	if h.action.Apply == nil {
		return nil, ErrUnsupported
	}
	call, err := h.call(request, host)
	if err != nil {
		return nil, err
	}
	defer h.recovered(call, &err)
	outputs, err := h.action.Apply(ctx, call)
	if err != nil {
		return nil, err
	}
	return h.encode(outputs)
}

func (h *handler[I, O]) Observe(ctx context.Context, request Request, host Host) (seen Observation, err error) {
	if h.action.Observe == nil {
		return Observation{}, ErrUnsupported
	}
	call, err := h.call(request, host)
	if err != nil {
		return Observation{}, err
	}
	defer h.recovered(call, &err)
	observed, err := h.action.Observe(ctx, call)
	if err != nil {
		return Observation{}, err
	}
	seen = Observation{State: observed.State, Detail: observed.Detail}
	if observed.State == Done && !request.Undo {
		seen.Outputs, err = h.encode(observed.Outputs)
	}
	return seen, err
}

func (h *handler[I, O]) Undo(ctx context.Context, request Request, host Host) (err error) {
	if h.action.Undo == nil {
		return ErrUnsupported
	}
	call, err := h.call(request, host)
	if err != nil {
		return err
	}
	defer h.recovered(call, &err)
	return h.action.Undo(ctx, call)
}

func (h *handler[I, O]) Ask(ctx context.Context, request Request) (question Question, err error) {
	if h.action.Ask == nil {
		return Question{}, ErrUnsupported
	}
	call, err := h.call(request, discard{})
	if err != nil {
		return Question{}, err
	}
	defer h.recovered(call, &err)
	return h.action.Ask(ctx, call)
}

func (h *handler[I, O]) Answer(ctx context.Context, request Request, answer Answer) (out json.RawMessage, err error) {
	if h.action.Answer == nil {
		return nil, ErrUnsupported
	}
	call, err := h.call(request, discard{})
	if err != nil {
		return nil, err
	}
	defer h.recovered(call, &err)
	outputs, err := h.action.Answer(ctx, call, answer)
	if err != nil {
		return nil, err
	}
	return h.encode(outputs)
}

func (h *handler[I, O]) call(request Request, host Host) (*Call[I], error) {
	if host == nil {
		host = discard{}
	}
	call := &Call[I]{Request: request, Host: host, Log: newLog(host)}
	if err := h.decode.into(&call.Input, request.Params); err != nil {
		return nil, err
	}
	return call, nil
}

// recovered turns a panic of the author's function into an error; the stack goes
// to the log, line by line.
func (h *handler[I, O]) recovered(call *Call[I], err *error) {
	fault := recover()
	if fault == nil {
		return
	}
	for line := range bytes.Lines(debug.Stack()) {
		call.Host.Output(logStream, bytes.TrimRight(line, "\n"))
	}
	*err = Errorf(Permanent, "the action %s panicked, which is a fault of its program: %v", h.description.Name, fault)
}

func (h *handler[I, O]) encode(outputs O) (json.RawMessage, error) {
	if h.hasNil {
		fillNil(reflect.ValueOf(&outputs).Elem())
	}
	text, err := json.Marshal(outputs)
	if err != nil {
		return nil, Errorf(Permanent, "the outputs of %s cannot be written as JSON: %w", h.description.Name, err)
	}
	return text, nil
}

// discard is the host of calls that may tell nothing.
type discard struct{}

func (discard) Progress(Progress)                             {}
func (discard) Output(string, []byte)                         {}
func (discard) Before(context.Context, json.RawMessage) error { return nil }
func (discard) Note(string, json.RawMessage) error            { return nil }

var (
	_ Host      = discard{}
	_ io.Writer = logLines{}
)
