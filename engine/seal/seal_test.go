package seal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/seal"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// key and other are the keys of two state folders.
var key, other = seal.Key(strings.Repeat("k", 32)), seal.Key(strings.Repeat("o", 32))

const hush = "hush-hush-1"

// planned is the plan of a runbook with a secret input, and as it was previewed.
func planned(t testing.TB, secret string) (made, shown *plan.Plan) {
	t.Helper()
	made, err := plan.New(plan.Plan{
		Runbook: plan.Header{Name: "web", Version: "1.0.0", File: "books/web.yaml", Digest: "sha256:00ff"},
		Inputs: value.Object(
			value.Member{Name: "n", Value: value.Int(3)},
			value.Member{Name: "token", Value: value.String(secret).Secret()},
		),
		Steps: []*plan.Step{{ID: "sign_off", Use: plan.Use{Describe: sdk.Description{Asks: true}}}, {ID: "roll"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	look := *made
	roll := *made.Steps[1]
	roll.Preview = &sdk.Preview{Observed: []sdk.Seen{
		{Kind: "Service", Name: "shop/web", Version: "sha256:aa"},
		{Kind: "Deployment", Name: "shop/web", Version: "generation 7"},
		{Kind: "Deployment", Name: "shop/web", Version: "generation 7"},
	}}
	look.Steps = []*plan.Step{made.Steps[0], &roll}
	return made, &look
}

// sealed is the plan of [planned] as a file.
func sealed(t testing.TB, by seal.Key, secret string) (*seal.Plan, []byte) {
	t.Helper()
	made, shown := planned(t, secret)
	essence, err := seal.Of(made, shown, "0.1.0", by)
	if err != nil {
		t.Fatal(err)
	}
	asks, _ := seal.Asking(made)
	kept, text, err := seal.Seal(essence, seal.Notes{
		Serial: "s1", Made: time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC), By: "ann", Runbook: "books/web.yaml",
		Sources: map[string]string{"token": "env:TOKEN"}, Asks: asks, Text: "kind: Runbook\n",
	}, by)
	if err != nil {
		t.Fatal(err)
	}
	return kept, text
}

func read(text []byte, by seal.Key) (*seal.Plan, diag.List) {
	return seal.Read(source.NewFile("web.plan", text), by)
}

func TestAPlanIsReadAsItWasSealed(t *testing.T) {
	t.Parallel()
	kept, text := sealed(t, key, hush)
	if !seal.Is(text) {
		t.Error("it is not known for a sealed plan")
	}
	was, found := read(text, key)
	if len(found) > 0 {
		t.Fatal(found)
	}
	if was.Digest != kept.Digest || was.Notes.Text != "kind: Runbook\n" || was.Notes.Sources["token"] != "env:TOKEN" || was.Notes.Asks[0] != "sign_off" {
		t.Errorf("got %+v", was)
	}
	if drift := was.Drift(kept.Essence, "kind: Runbook\n"); len(drift) > 0 {
		t.Errorf("it differs from what was sealed: %v", drift)
	}
	if got := fmt.Sprint(was.Essence.Observed); got != "[{roll Deployment shop/web generation 7 } {roll Service shop/web sha256:aa }]" {
		t.Errorf("observed: %s", got)
	}
	// Spaces say nothing.
	var bare bytes.Buffer
	if err := json.Compact(&bare, text); err != nil {
		t.Fatal(err)
	}
	if _, found := read(bare.Bytes(), key); len(found) > 0 || !seal.Is(bare.Bytes()) {
		t.Errorf("without spaces: %v", found)
	}
}

// Nobody is told to answer what nobody will ask.
func TestAQuestionThatIsSkippedIsNone(t *testing.T) {
	t.Parallel()
	made, _ := planned(t, hush)
	for truth, want := range map[string]int{"true": 1, "unknown": 1, "false": 0} {
		made.Steps[0].When = &plan.Condition{State: plan.State{Truth: truth}}
		if asks, _ := seal.Asking(made); len(asks) != want {
			t.Errorf("when is %s: %v", truth, asks)
		}
	}
}

// Nobody says yes to work before it is done, nor to a question that is not known.
func TestAYesMayHaveToWaitForItsQuestion(t *testing.T) {
	t.Parallel()
	made, _ := planned(t, hush)
	ask := made.Steps[0]
	unknown := value.Unknown(value.Cause{Step: "look", Reason: "it is an output of a step that has not run"})
	for name, c := range map[string]struct {
		effect sdk.Effect
		params value.Value
		want   string
	}{
		"a question":         {sdk.Read, ask.Params, ""},
		"work":               {sdk.Change, ask.Params, "it asks whether work is done that begins when it asks"},
		"an unknown message": {sdk.Read, value.Object(value.Member{Name: "message", Value: unknown}), "its question is not known yet: known after look"},
	} {
		ask.Effect, ask.Params = c.effect, c.params
		asks, later := seal.Asking(made)
		if len(asks) != 1 || later["sign_off"] != c.want {
			t.Errorf("%s: %v are asked, later %v, want %q", name, asks, later, c.want)
		}
	}
}

func TestTheSamePlanHasTheSameDigest(t *testing.T) {
	t.Parallel()
	first, text := sealed(t, key, hush)
	again, _ := sealed(t, key, hush)
	if first.Digest != again.Digest {
		t.Error("the same plan has two digests")
	}
	if another, _ := sealed(t, key, hush+"x"); another.Digest == first.Digest {
		t.Error("another secret makes no other plan")
	}
	if elsewhere, _ := sealed(t, other, hush); elsewhere.Digest == first.Digest {
		t.Error("a hash of a secret does not depend on the key, so that anybody could try what it was")
	}
	if bytes.Contains(text, []byte("hush")) || bytes.Contains(text, []byte("kkkk")) {
		t.Errorf("the file holds a secret:\n%s", text)
	}
}

func TestWhatIsNotAsItWasSealedIsRefused(t *testing.T) {
	t.Parallel()
	_, text := sealed(t, key, hush)
	replaced := func(was, now string) []byte {
		if !bytes.Contains(text, []byte(was)) {
			t.Fatalf("the file has no %s", was)
		}
		return bytes.Replace(text, []byte(was), []byte(now), 1)
	}
	_, foreign := sealed(t, other, hush)
	for name, test := range map[string]struct {
		text []byte
		rule *diag.Rule
		says string
	}{
		"an input":          {replaced(`"n": 3`, `"n": 30`), diag.SealBroken, "digest"},
		"a source":          {replaced(`env:TOKEN`, `env:OTHER`), diag.SealBroken, "seal"},
		"the serial":        {replaced(`"s1"`, `"s2"`), diag.SealBroken, "seal"},
		"the digest":        {replaced(`"digest": "sha256:`, `"digest": "sha256:0`), diag.SealBroken, "digest"},
		"the seal":          {replaced(`"seal": "`, `"seal": "0`), diag.SealBroken, "seal"},
		"a member more":     {replaced(`"digest"`, `"more": 1, "digest"`), diag.SealBroken, "more"},
		"something behind":  {append(bytes.Clone(text), "{}"...), diag.SealBroken, "after top-level value"},
		"nothing":           {nil, diag.SealBroken, "cut off"},
		"a later format":    {replaced(seal.Format, "gatebook/sealed-plan/v2"), diag.SealFormat, "sealed-plan/v2"},
		"another key":       {foreign, diag.SealForeign, other.Name()},
		"a key twice":       {replaced(`"plan": {`, `"plan": {"covered": {}}, "plan": {`), diag.SealBroken, "twice"},
		"a key in capitals": {replaced(`"plan": {`, `"plan": {"covered": {}}, "PLAN": {`), diag.SealBroken, "spelt otherwise"},
		"a digest before":   {replaced(`"digest"`, `"digest": "sha256:00", "Digest"`), diag.SealBroken, "spelt otherwise"},
		"no object":         {[]byte(`[]`), diag.SealBroken, "cannot be read"},
		"empty":             {[]byte(`{"format": "` + seal.Format + `"}`), diag.SealBroken, ""},
	} {
		was, found := read(test.text, key)
		if was != nil || len(found) != 1 || found[0].Rule != test.rule || !strings.Contains(found[0].Detail, test.says) {
			t.Errorf("%s: got %+v, %v", name, was, found)
		}
	}
}

// No change of one byte and no cut is read as a plan, but for one between its words.
func TestEveryByteIsHeld(t *testing.T) {
	t.Parallel()
	_, text := sealed(t, key, hush)
	for i := range text {
		changed := bytes.Clone(text)
		changed[i] ^= 1
		if was, found := read(changed, key); was != nil || !found.HasErrors() {
			t.Fatalf("byte %d can be changed: %q", i, text[max(0, i-20):min(len(text), i+20)])
		}
		if was, _ := read(text[:i], key); was != nil && i < len(text)-1 {
			t.Fatalf("it can be cut after %d bytes of %d", i, len(text))
		}
	}
}

func TestWhatIsNoSealedPlan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"":                                    false,
		"apiVersion: gatebook/v1\n":           false,
		`{"apiVersion": "gatebook/v1"}`:       false,
		`{"format": "gatebook/plan/v1"}`:      false,
		`{"format":"gatebook/sealed-plan/v1"`: true,
		"\n {\r\n\t\"format\" : \"gatebook/sealed-plan/v9\", ":            true,
		strings.Repeat(" ", 300) + `{"format":"gatebook/sealed-plan/v1"}`: false,
	} {
		if got := seal.Is([]byte(text)); got != want {
			t.Errorf("%q: got %t", text, got)
		}
	}
}

func TestDrift(t *testing.T) {
	t.Parallel()
	was, _ := sealed(t, key, hush)
	for want, change := range map[string]func(e *seal.Essence){
		"gatebook has moved from version 0.1.0 to 0.2.0": func(e *seal.Essence) { e.Gatebook = "0.2.0" },
		"the file web.yaml has changed from sha256:00ff to sha256:ff00. Line 1 was kind: Runbook and is kind: Other": func(e *seal.Essence) {
			e.Files = []seal.File{{Name: "web.yaml", SHA256: "sha256:ff00"}}
		},
		"the folder that it works in has changed from unknown to /srv/production": func(e *seal.Essence) { e.Dir = "/srv/production" },
		"the file web.yaml is not seen any more: it was sha256:00ff":              func(e *seal.Essence) { e.Files = nil },
		"the input n has changed from 3 to 4": func(e *seal.Essence) {
			token, _ := e.Inputs.Get("token")
			e.Inputs = value.Object(value.Member{Name: "n", Value: value.Int(4)}, value.Member{Name: "token", Value: token})
		},
		"the secret input token has another value": func(e *seal.Essence) { e.Secrets = map[string]string{"token": "00"} },
		"the plugin shop was not seen, and is 1.2.0 (sha256:aa) now": func(e *seal.Essence) {
			e.Plugins = []seal.Plugin{{Name: "shop", Version: "1.2.0", SHA256: "aa"}}
		},
		"what the connection here reaches was not seen, and is the shop red now. Its id is shop red": func(e *seal.Essence) {
			e.Targets = []seal.Target{{Connection: "here", Title: "the shop red", ID: "shop red"}}
		},
		"Deployment shop/web has moved from generation 7 to 9": func(e *seal.Essence) {
			e.Observed = []seal.Seen{{"roll", "Deployment", "shop/web", "generation 9", ""}, e.Observed[1]}
		},
		"Service shop/web is another one of the same name: sha256:aa": func(e *seal.Essence) {
			e.Observed = []seal.Seen{e.Observed[0], {"roll", "Service", "shop/web", "sha256:aa", "u2"}}
		},
		"what the plan was made to look at has changed from the world to nothing (--offline)": func(e *seal.Essence) { e.Offline = true },
		"something of what the plan was made of has another value": func(e *seal.Essence) {
			e.Observed = []seal.Seen{e.Observed[1], e.Observed[0]}
		},
		"Service shop/web is not seen any more: it was sha256:aa":                            func(e *seal.Essence) { e.Observed = e.Observed[:1] },
		"what the plan would do has changed from " + was.Essence.Plan[:19] + "… to sha256:1": func(e *seal.Essence) { e.Plan = "sha256:1" },
	} {
		now := was.Essence
		change(&now)
		if drift := was.Drift(now, "kind: Other\n"); len(drift) != 1 || drift[0].String() != want {
			t.Errorf("want %s\ngot  %v", want, drift)
		}
	}
}

// Of a line that looks the same it is shown what is another: in YAML an indent says something.
func TestDriftOfBlanksCanBeSeen(t *testing.T) {
	t.Parallel()
	was, _ := sealed(t, key, hush)
	for text, want := range map[string]string{
		"kind: Runbook\r\n": `Line 1 was "kind: Runbook" and is "kind: Runbook\r": its blanks or its end are others`,
		"  kind: Runbook\n": `Line 1 was "kind: Runbook" and is "  kind: Runbook": its blanks or its end are others`,
		" kind: Other\n":    "Line 1 was kind: Runbook and is kind: Other",
	} {
		now := was.Essence
		now.Files = []seal.File{{Name: "web.yaml", SHA256: "sha256:ff00"}}
		if drift := was.Drift(now, text); len(drift) != 1 || drift[0].Detail != want || !strings.HasSuffix(drift[0].String(), want) {
			t.Errorf("want %s\ngot  %v", want, drift)
		}
	}
}

// What cannot be looked at now is not gone: at night a server that does not answer must not
// read as an object that somebody has deleted.
func TestWhatCannotBeLookedAtIsNotGone(t *testing.T) {
	t.Parallel()
	was, _ := sealed(t, key, hush)
	was.Essence.Targets = []seal.Target{{Connection: "here", Title: "the shop red"}}
	for name, test := range map[string]struct {
		change func(e *seal.Essence)
		unseen []seal.Unseen
		want   string
	}{
		"a step": {
			func(e *seal.Essence) { e.Observed = nil }, []seal.Unseen{{Step: "roll", Why: "503"}}, "[what roll would do cannot be told now: 503]",
		},
		"a connection": {
			func(e *seal.Essence) { e.Observed, e.Targets = nil, nil },
			[]seal.Unseen{{Connection: "here", Why: "no route"}, {Connection: "here", Step: "roll"}},
			"[what the connection here reaches cannot be told now: no route]",
		},
		"and something else": {
			func(e *seal.Essence) { e.Observed, e.Gatebook = nil, "0.2.0" },
			[]seal.Unseen{{Step: "roll", Why: "503"}},
			"[what roll would do cannot be told now: 503 gatebook has moved from version 0.1.0 to 0.2.0]",
		},
		"one that was not looked at before": {
			func(e *seal.Essence) { e.Gatebook = "0.2.0" },
			[]seal.Unseen{{Step: "other", Why: "503"}},
			"[gatebook has moved from version 0.1.0 to 0.2.0]",
		},
	} {
		now := was.Essence
		test.change(&now)
		if got := fmt.Sprint(was.Drift(now, "", test.unseen...)); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

// A step may look at several things of one kind and name, as at the pods of a Job.
func TestDriftOfThingsOfOneName(t *testing.T) {
	t.Parallel()
	was, _ := sealed(t, key, hush)
	pod := func(version, id string) seal.Seen {
		return seal.Seen{Step: "roll", Kind: "Pod", Name: "shop/web", Version: version, ID: id}
	}
	was.Essence.Observed = []seal.Seen{pod("generation 1", "a"), pod("generation 2", "b")}
	for _, test := range []struct {
		now  []seal.Seen
		want string
	}{
		{[]seal.Seen{pod("generation 1", "a"), pod("generation 2", "b")}, "[]"},
		{[]seal.Seen{pod("generation 2", "b")}, "[Pod shop/web is not seen any more: it was generation 1]"},
		{[]seal.Seen{pod("generation 5", "b"), pod("generation 1", "a")}, "[Pod shop/web has moved from generation 2 to 5]"},
		{[]seal.Seen{pod("generation 1", "a"), pod("generation 2", "c")}, "[Pod shop/web is another one of the same name: generation 2]"},
		{[]seal.Seen{pod("generation 1", "a"), pod("generation 7", "c")}, "[Pod shop/web is another one of the same name: generation 7. The one before was generation 2]"},
		{[]seal.Seen{pod("generation 1", "c"), pod("generation 2", "b")}, "[Pod shop/web is another one of the same name: generation 1]"},
		{[]seal.Seen{pod("generation 1", "a"), pod("generation 2", "b"), pod("generation 1", "c")}, "[Pod shop/web was not seen, and is generation 1 now]"},
	} {
		now := was.Essence
		now.Observed = test.now
		if got := fmt.Sprint(was.Drift(now, "")); got != test.want {
			t.Errorf("%v: got %s, want %s", test.now, got, test.want)
		}
	}
}

// essences draws what plans are made of, of few different parts, so that many are alike.
func essences() *rapid.Generator[seal.Essence] {
	word := rapid.SampledFrom([]string{"", "a", "b"})
	return rapid.Custom(func(t *rapid.T) seal.Essence {
		e := seal.Essence{Gatebook: word.Draw(t, "gatebook"), Plan: word.Draw(t, "plan"), Dir: word.Draw(t, "dir"), Offline: rapid.Bool().Draw(t, "offline")}
		e.Inputs = rapid.SampledFrom([]value.Value{
			value.Object(), value.Object(value.Member{Name: "n", Value: value.Int(1)}), value.Object(value.Member{Name: "n", Value: value.String("1")}),
		}).Draw(t, "inputs")
		e.Secrets = rapid.MapOfN(word, word, 0, 2).Draw(t, "secrets")
		e.Files = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) seal.File { return seal.File{Name: word.Draw(t, "file"), SHA256: word.Draw(t, "sum")} }), 0, 2).Draw(t, "files")
		e.Plugins = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) seal.Plugin {
			return seal.Plugin{Name: word.Draw(t, "plugin"), Version: word.Draw(t, "version"), SHA256: word.Draw(t, "sum")}
		}), 0, 2).Draw(t, "plugins")
		e.Targets = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) seal.Target {
			return seal.Target{Connection: word.Draw(t, "connection"), Title: word.Draw(t, "title"), ID: word.Draw(t, "id"), Seal: word.Draw(t, "seal")}
		}), 0, 2).Draw(t, "targets")
		e.Observed = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) seal.Seen {
			return seal.Seen{Step: word.Draw(t, "step"), Kind: word.Draw(t, "kind"), Name: word.Draw(t, "name"), Version: word.Draw(t, "version"), ID: word.Draw(t, "id")}
		}), 0, 3).Draw(t, "observed")
		return e
	})
}

func TestThereIsDriftWhereDigestsDiffer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		one, other := essences().Draw(r, "one"), essences().Draw(r, "other")
		was, _, err := seal.Seal(one, seal.Notes{}, key)
		if err != nil {
			r.Fatal(err)
		}
		is, _, err := seal.Seal(other, seal.Notes{}, key)
		if err != nil {
			r.Fatal(err)
		}
		if drift := was.Drift(other, ""); (len(drift) > 0) != (was.Digest != is.Digest) {
			r.Fatalf("digests %s and %s, and the drift is %v", was.Digest, is.Digest, drift)
		}
		if drift := was.Drift(one, ""); len(drift) > 0 {
			r.Fatalf("it differs from itself: %v", drift)
		}
	})
}

func FuzzRead(f *testing.F) {
	_, text := sealed(f, key, hush)
	_, foreign := sealed(f, other, hush)
	f.Add(text)
	f.Add(foreign)
	f.Add(text[:len(text)/2])
	f.Add([]byte(`{"format":"` + seal.Format + `","plan":{"covered":{"inputs":{"$secret":1}},"notes":null}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		was, found := read(text, key)
		if (was == nil) != found.HasErrors() {
			t.Fatalf("got %+v, and %v", was, found)
		}
		for _, d := range found {
			_ = d.Range.String() + d.Range.Text()
		}
		if was == nil {
			return
		}
		// Only who has the key can have made it, and that is the one above.
		if now, _ := sealed(t, key, hush); was.Digest != now.Digest {
			t.Fatalf("a forged plan was read: %s", text)
		}
	})
}
