package input_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
)

const inputsRunbook = checktest.Head + `inputs:
  image: {type: string, pattern: ":", description: Image to roll out.}
  replicas: {type: integer, default: 3, minimum: 1}
  ratio: {type: number, default: 1}
  strict: {type: boolean, default: false}
  nodes: {type: array, items: {type: string}, default: []}
  zone: {type: string, enum: [north, south], default: north}
  any: {default: 1}
  place:
    type: object
    default: {}
    properties:
      city: {type: string, default: Bern}
      street: {type: string}
    additionalProperties: false
  token: {type: string, secret: true, default: "", maxLength: 20}
  login:
    type: object
    default: {user: nobody}
    properties: {user: {type: string}, password: {type: string, secret: true}}
steps:
- {id: a, uses: assert, with: {that: "${{ string(inputs) == 'x' }}"}}
`

func TestInputsAreReadByTheirType(t *testing.T) {
	t.Parallel()
	checked := checktest.Load(t, checktest.Builtin(t), "test.yaml", inputsRunbook)
	tests := []struct{ given, name, want string }{
		{"image=a:b", "image", `"a:b"`},
		{"image=5:6", "image", `"5:6"`},
		{"replicas=12", "replicas", `12`},
		{"", "replicas", `3`},
		{"ratio=0.5", "ratio", `0.5`},
		{"ratio=2", "ratio", `2`},
		{"strict=true", "strict", `true`},
		{`nodes=["a","b"]`, "nodes", `["a","b"]`},
		{"any=17", "any", `"17"`},
		{`place={"street":"x"}`, "place", `{"city":"Bern","street":"x"}`},
		{"", "place", `{"city":"Bern"}`},
		{"token!=hunter2", "token", `{"$secret":true}`},
		{`login!={"user":"u","password":"p"}`, "login", `{"password":{"$secret":true},"user":"u"}`},
	}
	for _, test := range tests {
		t.Run(test.given, func(t *testing.T) {
			t.Parallel()
			values, _, found := input.Values(checked, checktest.Given("image=web:1\n"+test.given))
			checktest.NoErrors(t, found)
			got, _ := values.Get(test.name)
			text, err := got.MarshalJSON()
			if err != nil || string(text) != test.want {
				t.Errorf("%s is %s (%v), want %s", test.name, text, err, test.want)
			}
		})
	}
}

func TestInputFaults(t *testing.T) {
	t.Parallel()
	checked := checktest.Load(t, checktest.Builtin(t), "test.yaml", inputsRunbook)
	tests := []struct{ name, given, want string }{
		{"missing", "", "5:3 GB0603 The input image (Image to roll out) has no default and was not given. -i image=VALUE, a file with -f, or GATEBOOK_INPUT_IMAGE in the environment\n"},
		{"unknown", "image=a:b\nreplica=3", "- GB0602 The runbook has no input \"replica\", which -i replica gives. did you mean \"replicas\"?\n"},
		{"integer", "image=a:b\nreplicas=3.0", "- GB0604 The input replicas, given by -i replicas, must be a whole number, got \"3.0\".\n"},
		{"number", "image=a:b\nratio=NaN", "- GB0604 The input ratio, given by -i ratio, must be a number, got \"NaN\".\n"},
		{"boolean", "image=a:b\nstrict=yes", "- GB0604 The input strict, given by -i strict, must be true or false, got \"yes\".\n"},
		{"list", "image=a:b\nnodes=a,b", "- GB0604 The input nodes, given by -i nodes, must be a JSON list, such as [\"a\",\"b\"], got \"a,b\".\n"},
		{"object", "image=a:b\nplace=[]", "- GB0604 The input place, given by -i place, must be a JSON object, such as {\"a\":1}, got \"[]\".\n"},
		{"rules", "image=ab\nreplicas=0\nzone=nort", `- GB0605 image must match :, got ab; it was given by -i image.
- GB0605 replicas must be at least 1, got 0; it was given by -i replicas.
- GB0605 zone must be north or south, got nort; it was given by -i zone. did you mean "north"?
`},
		{"inside", `image=a:b` + "\n" + `nodes=["a",5]`, "- GB0605 nodes[1] must be a string, got an integer; it was given by -i nodes.\n"},
		{"secret in the clear", "image=a:b\ntoken=hunter2", "- GB0606 The input token is secret, and -i token gives its value itself. -i token=env:VARIABLE, -i token=file:PATH or -i token=-\n"},
		{"secret that breaks its rules", "image=a:b\ntoken!=hunter2hunter2hunter2", "- GB0605 token must have at most 20 characters, has 21; it was given by -i token.\n"},
		{"secret that cannot be read", "image=a:b\nlogin!=hunter2", "- GB0604 The input login, given by -i login, must be a JSON object, such as {\"a\":1}.\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, _, found := input.Values(checked, checktest.Given(test.given))
			if diff := cmp.Diff(test.want, checktest.Findings(found)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if strings.Contains(checktest.Findings(found), "hunter2") {
				t.Error("a finding shows a secret")
			}
		})
	}
}

func TestALaterChannelWins(t *testing.T) {
	t.Parallel()
	checked := checktest.Load(t, checktest.Builtin(t), "test.yaml", inputsRunbook)
	file := source.NewFile("prod.yaml", []byte("image: file:1\nreplicas: 0\n"))
	fromFile := value.String("file:1")
	tooFew := value.Int(0)
	flag := input.Given{Name: "image", Text: "flag:1", By: input.ByFlag, Origin: "-i image"}
	again := input.Given{Name: "image", Text: "flag:2", By: input.ByFlag, Origin: "-i image"}
	byFile := input.Given{Name: "image", Value: &fromFile, By: input.ByFile, Origin: "prod.yaml", Range: file.Range(7, 13)}
	environment := input.Given{Name: "image", Text: "env:1", By: input.ByEnvironment, Origin: input.EnvName("image")}
	fromMode := value.String("mode:1")
	byMode := input.Given{Name: "image", Value: &fromMode, By: input.ByMode, Origin: "the mode drill"}
	tests := []struct {
		name         string
		given        []input.Given
		want, origin string
	}{
		{"flag over mode", []input.Given{byMode, flag}, "flag:1", "-i image"},
		{"mode over file", []input.Given{byMode, byFile, environment}, "mode:1", "the mode drill"},
		{"flag over file", []input.Given{flag, byFile, environment}, "flag:1", "-i image"},
		{"file over environment", []input.Given{byFile, environment}, "file:1", "prod.yaml"},
		{"environment", []input.Given{environment}, "env:1", "GATEBOOK_INPUT_IMAGE"},
		{"the later flag", []input.Given{flag, again}, "flag:2", "-i image"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			values, sources, found := input.Values(checked, test.given)
			checktest.NoErrors(t, found)
			image, _ := values.Get("image")
			if image.String() != test.want || sources["image"].Origin != test.origin {
				t.Errorf("image is %s from %s, want %s from %s", image, sources["image"].Origin, test.want, test.origin)
			}
			if sources["replicas"].Origin != "default" {
				t.Errorf("replicas came from %q, want default", sources["replicas"].Origin)
			}
		})
	}
	_, _, found := input.Values(checked, []input.Given{
		byFile, {Name: "replicas", Value: &tooFew, By: input.ByFile, Origin: "prod.yaml", Range: file.Range(24, 25)},
	})
	want := "2:11 GB0605 replicas must be at least 1, got 0; it was given by prod.yaml.\n"
	if diff := cmp.Diff(want, checktest.Findings(found)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
