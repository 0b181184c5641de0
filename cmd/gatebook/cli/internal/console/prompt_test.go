package console_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// typist is a person at a terminal: for each prompt in turn, by its last words, they
// type a line.
type typist struct {
	t       *testing.T
	script  [][2]string // prompt, line
	keys    *io.PipeWriter
	shown   strings.Builder
	waiting string // what was shown since the last line
}

// newTypist returns a prompter with a typist before it.
func newTypist(t *testing.T, script ...[2]string) (*console.Prompter, *typist) {
	t.Helper()
	in, keys := io.Pipe()
	person := &typist{t: t, script: script, keys: keys}
	t.Cleanup(func() { keys.Close() })
	c := &console.Console{Env: console.Env{Stdin: in, Stderr: person, User: "ann"}}
	return console.NewPrompter(c), person
}

// Write sees what is shown, and types when the next prompt is there.
func (p *typist) Write(shown []byte) (int, error) {
	p.shown.Write(shown)
	p.waiting += string(shown)
	if len(p.script) == 0 || !strings.HasSuffix(strings.TrimSpace(p.waiting), p.script[0][0]) {
		return len(shown), nil
	}
	line := p.script[0][1]
	p.script, p.waiting = p.script[1:], ""
	go func() {
		if line == "^D" {
			p.keys.Close()
			return
		}
		_, _ = io.WriteString(p.keys, line+"\n") // the pipe is closed when the test is over
	}()
	return len(shown), nil
}

func step() *plan.Step { return &plan.Step{ID: "sign_off"} }

func TestPrompterTakesNothingButAYesOrANo(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		lines    []string
		approved bool
		comment  string
	}{
		"yes":             {[]string{"yes"}, true, ""},
		"a letter":        {[]string{"Y"}, true, ""},
		"no, and why":     {[]string{"no, it is Friday"}, false, "it is Friday"},
		"a slip":          {[]string{"", "ys", "maybe", "yes it is fine"}, true, "it is fine"},
		"yes as a prefix": {[]string{"yesterday", "n"}, false, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var script [][2]string
			for _, line := range test.lines {
				script = append(script, [2]string{"if you like:", line})
			}
			prompter, person := newTypist(t, script...)
			answer, err := prompter.Ask(t.Context(), step(), sdk.Question{Message: "Roll out\x1b[2J?"}, nil)
			if err != nil || answer.Approved != test.approved || answer.Comment != test.comment || answer.By != "ann" {
				t.Errorf("answer %+v, error %v", answer, err)
			}
			if shown := person.shown.String(); !strings.Contains(shown, "sign_off asks:") || strings.Contains(shown, "\x1b") {
				t.Errorf("shown: %q", shown)
			}
		})
	}
}

func TestPrompterFillsInFieldsUntilTheyFit(t *testing.T) {
	t.Parallel()
	least := 1.0
	question := sdk.Question{Message: "Count them.", Fields: &schema.Schema{
		Type: schema.TypeObject, Closed: true, Required: []string{"count", "name"},
		Properties: []schema.Property{
			{Name: "count", Schema: &schema.Schema{Type: schema.TypeInteger, Minimum: &least, Description: "How many."}},
			{Name: "name", Schema: &schema.Schema{Type: schema.TypeString}},
			{Name: "noisy", Schema: &schema.Schema{Type: schema.TypeBoolean, Default: false}},
		},
	}}
	prompter, person := newTypist(t,
		[2]string{"if you like:", "yes"},
		[2]string{"count, How many. (integer) At least 1:", "three"}, [2]string{"name (string):", "web"}, [2]string{"noisy (boolean) [false]:", ""},
		[2]string{"count, How many. (integer) At least 1:", "0"}, [2]string{"name (string):", "web"}, [2]string{"noisy (boolean) [false]:", ""},
		[2]string{"count, How many. (integer) At least 1:", "3"}, [2]string{"name (string):", "7"}, [2]string{"noisy (boolean) [false]:", "yes"},
	)
	answer, err := prompter.Ask(t.Context(), step(), question, nil)
	if want := `{"count":3,"name":"7","noisy":true}`; err != nil || string(answer.Fields) != want {
		t.Errorf("fields %s, error %v; want %s\n%s", answer.Fields, err, want, person.shown.String())
	}
	if !strings.Contains(person.shown.String(), `count: "three" is not of type integer`) {
		t.Errorf("the mistake is not told:\n%s", person.shown.String())
	}
}

// What is told is what the schema says, in the order of the fields.
func TestPrompterSaysWhatAFieldMayBe(t *testing.T) {
	t.Parallel()
	least, most, size := 0.5, 8.0, 2
	question := sdk.Question{Message: "Look.", Fields: &schema.Schema{
		Type: schema.TypeObject,
		Properties: []schema.Property{
			{Name: "zone", Schema: &schema.Schema{Type: schema.TypeString, Enum: []any{"a", "b"}, Default: "a"}},
			{Name: "load", Schema: &schema.Schema{Type: schema.TypeNumber, ExclusiveMinimum: &least, Maximum: &most}},
			{Name: "disks", Schema: &schema.Schema{
				Type: schema.TypeArray, Items: &schema.Schema{Type: schema.TypeString}, MinItems: &size, Default: []any{"sda", "sdb"},
			}},
			{Name: "serial", Schema: &schema.Schema{Type: schema.TypeString, Pattern: "^[A-Z]+$", Description: "As it is printed."}},
			{Name: "free", Schema: &schema.Schema{}},
		},
	}}
	prompts := []string{
		"zone (string) One of `a` or `b` [a]:", "load (number) At most 8. More than 0.5:", `disks (list of string) At least 2 items [["sda","sdb"]]:`,
		"serial, As it is printed. (string) Matches `^[A-Z]+$`:", "free (any):",
	}
	prompter, person := newTypist(t, [2]string{"if you like:", "yes"}, [2]string{prompts[0], ""}, [2]string{prompts[1], "1"},
		[2]string{prompts[2], ""}, [2]string{prompts[3], "A"}, [2]string{prompts[4], "7"})
	answer, err := prompter.Ask(t.Context(), step(), question, nil)
	if want := `{"disks":["sda","sdb"],"free":7,"load":1,"serial":"A","zone":"a"}`; err != nil || string(answer.Fields) != want {
		t.Errorf("fields %s, error %v; want %s\n%s", answer.Fields, err, want, person.shown.String())
	}
}

// Files that must come with an answer are asked for until there are enough; one that cannot be
// kept is told of, and asked for again.
func TestPrompterAsksForFiles(t *testing.T) {
	t.Parallel()
	prompter, person := newTypist(t, [2]string{"if you like:", "yes, done"},
		[2]string{"of at least 1:", ""}, [2]string{"of at least 1:", "gone.jpg"}, [2]string{"of at least 1:", "secret.txt"},
		[2]string{"of at least 1:", "rack.jpg"}, [2]string{"or nothing:", "log.txt"}, [2]string{"or nothing:", ""})
	prompter.Dir = t.TempDir()
	for _, name := range []string{"rack.jpg", "log.txt", "secret.txt"} {
		if err := os.WriteFile(filepath.Join(prompter.Dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	answer, err := prompter.Ask(t.Context(), step(), sdk.Question{Message: "Look.", Attachments: 1}, func(path string, content []byte) (sdk.Attachment, error) {
		if path == "secret.txt" {
			return sdk.Attachment{}, errors.New("it holds a secret")
		}
		return sdk.Attachment{Name: path, SHA256: string(content)}, nil
	})
	want := []sdk.Attachment{{Name: "rack.jpg", SHA256: "rack.jpg"}, {Name: "log.txt", SHA256: "log.txt"}}
	if err != nil || !slices.Equal(answer.Attachments, want) {
		t.Errorf("got %+v, %v\n%s", answer.Attachments, err, person.shown.String())
	}
	for _, said := range []string{"gone.jpg", "it holds a secret"} {
		if !strings.Contains(person.shown.String(), said) {
			t.Errorf("%q is not told:\n%s", said, person.shown.String())
		}
	}
}

func TestPrompterEndsWithTheInputOrTheQuestion(t *testing.T) {
	t.Parallel()
	prompter, _ := newTypist(t, [2]string{"if you like:", "^D"})
	if _, err := prompter.Ask(t.Context(), step(), sdk.Question{Message: "Go on?"}, nil); err == nil {
		t.Error("an answer was made of an input that ended")
	}
	withdrawn, cancel := context.WithCancel(t.Context())
	cancel()
	prompter, _ = newTypist(t)
	if _, err := prompter.Ask(withdrawn, step(), sdk.Question{Message: "Go on?"}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v of a question that was withdrawn", err)
	}
}

// The second line is there when the first answers, and waits in the terminal or in the
// prompter: either way it was typed before the next question stood.
func TestWhatIsTypedAheadAnswersNothing(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"in one go":       {"yes\nyes\nyes\n"},
		"line after line": {"yes\n", "yes\n", "yes\n"},
	}
	for name, typed := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				in, keys := io.Pipe()
				defer keys.Close()
				flushed := 0
				c := &console.Console{Env: console.Env{Stdin: in, Stderr: io.Discard, User: "ann"}}
				c.Screen.Flush = func() { flushed++ }
				prompter := console.NewPrompter(c)
				go func() {
					for _, lines := range typed {
						_, _ = io.WriteString(keys, lines) // the pipe is closed when the test is over
					}
				}()
				if yes, err := prompter.Confirm(t.Context(), "Begin?"); !yes || err != nil {
					t.Fatalf("confirmed %v, error %v", yes, err)
				}
				synctest.Wait() // all of it is typed, and no question stands
				withdrawn, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if answer, err := prompter.Ask(withdrawn, step(), sdk.Question{Message: "Delete it?"}, nil); err == nil {
					t.Errorf("answered by what was typed before it stood: %+v", answer)
				}
				if flushed != 2 {
					t.Errorf("what waits in the terminal was dropped %d times, want once a question", flushed)
				}
			})
		})
	}
}

func TestPrompterTakesTheScreenAsideForEachQuestion(t *testing.T) {
	t.Parallel()
	prompter, _ := newTypist(t, [2]string{"yes or no:", "yes"}, [2]string{"if you like:", "no"})
	var log []string
	prompter.Aside = func() func() {
		log = append(log, "aside")
		return func() { log = append(log, "back") }
	}
	if yes, err := prompter.Confirm(t.Context(), "Begin?"); !yes || err != nil {
		t.Errorf("confirmed %v, error %v", yes, err)
	}
	if answer, err := prompter.Ask(t.Context(), step(), sdk.Question{Message: "Go on?"}, nil); answer.Approved || err != nil {
		t.Errorf("answer %+v, error %v", answer, err)
	}
	if got := strings.Join(log, " "); got != "aside back aside back" {
		t.Errorf("the screen was %s", got)
	}
}

func TestFillIn(t *testing.T) {
	t.Parallel()
	fields := &schema.Schema{Type: schema.TypeObject, Closed: true, Required: []string{"serial"}, Properties: []schema.Property{
		{Name: "serial", Schema: &schema.Schema{Type: schema.TypeString, Pattern: "^[A-Z]+$"}},
		{Name: "size", Schema: &schema.Schema{Type: schema.TypeInteger}},
		{Name: "tags", Schema: &schema.Schema{Type: schema.TypeArray}},
	}}
	tests := map[string]struct {
		typed      []console.Pair
		want, fail string
	}{
		"all":      {[]console.Pair{{"serial", "ABC"}, {"size", "3"}, {"tags", `["a"]`}}, `{"serial":"ABC","size":3,"tags":["a"]}`, ""},
		"missing":  {nil, "", "serial"},
		"unknown":  {[]console.Pair{{"serial", "ABC"}, {"colour", "red"}}, "", `there is no field "colour"; there are serial, size, tags`},
		"misspelt": {[]console.Pair{{"seriel", "ABC"}}, "", "there is no field \"seriel\"; did you mean \"serial\"?\nserial is required"},
		"all at once": {
			[]console.Pair{{"serial", "abc"}, {"size", "big"}, {"tags", "1"}, {"x", "1"}},
			"",
			"size: \"big\" is not of type integer\nthere is no field \"x\"; there are serial, size, tags\n" +
				"serial must match ^[A-Z]+$, got abc\ntags must be a list, got an integer",
		},
		"pattern":       {[]console.Pair{{"serial", "abc"}}, "", "must match"},
		"not a number":  {[]console.Pair{{"serial", "ABC"}, {"size", "big"}}, "", `"big" is not of type integer`},
		"and more":      {[]console.Pair{{"serial", "ABC"}, {"size", "5]"}}, "", "is not of type"},
		"two documents": {[]console.Pair{{"serial", "ABC"}, {"size", "1 2"}}, "", "is not of type"},
	}
	for name, test := range tests {
		got, err := console.FillIn(sdk.Question{Fields: fields}, test.typed)
		switch {
		case test.fail == "" && (err != nil || string(got) != test.want):
			t.Errorf("%s: %s, error %v; want %s", name, got, err, test.want)
		case test.fail != "" && (err == nil || !strings.Contains(err.Error(), test.fail)):
			t.Errorf("%s: error %v; want one with %q", name, err, test.fail)
		}
	}
	if _, err := console.FillIn(sdk.Question{}, []console.Pair{{"a", "b"}}); err == nil {
		t.Error("a field is taken by a question without fields")
	}
}

func TestStyleIsPlainUnlessItIsWelcome(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		colour   string
		terminal bool
		environ  []string
		want     bool
	}{
		"terminal":          {"auto", true, nil, true},
		"pipe":              {"auto", false, nil, false},
		"NO_COLOR":          {"auto", true, []string{"NO_COLOR=1"}, false},
		"NO_COLOR is empty": {"auto", true, []string{"NO_COLOR="}, true},
		"dumb":              {"auto", true, []string{"TERM=dumb"}, false},
		"always":            {"always", false, []string{"NO_COLOR=1"}, true},
		"never":             {"never", true, nil, false},
	}
	for name, test := range tests {
		c := &console.Console{Env: console.Env{Environ: test.environ}, Colour: test.colour}
		if got := c.Style(test.terminal).Colour; got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestPrompterStepsThroughARun(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		lines    []string
		wish     event.Type
		approved bool
		comment  string
	}{
		"go":                    {[]string{"go"}, event.Answered, true, ""},
		"skip, and why":         {[]string{"s: it is done"}, event.Answered, false, "it is done"},
		"skip, and why then":    {[]string{"skip", "", "it is done"}, event.Answered, false, "it is done"},
		"all, and why":          {[]string{"all: they look good"}, event.SteppingEnded, false, "they look good"},
		"pause":                 {[]string{"Pause"}, event.PauseAsked, false, ""},
		"cancel, and why":       {[]string{"cancel, it is Friday"}, event.CancelAsked, false, "it is Friday"},
		"no letter for cancel":  {[]string{"c", "p"}, event.PauseAsked, false, ""},
		"neither return nor no": {[]string{"", "no", "g"}, event.Answered, true, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var script [][2]string
			asked := "pause or cancel, and why:"
			for _, line := range test.lines {
				script = append(script, [2]string{asked, line})
				if line == "skip" {
					asked = "why it is left out:"
				}
			}
			prompter, person := newTypist(t, script...)
			wish, answer, err := prompter.Step(t.Context(), step(), sdk.Question{Message: "change by exec\x1b[2J;\nwith command = true"})
			if err != nil || wish != test.wish || answer.Approved != test.approved || answer.Comment != test.comment || answer.By != "ann" {
				t.Errorf("%s %+v, %v", wish, answer, err)
			}
			if shown := person.shown.String(); !strings.Contains(shown, "next is sign_off:\n  change by exec") || strings.Contains(shown, "\x1b") {
				t.Errorf("shown %q", shown)
			}
		})
	}
	prompter, _ := newTypist(t, [2]string{"and why:", "^D"})
	if _, _, err := prompter.Step(t.Context(), step(), sdk.Question{}); err == nil {
		t.Error("who is gone has said nothing")
	}
}
