package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// Knows reports whether parameters are known with all their parts. Those that are not
// known yet when a plan is made are absent; after that, all are known.
func (r Request) Knows(names ...string) bool {
	return !slices.ContainsFunc(r.Unknown, func(path string) bool {
		return slices.ContainsFunc(names, func(name string) bool {
			rest, begins := strings.CutPrefix(path, name)
			return begins && (rest == "" || rest[0] == '.' || rest[0] == '[')
		})
	})
}

// Saw returns what the plan was made from of one thing, as people agreed to it, by the kind and
// the name that the action's Plan gave it. Of a thing that it saw in two versions nobody agreed
// to one.
func (r Request) Saw(kind, name string) (seen Seen, saw bool) {
	for _, s := range r.Seen {
		s.Changes = false // which says nothing of how it was
		switch {
		case s.Kind != kind || s.Name != name:
		case saw && s != seen:
			return Seen{}, false
		default:
			seen, saw = s, true
		}
	}
	return seen, saw
}

// Progressf says how far the action is, in words.
func (c *Call[I]) Progressf(format string, args ...any) {
	c.Host.Progress(Progress{Message: fmt.Sprintf(format, args...)})
}

// SaveBefore makes the state before the change durable; see [Host]. Undo reads it
// with [LoadBefore]. It is for the state before the first change, and called once: of
// a second state, and of what a later attempt saves, nothing is kept.
func (c *Call[I]) SaveBefore(ctx context.Context, state any) error {
	err := c.keep("the state before the change", state, func(text []byte) error { return c.Host.Before(ctx, text) })
	if err == nil {
		c.saved = true
		return nil
	}
	if c.saved { // what was changed since the first one is not known here
		return err
	}
	return AsError(err).NothingChanged()
}

// Note keeps a fact about the attempt, which Observe and later attempts read with
// [LoadNote]; an Undo reads none of Apply.
func (c *Call[I]) Note(name string, fact any) error {
	return c.keep("the note "+name, fact, func(text []byte) error { return c.Host.Note(name, text) })
}

// keep gives data to the host, and an error of the host's a class where it has none: a
// disk that is full now may have room later.
func (c *Call[I]) keep(what string, data any, give func(text []byte) error) error {
	text, err := json.Marshal(data)
	if err != nil {
		return Errorf(Permanent, "%s cannot be kept: %w", what, err)
	}
	err = give(text)
	if err == nil {
		return nil
	}
	class := Transient
	if typed, ok := errors.AsType[*Error](err); ok {
		class = typed.Class
	}
	return Errorf(class, "%s cannot be kept: %w", what, err)
}

// LoadBefore returns the state that Apply gave to [Call.SaveBefore], and whether
// it came so far.
func LoadBefore[T, I any](call *Call[I]) (state T, saved bool, err error) {
	return load[T](call.Request.Before, "state before the change")
}

// LoadOutputs returns what Apply returned, and whether it returned.
func LoadOutputs[T, I any](call *Call[I]) (outputs T, returned bool, err error) {
	return load[T](call.Outputs, "outputs")
}

// LoadNote returns the fact of the name that an attempt gave to [Call.Note], and
// whether one did.
func LoadNote[T, I any](call *Call[I], name string) (fact T, noted bool, err error) {
	return load[T](call.Notes[name], "note "+name)
}

func load[T any](text json.RawMessage, what string) (data T, found bool, err error) {
	if len(text) == 0 || bytes.Equal(text, []byte("null")) {
		return data, false, nil
	}
	if err := json.Unmarshal(text, &data); err != nil {
		return data, false, Errorf(Permanent, "%s: %w", what, err)
	}
	return data, true, nil
}

// logStream is the name under which [Call.Log] reaches [Host.Output].
const logStream = "log"

func newLog(host Host) *slog.Logger { return slog.New(logHandler{host}) }

// logHandler makes the real handler only for an action that logs, since a call
// should cost next to nothing.
type logHandler struct{ host Host }

func (l logHandler) text() slog.Handler { return slog.NewTextHandler(logLines(l), nil) }

func (l logHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (l logHandler) Handle(ctx context.Context, record slog.Record) error {
	return l.text().Handle(ctx, record)
}

func (l logHandler) WithAttrs(attrs []slog.Attr) slog.Handler { return l.text().WithAttrs(attrs) }

func (l logHandler) WithGroup(name string) slog.Handler { return l.text().WithGroup(name) }

// logLines passes each line that slog writes to the host.
type logLines struct{ host Host }

func (l logLines) Write(line []byte) (int, error) {
	if l.host == nil {
		return 0, errors.New("no host")
	}
	l.host.Output(logStream, bytes.TrimRight(line, "\n"))
	return len(line), nil
}
