// Package given collects the input values of a run: from the flags -i and -f, from
// GATEBOOK_INPUT_… in the environment, and secrets from where they are kept.
//
// What the values mean and whether they are allowed is for input; here they are found
// and read. A secret is never taken from a flag's plain text.
package given

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// Flags are what the command line says of inputs.
type Flags struct {
	values []console.Pair
	files  []string
}

// Declare declares -i and -f.
func (f *Flags) Declare(flags *pflag.FlagSet) {
	flags.VarP(console.Pairs{List: &f.values}, "input", "i",
		"value of an input; of a secret its place: NAME=env:VARIABLE, NAME=file:PATH, or NAME=- for standard input")
	flags.StringArrayVarP(&f.files, "file", "f", nil, "YAML or JSON file of input values; a later one wins, and -i over all")
}

// Files returns the files of input values, but for those of secrets.
func (f *Flags) Files() []string { return slices.Clone(f.files) }

// Typed returns the flags as they were typed, quoted for a shell.
func (f *Flags) Typed() []string {
	var words []string
	for _, name := range f.files {
		words = append(words, "-f", console.Quote(name))
	}
	for _, p := range f.values {
		words = append(words, "-i", console.Quote(p.Name+"="+p.Text))
	}
	return words
}

// Reader finds input values.
type Reader struct {
	*console.Console
}

// Collect returns the values that are given for the inputs of a runbook. The findings
// are about the files of values.
func (r *Reader) Collect(f *Flags, inputs *schema.Schema) ([]input.Given, diag.List, error) {
	all, err := r.fromEnvironment(inputs)
	if err != nil {
		return nil, nil, err
	}
	var found diag.List
	for _, name := range f.files {
		given, more, err := r.fromFile(name, inputs)
		if err != nil {
			return nil, nil, err
		}
		all, found = append(all, given...), append(found, more...)
	}
	for _, p := range f.values {
		given := input.Given{Name: p.Name, Text: p.Text, By: input.ByFlag, Origin: "-i " + p.Name}
		if isSecret(inputs, p.Name) && isPlace(p.Text) {
			if given.Text, err = r.secret(p.Name, p.Text, elsewhere(p.Name)); err != nil {
				return nil, nil, err
			}
			given.SecretSource = r.lasting(p.Text)
		}
		all = append(all, given)
	}
	return all, found.Sorted(), noneEmpty(all)
}

// noneEmpty refuses an empty secret. It is what is left of one that was not there when a
// script looked for it, and no system is opened by it. One that another value overrides
// does no harm.
func noneEmpty(all []input.Given) error {
	for i, g := range all {
		overridden := slices.ContainsFunc(all[i+1:], func(later input.Given) bool { return later.Name == g.Name })
		if g.SecretSource != "" && g.Text == "" && !overridden {
			return missing(g.Name, g.SecretSource, "is empty", elsewhere(g.Name))
		}
	}
	return nil
}

// Again returns how secrets are read again: from where they were read before, unless a person
// says where they are now. It refuses what says anything else; whose says whose secrets they
// are, and hint what else there is to do.
func (r *Reader) Again(sources map[string]string, now []console.Pair, whose, hint string) (func(input, from string) (string, error), error) {
	places := make(map[string]string, len(now))
	for _, p := range now {
		if _, is := sources[p.Name]; !is {
			return nil, console.Usage(hint, "%s has no secret input %s", whose, p.Name)
		}
		place, err := r.Place(p.Name, p.Text)
		if err != nil {
			return nil, err
		}
		places[p.Name] = place
	}
	return func(input, from string) (string, error) {
		return r.Secret(input, cmp.Or(places[input], from))
	}, nil
}

// AgainFrom is [Reader.Again] for the flags of a command line, of which files of values say
// more than where a secret is.
func (r *Reader) AgainFrom(sources map[string]string, flags *Flags, whose, hint string) (func(input, from string) (string, error), error) {
	if len(flags.files) > 0 {
		return nil, console.Usage(hint, "%s has its inputs already, and takes none of %s", whose, flags.files[0])
	}
	return r.Again(sources, flags.values, whose, hint)
}

// WarnOfShort names the secrets that are given and are too short to be hidden inside text.
func (r *Reader) WarnOfShort(inputs value.Value) {
	for _, input := range inputs.Members() {
		if input.Value.HoldsShortSecret() {
			r.Note("Warning: the secret input %s is too short to be masked inside other text. It is only hidden where it is the whole of a text; use a longer one.", input.Name)
		}
	}
}

func isSecret(inputs *schema.Schema, name string) bool {
	shape, ok := inputs.Property(name)
	return ok && data.HoldsSecret(shape)
}

// isPlace reports whether a text says where a secret is, and not what it is.
func isPlace(text string) bool {
	return text == "-" || strings.HasPrefix(text, "env:") || strings.HasPrefix(text, "file:")
}

// fromEnvironment looks for a variable for each input. A secret may stand there: the
// environment is not seen by others.
func (r *Reader) fromEnvironment(inputs *schema.Schema) ([]input.Given, error) {
	var all []input.Given
	for _, p := range inputs.Properties {
		variable := input.EnvName(p.Name)
		text, ok := r.LookupEnv(variable)
		if !ok {
			continue
		}
		given := input.Given{Name: p.Name, Text: text, By: input.ByEnvironment, Origin: variable}
		if isSecret(inputs, p.Name) {
			given.SecretSource = "env:" + variable
		}
		all = append(all, given)
	}
	return all, nil
}

// fromFile reads a file of values, which may say of a secret where it is.
func (r *Reader) fromFile(name string, inputs *schema.Schema) ([]input.Given, diag.List, error) {
	text, err := r.ReadFile(name, "input values")
	if err != nil {
		return nil, nil, err
	}
	tree, found := syntax.Parse(source.NewFile(name, text))
	if tree.Kind() != syntax.Map && !found.HasErrors() {
		return nil, nil, console.Usage("Write it as NAME: VALUE, one input a line.", "%s holds no input values but %s", name, tree.Kind())
	}
	var all []input.Given
	for key, node := range tree.Entries() {
		given := input.Given{Name: key.Text(), By: input.ByFile, Origin: name, Range: node.Range()}
		value := node.Value()
		given.Value = &value
		if isSecret(inputs, given.Name) {
			// A finding shows the line that it is about, and so would show the secret.
			given.Origin, given.Range = node.Range().String(), source.Range{}
		}
		if place := node.Text(); node.Kind() == syntax.String && isSecret(inputs, given.Name) && isPlace(place) {
			given.Value, given.SecretSource = nil, r.lasting(place)
			if given.Text, err = r.secret(given.Name, place, elsewhere(given.Name)); err != nil {
				return nil, nil, err
			}
		}
		all = append(all, given)
	}
	return all, found, nil
}

// Secret reads the secret of an input of a run from where it came from when the run
// began: "env:NAME", "file:PATH" or "-".
func (r *Reader) Secret(input, from string) (string, error) {
	hint := "A run reads its secrets again from where they came from. Put it there, or say where it is now: " +
		"-i " + input + "=env:VARIABLE or -i " + input + "=file:PATH."
	text, err := r.secret(input, from, hint)
	if err == nil && text == "" {
		err = missing(input, from, "is empty", hint)
	}
	return text, err
}

// Place returns the place of a secret that was typed, as it is written down, and refuses
// what is the secret itself.
func (r *Reader) Place(input, typed string) (string, error) {
	if !isPlace(typed) {
		return "", console.Usage(elsewhere(input), "the secret input %s must not be typed in the clear, where others can read it", input)
	}
	return r.lasting(typed), nil
}

// secret reads a secret, which may turn out to be empty. The hint is for whoever has to
// put it there.
func (r *Reader) secret(input, from, hint string) (string, error) {
	kind, place, placed := strings.Cut(from, ":")
	switch {
	case placed && place == "":
		return "", console.Usage(elsewhere(input), "the secret input %s is to come from %q, and nothing stands behind the colon", input, from)
	case from == "-" && r.Screen.Stdin:
		return "", missing(input, from, "is a terminal", hint)
	case kind == "env":
		text, ok := r.LookupEnv(place)
		if !ok {
			return "", missing(input, from, "is not set", hint)
		}
		return text, nil
	case kind == "file":
		from = place
	}
	text, err := r.ReadFile(from, "the secret input "+input)
	return trimLine(string(text)), err
}

// missing says that there is no secret where it was to come from.
func missing(input, from, why, hint string) error {
	place := "standard input"
	if name, ok := strings.CutPrefix(from, "env:"); ok {
		place = "the variable " + name
	} else if path, ok := strings.CutPrefix(from, "file:"); ok && path != "-" {
		place = "the file " + path
	}
	return console.Usage(hint, "the secret input %s is to come from %s, which %s", input, place, why)
}

// elsewhere says how a secret is given.
func elsewhere(input string) string {
	return "Put it there, or say where it is: -i " + input + "=env:VARIABLE, -i " + input + "=file:PATH, or -i " + input + "=- and pipe it in."
}

// lasting is the place of a secret as it is written down: the run may be resumed from
// another folder.
func (r *Reader) lasting(place string) string {
	if path, ok := strings.CutPrefix(place, "file:"); ok && path != "-" {
		return "file:" + r.Path(path)
	}
	return place
}

// trimLine takes off the newline that editors and echo put at the end.
func trimLine(text string) string { return strings.TrimRight(text, "\r\n") }
