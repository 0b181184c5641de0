package value_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/value"
)

func TestJSONIsReadBackAsItWas(t *testing.T) {
	t.Parallel()
	for document, kind := range map[string]value.Kind{
		`null`: value.KindNull, `true`: value.KindBool, `-3`: value.KindInt, `9223372036854775807`: value.KindInt,
		`0.5`: value.KindFloat, `"é\n"`: value.KindString, `[1,[],{}]`: value.KindList, `{"a":{"b":[null]},"c":""}`: value.KindObject,
	} {
		v, err := value.FromJSON([]byte(document))
		if err != nil {
			t.Fatalf("%s: %v", document, err)
		}
		if v.Kind() != kind {
			t.Errorf("%s is %v, want %v", document, v.Kind(), kind)
		}
		if got, err := v.RevealJSON(); err != nil || string(got) != document {
			t.Errorf("got %s, %v; want %s", got, err, document)
		}
	}
}

func TestJournalsKeepKindsAndForeignMarks(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		`2.0`:                     `2.0`,
		`-0.0`:                    `-0.0`,
		`1e3`:                     `1000.0`,
		`1e30`:                    `1e+30`,
		`18446744073709551616`:    `18446744073709552000.0`,
		`2`:                       `2`,
		`{"$secret":false}`:       `{"$$secret":false}`,
		`[{"$unknown":[]}]`:       `[{"$$unknown":[]}]`,
		`{"$$secret":2.0}`:        `{"$$$secret":2.0}`,
		`{"$secret":1,"other":2}`: `{"$secret":1,"other":2}`,
		`{"$ref":1}`:              `{"$ref":1}`,
	} {
		v, err := value.FromJSON([]byte(document))
		if err != nil {
			t.Fatalf("%s: %v", document, err)
		}
		written, err := json.Marshal(v)
		if err != nil || string(written) != want {
			t.Errorf("%s is written as %s, %v; want %s", document, written, err, want)
		}
		var back value.Value
		if err := json.Unmarshal(written, &back); err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if back.Kind() != v.Kind() || !back.Equal(v) {
			t.Errorf("%s comes back as %s %v", document, back.Kind(), back)
		}
	}
}

// An action that takes an integer is given 2, whichever way it was computed.
func TestActionsAreGivenWholeNumbersAsIntegers(t *testing.T) {
	t.Parallel()
	if got, err := value.List(value.Float(2), value.Float(2.5)).RevealJSON(); err != nil || string(got) != `[2,2.5]` {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestBadJSONIsAnError(t *testing.T) {
	t.Parallel()
	for _, document := range []string{``, `{`, `1 2`, `{}}`, `1 ]`, `1e999`, `nul`, strings.Repeat("[", 20_000)} {
		if v, err := value.FromJSON([]byte(document)); err == nil {
			t.Errorf("%.20q is taken for %v", document, v)
		}
	}
	if _, err := value.FromGo(struct{}{}); err == nil {
		t.Error("a struct is taken for a value")
	}
}

func TestWholeNumbersAreEqual(t *testing.T) {
	t.Parallel()
	if !value.Int(2).Equal(value.Float(2)) || value.Int(2).Equal(value.Float(2.5)) || value.Int(1).Equal(value.Bool(true)) {
		t.Error("numbers compare by what they are")
	}
	if unknown := value.Unknown(); unknown.Equal(unknown) {
		t.Error("nothing equals what is not known")
	}
	if i, ok := value.Float(3).AsInt(); !ok || i != 3 {
		t.Error("3.0 is a whole number")
	}
	if _, ok := value.Float(3.5).AsInt(); ok {
		t.Error("3.5 is no whole number")
	}
}

func TestObjectsAreSortedAndTheLaterMemberWins(t *testing.T) {
	t.Parallel()
	v := value.Object(
		value.Member{Name: "b", Value: value.Int(1)}, value.Member{Name: "a", Value: value.Int(2)}, value.Member{Name: "b", Value: value.Int(3)})
	if got := v.String(); got != `{"a":2,"b":3}` {
		t.Errorf("got %s", got)
	}
}

func TestMarksReachWhatIsInside(t *testing.T) {
	t.Parallel()
	secret := value.Object(value.Member{Name: "a", Value: value.List(value.Int(1))}).Secret()
	inside, _ := secret.Get("a")
	if !inside.IsSecret() || !inside.Items()[0].IsSecret() || !secret.Members()[0].Value.IsSecret() {
		t.Error("what is inside a secret is secret")
	}
	cause := value.Cause{Step: "drain", Reason: "it is an output"}
	unknown := value.Unknown(cause)
	member, ok := unknown.Get("x")
	if !ok || !member.IsUnknown() {
		t.Error("a member of an unknown is unknown")
	}
	around := value.List(unknown, value.Object(value.Member{Name: "k", Value: unknown}))
	if !around.HasUnknown() || around.IsUnknown() {
		t.Error("a list with an unknown inside is known itself, and has an unknown")
	}
	if diff := cmp.Diff([]value.Cause{cause}, around.Causes()); diff != "" {
		t.Error(diff)
	}
	if _, err := around.Reveal(); !errors.Is(err, value.ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
}

func TestPlansForgetSecretsAndKeepCauses(t *testing.T) {
	t.Parallel()
	v := value.List(value.String("hunter2").Secret(), value.Unknown(value.Cause{Step: "s", Reason: "r"}))
	document, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if want := `[{"$secret":true},{"$unknown":[{"step":"s","reason":"r"}]}]`; string(document) != want {
		t.Errorf("got %s, want %s", document, want)
	}
	var read value.Value
	if err := json.Unmarshal(document, &read); err != nil {
		t.Fatal(err)
	}
	if items := read.Items(); !items[0].IsSecret() || !items[0].IsUnknown() || items[1].Causes()[0].Step != "s" {
		t.Errorf("read back as %v", read)
	}
}

// anyValue draws a value in which every string is the word and may be secret.
func anyValue(t *rapid.T, depth int, word string) value.Value {
	var v value.Value
	switch kind := rapid.IntRange(0, 6).Draw(t, "kind"); {
	case kind == 0:
		v = value.Int(rapid.Int64().Draw(t, "int"))
	case kind == 1:
		v = value.Float(rapid.Float64Range(-1e9, 1e9).Draw(t, "float"))
	case kind == 2:
		v = value.Bool(rapid.Bool().Draw(t, "bool"))
	case kind == 3 || depth == 0:
		v = value.String(word).Secret()
	case kind == 4:
		v = value.Null()
	default:
		items := make([]value.Value, rapid.IntRange(0, 3).Draw(t, "length"))
		members := make(map[string]value.Value)
		for i := range items {
			items[i] = anyValue(t, depth-1, word)
			members[fmt.Sprint("k", i)] = items[i]
		}
		if v = value.List(items...); kind == 6 {
			v = value.ObjectOf(members)
		}
	}
	if rapid.Bool().Draw(t, "secret") {
		v = v.Secret()
	}
	return v
}

func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue(t, 3, "hunter2")
		document, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "v", v)
		for _, text := range []string{string(document), log.String(), v.String(), fmt.Sprintf("%v %+v %#v %s %q", v, v, v, v, v), fmt.Sprint(v.Redacted())} {
			if strings.Contains(text, "hunter2") {
				t.Fatalf("the secret is shown: %s", text)
			}
		}
	})
}

func TestNoVerbPrintsASecret(t *testing.T) {
	t.Parallel()
	const text, number = "hunter2", int64(0x1234567890abcdef)
	hidden := []string{text, fmt.Sprintf("%x", text), fmt.Sprintf("%X", text), fmt.Sprintf("% x", text), fmt.Sprintf("% X", text)}
	for _, verb := range []string{"%d", "%x", "%X", "%o", "%b", "%U"} {
		hidden = append(hidden, fmt.Sprintf(verb, number))
	}
	for _, verb := range []string{"%g", "%.3f", "%b", "%x", "%X"} {
		hidden = append(hidden, fmt.Sprintf(verb, float64(number)))
	}
	inside := value.Object(
		value.Member{Name: "list", Value: value.List(value.Int(number), value.String(text))},
		value.Member{Name: "flag", Value: value.Bool(true)},
	)
	held := value.List(value.String(text).Secret(), value.Int(number).Secret(), value.Float(float64(number)).Secret(), inside.Secret())
	name, _ := inside.Secret().Get("list")
	things := []any{
		held, &held, name, struct{ V value.Value }{name}, map[string]value.Value{"a": held}, held.Items(), held.Items()[3].Members(),
	}
	for _, v := range held.Items() {
		things = append(things, v, &v)
	}
	verbs := "%" // and whatever else is a verb, or is none
	for verb := 'A'; verb <= 'z'; verb++ {
		verbs += string(verb)
	}
	for _, verb := range verbs {
		for _, flags := range []string{"", "+", "#", " ", "0", "-30", ".3", "# ", "+.2", "30"} {
			for _, thing := range things {
				printed := fmt.Sprintf("%"+flags+string(verb), thing) + fmt.Errorf("%"+flags+string(verb), thing).Error()
				for _, form := range hidden {
					if strings.Contains(printed, form) {
						t.Fatalf("%%%s%c shows %q: %s", flags, verb, form, printed)
					}
				}
			}
		}
	}
}

func TestFormatWritesWhatStringGives(t *testing.T) {
	t.Parallel()
	word := value.String("word")
	for _, test := range []struct {
		format string
		of     value.Value
		want   string
	}{
		{"%v", word, "word"},
		{"%6s", word, "  word"},
		{"%.2s", word, "wo"},
		{"%q", word, `"word"`},
		{"%x", word, "776f7264"},
		{"%v", value.Int(7), "7"},
		{"%s", value.List(value.Int(7), word.Secret()), `[7,{"$secret":true}]`},
		{"%d", word.Secret(), "%!d(string=(secret))"},
		{"%q", word.Secret(), `"(secret)"`},
		{"%#v", value.Int(7).Secret(), "value.integer((secret))"},
	} {
		if got := fmt.Sprintf(test.format, test.of); got != test.want {
			t.Errorf("%s gives %s, want %s", test.format, got, test.want)
		}
	}
}

func TestASecretNumberIsStillThere(t *testing.T) {
	t.Parallel()
	for _, v := range []value.Value{value.Int(7), value.Float(0.5), value.Bool(true), value.Int(0)} {
		again := v.Secret().Secret()
		clear, err := v.RevealJSON()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := again.RevealJSON(); err != nil || string(got) != string(clear) || !again.Equal(v) || !v.Equal(again) {
			t.Errorf("%s became %s, %v", clear, got, err)
		}
	}
}

func TestRevealedValuesSurviveTheRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue(t, 3, "word")
		document, err := v.RevealJSON()
		if err != nil {
			t.Fatal(err)
		}
		back, err := value.FromJSON(document)
		if err != nil {
			t.Fatal(err)
		}
		if !back.Equal(v) || !v.Equal(back) {
			t.Fatalf("%s came back as %v", document, back)
		}
		data, err := v.Reveal()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := value.FromGo(data); err != nil || !again.Equal(v) {
			t.Fatalf("%v came back as %v, %v", data, again, err)
		}
	})
}

func FuzzFromJSON(f *testing.F) {
	for _, document := range []string{`null`, `{"a":[1,2.5,"x"]}`, `{"$secret":true}`, `{"$unknown":[{"step":"s"}]}`, `[[[[`, `1e400`} {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		var v value.Value
		if err := v.UnmarshalJSON(document); err != nil {
			return
		}
		written, err := v.MarshalJSON()
		if err != nil {
			t.Fatalf("%q: %v", document, err)
		}
		var again value.Value
		if err := again.UnmarshalJSON(written); err != nil {
			t.Fatalf("%q was written as %q: %v", document, written, err)
		}
	})
}

func BenchmarkFromJSON(b *testing.B) {
	document := []byte(`{"status": "succeeded", "outputs": {"replicas": 3, "nodes": ["a", "b", "c"], "ratio": 0.5}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := value.FromJSON(document); err != nil {
			b.Fatal(err)
		}
	}
}
