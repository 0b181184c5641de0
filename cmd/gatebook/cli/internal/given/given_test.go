package given_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/given"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/schema"
)

func inputs() *schema.Schema {
	text := func(secret bool) *schema.Schema { return &schema.Schema{Type: schema.TypeString, Secret: secret} }
	return &schema.Schema{Type: schema.TypeObject, Properties: []schema.Property{
		{Name: "url", Schema: text(false)}, {Name: "token", Schema: text(true)}, {Name: "key", Schema: text(true)},
	}}
}

// collect reads the flags with a few files and variables around.
func collect(t *testing.T, stdin string, args ...string) ([]input.Given, error) {
	t.Helper()
	return collectIn(t, t.TempDir(), stdin, args...)
}

func collectIn(t *testing.T, dir, stdin string, args ...string) ([]input.Given, error) {
	t.Helper()
	for name, text := range map[string]string{
		"values.yaml": "url: from-file\ntoken: env:TOKEN\n", "clear.yaml": "token: hush\n", "empty.yaml": "token: env:EMPTY\n", "empty.txt": "\n", "dash.yaml": "token: '-'\n", "values.json": `{"url": "json"}`, "secret.txt": "from-secret-file\r\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var flags given.Flags
	set := pflag.NewFlagSet("test", pflag.ContinueOnError)
	flags.Declare(set)
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	reader := given.Reader{Console: &console.Console{Env: console.Env{
		Dir: dir, Stdin: strings.NewReader(stdin), Environ: []string{"TOKEN=from-env", "GATEBOOK_INPUT_KEY=k1", "OTHER=x", "EMPTY="},
	}}}
	all, found, err := reader.Collect(&flags, inputs())
	if found.HasErrors() {
		t.Fatalf("findings: %+v", found)
	}
	return all, err
}

func TestCollect(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stdin string
		args  []string
		// name, text or value, and the place of a secret, of the last that is given
		name, text, secret string
	}{
		"a variable for an input":        {"", nil, "key", "k1", "env:GATEBOOK_INPUT_KEY"},
		"a flag":                         {"", []string{"-i", "url=a=b"}, "url", "a=b", ""},
		"a place that is no secret":      {"", []string{"-i", "url=file:///etc"}, "url", "file:///etc", ""},
		"a dash that is no secret":       {"", []string{"-i", "url=-"}, "url", "-", ""},
		"a secret from the environment":  {"", []string{"-i", "token=env:TOKEN"}, "token", "from-env", "env:TOKEN"},
		"a secret from a file":           {"", []string{"-i", "token=file:secret.txt"}, "token", "from-secret-file", "file:DIR/secret.txt"},
		"a secret from standard input":   {"from-stdin\n", []string{"-i", "token=-"}, "token", "from-stdin", "-"},
		"a secret in the clear is kept":  {"", []string{"-i", "token=plain"}, "token", "plain", ""},
		"a file of values, JSON":         {"", []string{"-f", "values.json"}, "url", "json", ""},
		"a file that names the place":    {"", []string{"-f", "values.yaml"}, "token", "from-env", "env:TOKEN"},
		"an input that nobody knows":     {"", []string{"-i", "ulr=x"}, "ulr", "x", ""},
		"a secret in the clear, by file": {"", []string{"-f", "clear.yaml"}, "token", "hush", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			all, err := collectIn(t, dir, test.stdin, test.args...)
			if err != nil {
				t.Fatal(err)
			}
			test.secret = strings.Replace(test.secret, "DIR", dir, 1)
			last := all[len(all)-1]
			text := last.Text
			if last.Value != nil {
				text, _ = last.Value.AsString()
			}
			if last.Name != test.name || text != test.text || last.SecretSource != test.secret {
				t.Errorf("got %+v with %q", last, text)
			}
			if strings.Contains(name, "in the clear") && !last.Range.IsZero() {
				t.Error("a finding would show the line with the secret")
			}
		})
	}
}

func TestCollectFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stdin string
		args  []string
		want  string
	}{
		"no such variable":          {"", []string{"-i", "token=env:NONE"}, "the variable NONE, which is not set"},
		"no such file":              {"", []string{"-i", "token=file:none"}, "read the secret input token"},
		"no such file of values":    {"", []string{"-f", "none.yaml"}, "read input values"},
		"nothing on standard input": {"\n", []string{"-i", "token=-"}, "standard input, which is empty"},
		"nothing in the variable":   {"", []string{"-i", "token=env:EMPTY"}, "token is to come from the variable EMPTY, which is empty"},
		"nothing in the file":       {"", []string{"-i", "token=file:empty.txt"}, "empty.txt, which is empty"},
		"nothing in a device":       {"", []string{"-i", "token=file:/dev/null"}, "the file /dev/null, which is empty"},
		"nothing where values say":  {"", []string{"-f", "empty.yaml"}, "the variable EMPTY, which is empty"},
		"two secrets":               {"x", []string{"-i", "token=-", "-i", "key=-"}, "to be the secret input token and the secret input key"},
		"one secret, twice":         {"x", []string{"-i", "token=-", "-i", "token=-"}, "can be read once"},
		"values and a secret":       {"{}", []string{"-f", "-", "-i", "token=-"}, "to be input values and the secret input token"},
		"a file's secret and one":   {"x", []string{"-f", "dash.yaml", "-i", "key=-"}, "can be read once"},
		"as a file":                 {"x", []string{"-i", "key=-", "-i", "token=file:-"}, "can be read once"},
	}
	for name, test := range tests {
		_, err := collect(t, test.stdin, test.args...)
		var usage *console.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one of usage with %q", name, err, test.want)
		}
	}
}

func TestAnEmptySecretMayBeOverridden(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"in a file of values": {"-f", "empty.yaml", "-i", "token=env:TOKEN"},
		"by a flag":           {"-i", "token=file:empty.txt", "-i", "token=env:TOKEN"},
	} {
		if _, err := collect(t, "", args...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The secrets of a run that is taken up are those it began with, wherever these are.
func TestSecretOfARun(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ from, want, fault string }{
		"a variable":          {from: "env:TOKEN", want: "from-env"},
		"standard input":      {from: "-", want: "piped"},
		"no variable":         {from: "env:NONE", fault: "which is not set"},
		"an empty variable":   {from: "env:EMPTY", fault: "which is empty"},
		"an empty file":       {from: "file:/dev/null", fault: "which is empty"},
		"a file that is gone": {from: "file:/nowhere", fault: "read the secret input token"},
	}
	for name, test := range tests {
		reader := given.Reader{Console: &console.Console{Env: console.Env{
			Stdin: strings.NewReader("piped\n"), Environ: []string{"TOKEN=from-env", "EMPTY="},
		}}}
		text, err := reader.Secret("token", test.from)
		var usage *console.UsageError
		switch {
		case test.fault == "":
			if text != test.want || err != nil {
				t.Errorf("%s: %q, %v", name, text, err)
			}
		case !errors.As(err, &usage) || !strings.Contains(err.Error(), test.fault):
			t.Errorf("%s: error %v, want one of usage with %q", name, err, test.fault)
		case test.fault != "read the secret input token" && !strings.Contains(usage.Hint, "where it is now: -i token=env:VARIABLE"):
			t.Errorf("%s: the hint does not say how to give another place: %s", name, usage.Hint)
		}
	}
}
