package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/plugins/sdk"
)

const replaceDisk = `
inputs: {token: {type: string, secret: true}}
steps:
  - {id: look, uses: manual, with: {instructions: "Look.", attachments: 1}, rollback: {none: it is done by hand}}
  - {id: a, uses: play.read, with: {name: "${{ steps.look.outputs.attachments[0].name }}", env: "${{ inputs.token }}"}}
`

// Files come with an answer, by whatever way it came; those that cannot be kept as they were
// given, or hold a secret, are refused, and the question stands.
func TestFilesComeWithAnAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.process.Wait = true
		ends := p.start(replaceDisk, input.Given{Name: "token", Text: secret, By: input.ByFlag, Origin: "-i token", SecretSource: "env:TOKEN"})
		with := func(files ...sdk.Attachment) run.Request {
			return run.Request{Type: event.Answered, Step: "look", Answer: &sdk.Answer{Approved: true, Attachments: files}}
		}
		kept := func(name, content string) sdk.Attachment {
			file, err := run.Attach(p.folder(), name, []byte(content))
			if err != nil {
				t.Fatal(err)
			}
			return file
		}
		changed := func(change func(*sdk.Attachment)) sdk.Attachment {
			file := kept("rack.jpg", "a picture")
			change(&file)
			return file
		}
		leaky := kept("log.txt", "line\ntoken "+secret+"\n")
		for refused, request := range map[string]run.Request{
			"1 files must come with it, and 0 did":   with(),
			"cannot be called":                       with(changed(func(f *sdk.Attachment) { f.Name = "../rack.jpg" })),
			"called by a secret":                     with(changed(func(f *sdk.Attachment) { f.Name = secret + ".jpg" })),
			"is no SHA-256":                          with(changed(func(f *sdk.Attachment) { f.SHA256 = "../../journal.jsonl" })),
			"no such file":                           with(changed(func(f *sdk.Attachment) { f.SHA256 = strings.Repeat("0", 64) })),
			"has 9 bytes, and not 10":                with(changed(func(f *sdk.Attachment) { f.Size++ })),
			"33 files come with it, and at most 32":  with(make([]sdk.Attachment, 33)...),
			"log.txt holds a secret of the run, and": with(leaky),
		} {
			before := len(p.of(event.AnswerRefused))
			p.post(request)
			time.Sleep(time.Second) // of the bubble's clock
			if got := p.of(event.AnswerRefused)[before:]; len(got) != 1 || !strings.Contains(got[0].Reason, refused) || strings.Contains(got[0].Reason, secret) {
				t.Errorf("want %q, got %+v", refused, got)
			}
		}
		if _, err := p.folder().Attached(leaky.SHA256); err == nil {
			t.Error("the file that holds a secret is kept")
		}
		p.post(with(kept("rooms/rack.jpg", "a picture")))
		p.ends(<-ends, event.OutcomeSucceeded, "rack.jpg")
		if got := p.of(event.Answered); len(got) != 1 || len(got[0].Answer.Attachments) != 1 || got[0].Answer.Attachments[0].Name != "rack.jpg" {
			t.Errorf("got %+v", got)
		}
	})
}

// A signature covers the files.
func TestASignatureCoversFiles(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.team()
		p.process.Wait = true
		ends := p.start(replaceDisk, input.Given{Name: "token", Text: secret, By: input.ByFlag, Origin: "-i token", SecretSource: "env:TOKEN"})
		said := p.statement("ann")
		said.Step, said.Message = "look", "Look."
		file, err := run.Attach(p.folder(), "rack.jpg", []byte("a picture"))
		if err != nil {
			t.Fatal(err)
		}
		said.Attachments = []sdk.Attachment{file}
		request := p.signs(said, "ann")
		other, err := run.Attach(p.folder(), "rack.jpg", []byte("another"))
		if err != nil {
			t.Fatal(err)
		}
		forged := *request.Signed
		forged.Statement.Attachments = []sdk.Attachment{other}
		p.post(run.Request{Type: event.Answered, Step: "look", Signed: &forged})
		time.Sleep(time.Second) // of the bubble's clock
		if got := p.of(event.AnswerRefused); len(got) != 1 || !strings.Contains(got[0].Reason, "was changed after it was signed") {
			t.Errorf("got %+v", got)
		}
		p.post(request)
		p.ends(<-ends, event.OutcomeSucceeded, "rack.jpg")
	})
}
