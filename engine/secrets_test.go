package engine_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// found is a secret that an action returns, rather than one that it was given.
const found = "swordfish-of-the-day"

// chatty tells everybody everything, in every way that it can.
func chatty(text string) deed {
	return func(ctx context.Context, call *sdk.Call[playInput]) (playOutput, error) {
		all := encoded(text)
		call.Progressf("%s", all)
		call.Host.Output("stdout", []byte(all))
		call.Log.Warn(all, "with", all)
		for form := range strings.FieldsSeq(all) {
			if err := call.Note("form", map[string]string{"form": form}); err == nil {
				return playOutput{}, sdk.Errorf(sdk.Permanent, "a note of a secret was kept")
			}
			if err := call.SaveBefore(ctx, []string{form}); err == nil {
				return playOutput{}, sdk.Errorf(sdk.Permanent, "a state with a secret was kept")
			}
		}
		return playOutput{Said: all}, nil
	}
}

// encoded is a text in the ways in which it travels.
func encoded(text string) string {
	return strings.Join([]string{
		text, "x" + text + "y", url.QueryEscape(text), hex.EncodeToString([]byte(text)),
		base64.StdEncoding.EncodeToString([]byte("user:" + text)), base64.RawURLEncoding.EncodeToString([]byte(text)),
	}, " ")
}

// failsWith is a deed that says too much when it fails.
func failsWith(text string) deed {
	return func(context.Context, *sdk.Call[playInput]) (playOutput, error) {
		return playOutput{}, sdk.Errorf(sdk.Permanent, "cannot log in with %s", encoded(text))
	}
}

const leaky = `
inputs:
  token: {type: string, secret: true}
onFailure: stop
steps:
  - {id: given, uses: play.change, with: {name: given, env: "${{ inputs.token }}"}}
  - {id: find, uses: play.change, with: {name: find}}
  - {id: use, uses: play.change, with: {name: use, env: "${{ steps.find.outputs.token }}"}}
  - id: look
    uses: play.read
    with: {name: look}
    gate: {observe: {uses: play.read, with: {name: watch, env: "${{ inputs.token }}"}}, expr: "observed.said != '' && int(inputs.token) < 0", within: 1m, every: 20s}
    onFailure: continue
  - {id: ask, uses: approve, with: {message: "Is it?"}, onFailure: continue}
  - {id: fails, uses: play.read, with: {name: fails}, onFailure: continue}
  - {id: panics, uses: play.read, with: {name: panics}, onFailure: continue}
  - {id: last, uses: play.read, with: {name: last}}
finally:
  - {id: tell, uses: play.read, with: {name: tell, with: "${{ steps.fails.error.message }} ${{ steps.use.outputs.said }}"}}
outputs:
  said: ${{ steps.use.outputs.said }}
`

func TestSecretsAreShownNowhere(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("given", chatty(secret))
		p.on("find", func(context.Context, *sdk.Call[playInput]) (playOutput, error) { return playOutput{Token: found}, nil })
		p.on("use", chatty(found))
		p.on("watch", chatty(secret))
		p.on("fails", failsWith(secret+" "+found))
		p.on("panics", func(context.Context, *sdk.Call[playInput]) (playOutput, error) { panic(encoded(found)) })
		p.on("last", failsWith(found))
		p.process.Wait = true
		ends := p.start(leaky, input.Given{Name: "token", Text: secret, By: input.ByFlag, Origin: "-i token", SecretSource: "env:TOKEN"})
		time.Sleep(10 * time.Minute)
		p.post(run.Request{Type: event.Answered, Step: "ask", Answer: &sdk.Answer{
			Comment: "no, " + found, Fields: json.RawMessage(`{"password":"` + secret + `"}`),
		}})
		got := <-ends
		if got.err != nil || got.Outcome != event.OutcomeFailed || got.Step != "last" {
			t.Fatalf("%+v (%+v), %v", got.Result, got.Failure, got.err)
		}
		masker := value.NewMasker(value.String(secret).Secret(), value.String(found).Secret())
		check := func(where, text string) {
			for line := range strings.Lines(text) {
				if shown := masker.Text(line); shown != line {
					t.Errorf("%s: %.300s", where, shown)
				}
			}
		}
		check("the watcher", p.watch.heard())
		said, err := json.Marshal(got.Result)
		if err != nil {
			t.Fatal(err)
		}
		check("the result", string(said))
		root := os.DirFS(p.engine.Store().Root())
		if err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := fs.ReadFile(root, path)
			check(path, string(text))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if p.outputOf("use") == "" {
			t.Error("nothing was looked at")
		}
	})
}

// A runbook may decide over what is never written down, and die after that.
func TestRunWithSecretOutputsCanBeResumed(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("find", func(context.Context, *sdk.Call[playInput]) (playOutput, error) { return playOutput{Token: found}, nil })
		p.on("b", after(time.Minute))
		ends := p.start(`
steps:
  - id: find
    uses: play.seen
    with: {name: find}
    verify: {expr: "steps.find.outputs.token.startsWith('sword')"}
  - {id: b, uses: play.seen, with: {name: b, env: "${{ steps.find.outputs.token }}"}}
  - {id: c, uses: play.seen, with: {name: c}}
`)
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused, "find", "b")
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "find", "b", "c")
	})
}

// A secret may be a part of an input, and is read again from where it came from.
func TestSecretInsideAnInputIsReadAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("a", after(time.Minute))
		text := `{"user":"u","password":"` + secret + `"}`
		ends := p.start(`
inputs:
  db: {type: object, properties: {user: {type: string}, password: {type: string, secret: true}}}
  ratio: {type: number, default: 2.0}
steps:
  - {id: a, uses: play.change, with: {name: a, env: "${{ inputs.db.password }}"}}
  - {id: b, uses: play.change, with: {name: b, with: "at ${{ inputs.ratio }}"}}
`, input.Given{Name: "db", Text: text, By: input.ByFlag, Origin: "-i db", SecretSource: "env:DB"})
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused, "a")
		p.secret = text
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "a", "b")
	})
}

// An input that may hold a secret, and is given by its default, which holds none, is so again
// where the plan is made again: for a run that is resumed, and for a sealed plan.
func TestADefaultThatMayHoldASecretIsTakenAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("a", after(time.Minute))
		const text = `
inputs:
  db: {type: object, default: {user: u}, properties: {user: {type: string}, pin: {type: string, secret: true}}}
steps:
  - {id: a, uses: play.change, with: {name: a, env: "${{ inputs.db.user }}"}}
  - {id: b, uses: play.change, with: {name: b}}
`
		ends := p.start(text)
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused, "a")
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "a", "b")

		_, sealed := p.seal("s1", text)
		given, err := engine.SealedInputs(sealed, nil)
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := p.seal("s2", text, given...); again.Digest != sealed.Essence.Plan {
			t.Errorf("made again the plan is %s, and was %s", again.Digest, sealed.Essence.Plan)
		}
	})
}

// A text of several lines, one of which holds a secret, makes none of the others.
func TestLinesBesideASecretAreKept(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("b", func(context.Context, *sdk.Call[playInput]) (playOutput, error) {
			return playOutput{Said: `"service": "web",`}, nil
		})
		p.on("c", after(time.Minute))
		ends := p.start(`
inputs:
  token: {type: string, secret: true}
steps:
  - id: a
    uses: play.seen
    with:
      name: a
      env: |
        {
        "service": "web",
        "token": "${{ inputs.token }}"
        }
  - {id: b, uses: play.seen, with: {name: b}}
  - {id: c, uses: play.seen, with: {name: c}}
  - {id: d, uses: play.seen, with: {name: d}, gate: {expr: "steps.b.outputs.said.contains('web')"}}
`, input.Given{Name: "token", Text: secret, By: input.ByFlag, Origin: "-i token", SecretSource: "env:TOKEN"})
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused, "a", "b", "c")
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "a", "b", "c", "d")
	})
}
