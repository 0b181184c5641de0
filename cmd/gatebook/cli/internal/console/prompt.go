package console

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// errNoAnswer says that nobody is at the terminal any more.
var errNoAnswer = errors.New("standard input has ended")

// Prompter asks the person at the terminal, one question at a time.
type Prompter struct {
	*Console
	// Aside takes the screen from the live view while a question stands there, and
	// gives it back.
	Aside func() (back func())

	asking sync.Mutex // held while a question stands
	start  sync.Once
	stands atomic.Pointer[question] // nil: none
	ended  chan struct{}            // closed when the input has ended
}

// question is one that stands at the terminal.
type question struct {
	typed chan string   // the lines that are typed while it stands
	over  chan struct{} // closed when it stands no more
}

// NewPrompter returns a prompter on a screen that nobody else draws on yet.
func NewPrompter(c *Console) *Prompter {
	return &Prompter{Console: c, Aside: func() func() { return func() {} }, ended: make(chan struct{})}
}

// Prompter asks the person at the terminal, where there is one on both sides; nil: nobody can
// be asked.
func (c *Console) Prompter() *Prompter {
	if !c.Screen.Stdin || !c.Screen.Stderr {
		return nil
	}
	return NewPrompter(c)
}

// keyboard notes which question stood when it was last read. What is typed with none
// there is an answer to none: not to the one before, and not to the next.
type keyboard struct {
	*Prompter
	stood *question
}

// Read reads standard input.
func (k *keyboard) Read(into []byte) (int, error) {
	n, err := k.Stdin.Read(into)
	k.stood = k.stands.Load()
	return n, err //nolint:wrapcheck // a reader's error is its own, io.EOF above all
}

// read passes on what is typed, each line to the question that stood there. It cannot
// be stopped, as reading a terminal cannot.
func (p *Prompter) read() {
	defer close(p.ended)
	keys := &keyboard{Prompter: p}
	lines := bufio.NewScanner(keys)
	for lines.Scan() {
		if keys.stood == nil {
			continue
		}
		select {
		case keys.stood.typed <- strings.TrimSpace(lines.Text()):
		case <-keys.stood.over:
		}
	}
}

// line asks for one line.
func (p *Prompter) line(ctx context.Context, prompt string) (string, error) {
	fmt.Fprintf(p.Stderr, "%s ", prompt)
	select {
	case text := <-p.stands.Load().typed:
		return text, nil
	case <-p.ended:
		fmt.Fprintln(p.Stderr)
		return "", errNoAnswer
	case <-ctx.Done():
		fmt.Fprintln(p.Stderr)
		return "", ctx.Err()
	}
}

// begin takes the terminal for a question; end gives it back. What was typed before,
// and waits in the terminal, is dropped.
func (p *Prompter) begin() (end func()) {
	p.asking.Lock()
	back := p.Aside()
	if p.Screen.Flush != nil {
		p.Screen.Flush()
	}
	asked := &question{typed: make(chan string), over: make(chan struct{})}
	p.stands.Store(asked)
	p.start.Do(func() { go p.read() })
	return func() {
		p.stands.Store(nil)
		close(asked.over)
		back()
		p.asking.Unlock()
	}
}

// Ask puts a question of a step, and returns when it is answered or withdrawn.
func (p *Prompter) Ask(ctx context.Context, step *plan.Step, q sdk.Question, attach run.Attacher) (sdk.Answer, error) {
	end := p.begin()
	defer end()
	if err := ctx.Err(); err != nil {
		return sdk.Answer{}, err
	}
	style := p.Style(p.Screen.Stderr)
	fmt.Fprintf(p.Stderr, "\n%s %s\n", style.Warn("?"), style.Bold(step.ID+" asks:"))
	for text := range strings.Lines(q.Message) {
		fmt.Fprintf(p.Stderr, "  %s\n", layout.Line(text))
	}
	yes, comment, err := p.yesOrNo(ctx, "  yes or no, and why if you like:")
	if err != nil {
		return sdk.Answer{}, err
	}
	answer := sdk.Answer{Approved: yes, By: p.User, Comment: comment}
	if yes && q.Fields != nil {
		if answer.Fields, err = p.form(ctx, q); err != nil {
			return answer, err
		}
	}
	if yes && q.Attachments > 0 {
		answer.Attachments, err = p.files(ctx, q.Attachments, attach)
	}
	return answer, err
}

// files asks for the files that must come with an answer, and for more until none is named.
func (p *Prompter) files(ctx context.Context, least int, attach run.Attacher) ([]sdk.Attachment, error) {
	var given []sdk.Attachment
	for {
		prompt := fmt.Sprintf("  a file to attach, of at least %d:", least)
		if len(given) >= least {
			prompt = "  another file to attach, or nothing:"
		}
		name, err := p.line(ctx, prompt)
		if err != nil || name == "" && len(given) >= least {
			return given, err
		}
		if name == "" {
			continue
		}
		content, err := p.ReadFile(name, "the file to attach")
		if err == nil {
			var file sdk.Attachment
			if file, err = attach(name, content); err == nil {
				given = append(given, file)
			}
		}
		if err != nil {
			p.Complain(err.Error())
		}
	}
}

// Step asks whether a change of a run that goes step by step may begin, or what else is wanted.
func (p *Prompter) Step(ctx context.Context, step *plan.Step, q sdk.Question) (event.Type, sdk.Answer, error) {
	end := p.begin()
	defer end()
	if err := ctx.Err(); err != nil {
		return "", sdk.Answer{}, err
	}
	style := p.Style(p.Screen.Stderr)
	fmt.Fprintf(p.Stderr, "\n%s %s\n", style.Warn("?"), style.Bold("next is "+step.ID+":"))
	for text := range strings.Lines(q.Message) {
		fmt.Fprintf(p.Stderr, "  %s\n", layout.Line(text))
	}
	for {
		text, err := p.line(ctx, "  go, all, skip, pause or cancel, and why:")
		if err != nil {
			return "", sdk.Answer{}, err
		}
		word, rest, _ := strings.Cut(text, " ")
		said := sdk.Answer{By: p.User, Comment: strings.TrimSpace(rest)}
		switch strings.ToLower(strings.TrimRight(word, ",.:;")) {
		case "go", "g", "yes", "y":
			said.Approved = true
			return event.Answered, said, nil
		case "all", "a":
			return event.SteppingEnded, said, nil
		case "skip", "s":
			for said.Comment == "" {
				if said.Comment, err = p.line(ctx, "  why it is left out:"); err != nil {
					return "", sdk.Answer{}, err
				}
			}
			return event.Answered, said, nil
		case "pause", "p":
			return event.PauseAsked, said, nil
		case "cancel":
			return event.CancelAsked, said, nil
		}
	}
}

// Confirm asks a question that gatebook has itself.
func (p *Prompter) Confirm(ctx context.Context, question string) (bool, error) {
	end := p.begin()
	defer end()
	yes, _, err := p.yesOrNo(ctx, question+" Type yes or no:")
	return yes, err
}

// yesOrNo asks until the first word is a yes or a no; the other words are the comment.
// There is no default, so that a slip of the finger is no decision.
func (p *Prompter) yesOrNo(ctx context.Context, question string) (yes bool, comment string, err error) {
	for {
		text, err := p.line(ctx, question)
		if err != nil {
			return false, "", err
		}
		word, rest, _ := strings.Cut(text, " ")
		switch strings.ToLower(strings.TrimRight(word, ",.:;")) {
		case "yes", "y":
			return true, strings.TrimSpace(rest), nil
		case "no", "n":
			return false, strings.TrimSpace(rest), nil
		}
	}
}

// form asks for each field, and again for all of them where they do not fit.
func (p *Prompter) form(ctx context.Context, q sdk.Question) ([]byte, error) {
	for {
		var typed []Pair
		for _, field := range q.Fields.Properties {
			text, err := p.line(ctx, "  "+fieldLabel(field)+":")
			if err != nil {
				return nil, err
			}
			if text != "" || field.Schema.Default == nil && field.Schema.Type == schema.TypeString {
				typed = append(typed, Pair{field.Name, text})
			}
		}
		document, err := FillIn(q, typed)
		if err == nil {
			return document, nil
		}
		p.Complain(err.Error())
	}
}

// fieldLabel says what a field is for and what it may be, so that a person need not find
// that out by being refused.
func fieldLabel(field schema.Property) string {
	label := field.Name
	if field.Schema.Description != "" {
		label += ", " + field.Schema.Description
	}
	label += " (" + schema.TypeText(field.Schema) + ")"
	if limits := schema.Limits(field.Schema); limits != "" {
		label += " " + strings.TrimSuffix(limits, ".")
	}
	if field.Schema.Default != nil {
		label += " [" + fieldText(field.Schema.Default) + "]"
	}
	return layout.Line(label)
}

// fieldText writes a field's value as a person would type it.
func fieldText(data any) string {
	if text, ok := data.(string); ok {
		return text
	}
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Sprint(data)
	}
	return string(text)
}
