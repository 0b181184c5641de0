package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report"
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
	typed  chan string // the lines that are typed; closed when the input ends
}

// NewPrompter returns a prompter on a screen that nobody else draws on yet.
func NewPrompter(c *Console) *Prompter {
	return &Prompter{Console: c, Aside: func() func() { return func() {} }, typed: make(chan string)}
}

// read passes on what is typed. It cannot be stopped, as reading a terminal cannot;
// what is typed while no question stands waits in it, and is dropped by the next one.
func (p *Prompter) read() {
	defer close(p.typed)
	lines := bufio.NewScanner(p.Stdin)
	for lines.Scan() {
		p.typed <- strings.TrimSpace(lines.Text())
	}
}

// line asks for one line.
func (p *Prompter) line(ctx context.Context, question string) (string, error) {
	fmt.Fprintf(p.Stderr, "%s ", question)
	select {
	case text, ok := <-p.typed:
		if !ok {
			fmt.Fprintln(p.Stderr)
			return "", errNoAnswer
		}
		return text, nil
	case <-ctx.Done():
		fmt.Fprintln(p.Stderr)
		return "", ctx.Err()
	}
}

// begin takes the terminal for a question; end gives it back.
func (p *Prompter) begin() (end func()) {
	p.asking.Lock()
	back := p.Aside()
	select {
	case <-p.typed: // typed before the question was there: not an answer to it
	default:
	}
	p.start.Do(func() { go p.read() })
	return func() {
		back()
		p.asking.Unlock()
	}
}

// Ask puts a question of a step, and returns when it is answered or withdrawn.
func (p *Prompter) Ask(ctx context.Context, step *plan.Step, q sdk.Question) (sdk.Answer, error) {
	end := p.begin()
	defer end()
	if err := ctx.Err(); err != nil {
		return sdk.Answer{}, err
	}
	style := p.Style(p.Screen.Stderr)
	fmt.Fprintf(p.Stderr, "\n%s %s\n", style.Warn("?"), style.Bold(step.ID+" asks:"))
	for text := range strings.Lines(q.Message) {
		fmt.Fprintf(p.Stderr, "  %s\n", report.Line(text))
	}
	yes, comment, err := p.yesOrNo(ctx, "  yes or no, and why if you like:")
	if err != nil {
		return sdk.Answer{}, err
	}
	answer := sdk.Answer{Approved: yes, By: p.User, Comment: comment}
	if !yes || q.Fields == nil {
		return answer, nil
	}
	answer.Fields, err = p.form(ctx, q)
	return answer, err
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

func fieldLabel(field schema.Property) string {
	label := field.Name
	if field.Schema.Description != "" {
		label += ", " + report.Line(field.Schema.Description)
	}
	if field.Schema.Type != "" {
		label += " (" + field.Schema.Type + ")"
	}
	if field.Schema.Default != nil {
		label += fmt.Sprintf(" [%v]", field.Schema.Default)
	}
	return label
}
