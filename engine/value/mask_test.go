package value_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/value"
)

func TestMaskerHidesASecretInEveryEncoding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[ -~]{5,40}`).Draw(t, "secret")
		before := rapid.StringMatching(`[a-z:]{0,5}`).Draw(t, "before")
		masker := value.NewMasker(value.String(secret).Secret())
		quoted, err := json.Marshal(secret)
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{
			"plain": secret,
			"hex":   hex.EncodeToString([]byte(secret)),
			"HEX":   strings.ToUpper(hex.EncodeToString([]byte(secret))),
			"query": url.QueryEscape(secret),
			"path":  url.PathEscape(secret),
			"json":  string(quoted[1 : len(quoted)-1]),
		} {
			masked := masker.Text("<" + before + text + ">")
			if strings.Contains(masked, text) && !strings.Contains(value.Mask, text) {
				t.Errorf("%s: %q is still in %q", name, text, masked)
			}
		}
		// In base64 the secret's outer bytes share characters with what is around it;
		// what can be decoded must not hold more than these.
		encoded := base64.StdEncoding.EncodeToString([]byte(before + secret + "/end"))
		if masked := masker.Text(encoded); masked == encoded {
			t.Errorf("base64 %q of %q is not masked", encoded, before+secret)
		}
	})
}

func TestMaskerHidesWhatToolsMakeOfASecret(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("eyJhbGciOiJIUzI1NiJ9.", 8)
	wrap := func(text string, columns int) string {
		var lines []string
		for ; len(text) > columns; text = text[columns:] {
			lines = append(lines, text[:columns])
		}
		return strings.Join(append(lines, text), "\n")
	}
	for name, c := range map[string]struct{ secret, shown, part string }{
		"base64":             {long, wrap(base64.StdEncoding.EncodeToString([]byte(long+"\n")), 76), "ZXlKaGJHY2lPaUpJVXpJMU5pSjku"},
		"pem":                {long, wrap(base64.StdEncoding.EncodeToString([]byte(long)), 64), "ZXlKaGJHY2lPaUpJVXpJMU5pSjku"},
		"xxd -p":             {long, wrap(hex.EncodeToString([]byte(long+"\n")), 60), "65794a68624763694f694a49557a49314e694a39"},
		"od -tx1":            {"correct horse battery", "63 6f 72 72 65 63 74 20 68 6f 72 73 65 20 62 61\n74 74 65 72 79", "63 6f 72 72"},
		"colons":             {"hunter22", "68:75:6e:74:65:72:32:32", "68:75"},
		"encodeURIComponent": {"correct horse&battery", "correct%20horse%26battery", "correct"},
		"lower case escapes": {"a+b/c=horse", "a%2bb%2fc%3dhorse", "horse"},
		"json.dumps":         {"pässword<1>", `p\u00e4ssword<1>`, "ssword"},
		"HTML":               {`say "horse" & 'cow'`, "say &quot;horse&quot; &amp; &#x27;cow&#x27;", "horse"},
		"base32":             {"correct horse", "MNXXE4TFMN2CA2DPOJZWK===", "MNXXE4TFMN2CA2DPO"},
		"bash -x":            {`it's "a" $ecret`, `+ true 'it'\''s "a" $ecret'`, `"a"`},
		"printf %q":          {`p@ss/w+rd "Q", {x}~!`, `p@ss/w+rd\ \"Q\"\,\ \{x\}~\!`, "p@ss"},
		"printf %q, $''":     {"line 1\nit's ü", `$'line 1\nit\'s \303\274'`, "line 1"},
		"shlex.quote":        {`it's a horse`, `'it'"'"'s a horse'`, "horse"},
		"repr":               {`p\ss'word`, `"p\\ss'word"`, "word"},
		"%q of Go":           {"p\\ss\"wörd", `"p\\ss\"wörd"`, "rd"},
		"JSON in JSON":       {`say "horse"`, `{"log":"{\"t\":\"say \\\"horse\\\"\"}"}`, "horse"},
		"all percent":        {"p@ssword", "%70%40%73%73%77%6f%72%64", "%73"},
		"all \\u":            {"p@ssword", `\u0070\u0040\u0073\u0073\u0077\u006f\u0072\u0064`, `\u0073`},
		"echo in dash":       {`-----BEGIN KEY-----\nMIIEvgIBADANBgkq\n`, "-----BEGIN KEY-----\nMIIEvgIBADANBgkq\n", "MIIE"},
	} {
		masked := value.NewMasker(value.String(c.secret).Secret()).Text(c.shown)
		if strings.Contains(masked, c.part) {
			t.Errorf("%s: %q is still in %q", name, c.part, masked)
		}
	}
}

// Where text was cut, what is left of a secret beside the cut is hidden as well; and
// nowhere else, since many a word is how some secret begins.
func TestMaskerHidesWhatIsLeftOfASecretThatWasCut(t *testing.T) {
	t.Parallel()
	masker := value.NewMasker(value.String("production-Passw0rd-of-many-letters").Secret())
	for text, want := range map[string]string{
		"Bearer production-Pass…":                           "Bearer (secret)…",
		"…d-of-many-letters was refused":                    "…(secret) was refused",
		"a production-Pas\n… 7 bytes cut …\nny-letters, so": "a (secret)\n… 7 bytes cut …\n(secret), so",
		"in production":                                     "in production",
		"letters":                                           "letters",
		"…production-Passw0rd-of-many-letters…":             "…(secret)…",
		"waits …":                                           "waits …",
		"production-Passw0rd-of-many-letters and prod…":     "(secret) and (secret)…",
	} {
		if got := masker.Text(text); got != want {
			t.Errorf("Text(%q) = %q, want %q", text, got, want)
		}
	}
}

// What is put together of secrets may be taken apart again.
func TestMaskerKnowsThePartsOfWhatWasPutTogether(t *testing.T) {
	t.Parallel()
	known, derived := value.String("hunter22").Secret(), value.String("HORSE-BATTERY").Secret()
	masker := value.NewMasker(known)
	masker.Derive(value.Joined("app:hunter22:HORSE-BATTERY@db", []value.Value{value.String("app"), known, derived}))
	for text, want := range map[string]string{
		"HORSE-BATTERY":              "(secret)",
		"got hunter22:HORSE-BATTERY": "got (secret):(secret)",
		"app@db":                     "app@db",
	} {
		if got := masker.Text(text); got != want {
			t.Errorf("Text(%q) = %q, want %q", text, got, want)
		}
	}
	again := value.NewMasker(known)
	again.Derive(value.Joined("Bearer HORSE-BATTERY", []value.Value{derived}))
	if got := again.Text("HORSE-BATTERY"); got != value.Mask {
		t.Errorf("got %q", got)
	}
}

func TestMaskerHoldsNoBooleanForASecret(t *testing.T) {
	t.Parallel()
	masker := value.NewMasker(value.Object(value.Member{Name: "tls", Value: value.Bool(true)}).Secret())
	if got := masker.Text("it is true"); got != "it is true" {
		t.Errorf("got %q", got)
	}
}

func TestMaskerKnowsSecretsInsideValues(t *testing.T) {
	t.Parallel()
	inputs := value.Object(
		value.Member{Name: "password", Value: value.String("hunter22").Secret()},
		value.Member{Name: "list", Value: value.List(value.String("tokenAAA"), value.Int(7)).Secret()},
		value.Member{Name: "open", Value: value.String("visible")},
	)
	masker := value.NewMasker(inputs)
	for text, want := range map[string]string{
		"login hunter22 ok":  "login (secret) ok",
		"tokenAAA":           "(secret)",
		"visible":            "visible",
		"7":                  "(secret)", // the whole text is the secret
		"port 7777":          "port 7777",
		"-----\nhunter22\n-": "-----\n(secret)\n-",
	} {
		if got := masker.Text(text); got != want {
			t.Errorf("Text(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestMaskerMarksValuesThatHoldASecret(t *testing.T) {
	t.Parallel()
	masker := value.NewMasker(value.String("hunter22").Secret())
	outputs := value.Object(
		value.Member{Name: "stdout", Value: value.String("the password is hunter22")},
		value.Member{Name: "exitCode", Value: value.Int(0)},
	)
	marked, found := masker.Value(outputs)
	if !found {
		t.Fatal("the secret was not found")
	}
	stdout, _ := marked.Get("stdout")
	code, _ := marked.Get("exitCode")
	if !stdout.IsSecret() || code.IsSecret() {
		t.Errorf("marked %v", marked)
	}
	if text, _ := stdout.AsString(); text != "the password is hunter22" {
		t.Errorf("the value itself changed to %q", text)
	}
	if _, found := masker.Value(value.String("nothing here")); found {
		t.Error("found a secret where there is none")
	}
}

func TestMaskerWithoutSecretsChangesNothing(t *testing.T) {
	t.Parallel()
	for _, masker := range []*value.Masker{nil, value.NewMasker(value.String("open"))} {
		if got := masker.Text("open"); got != "open" || !masker.Empty() {
			t.Errorf("Text = %q, Empty = %v", got, masker.Empty())
		}
	}
}

// What is learned later may be part of what is known, or the other way round.
func TestMaskerHidesTheLongestSecretWhicheverCameFirst(t *testing.T) {
	t.Parallel()
	short, long := value.String("hunter22").Secret(), value.String("hunter22-and-more").Secret()
	for _, order := range [][]value.Value{{short, long}, {long, short}} {
		masker := value.NewMasker(order[0])
		masker.Learn(order[1])
		if got := masker.Text("<hunter22-and-more> <hunter22>"); got != "<(secret)> <(secret)>" {
			t.Errorf("got %q", got)
		}
	}
}

func TestLinesBesideASecretAreShown(t *testing.T) {
	t.Parallel()
	key := value.String("first-line-of-key\nsecond-line-of-key").Secret()
	masker := value.NewMasker(key, value.String("hunter22").Secret())
	masker.Derive(value.Object(
		value.Member{Name: "body", Value: value.String("\"service\": \"web\",\n\"token\": \"hunter22\"").Secret()},
		value.Member{Name: "loud", Value: value.String("HUNTER22").Secret()},
	))
	for text, want := range map[string]string{
		`"service": "web",`:    `"service": "web",`,
		`"token": "hunter22"`:  `"token": "(secret)"`,
		"it was HUNTER22":      "it was (secret)",
		"<second-line-of-key>": "<(secret)>",
	} {
		if got := masker.Text(text); got != want {
			t.Errorf("Text(%q) = %q, want %q", text, got, want)
		}
	}
	// What was derived first may be given as a secret of its own later.
	masker.Derive(value.String("derived-line-one\nderived-line-two").Secret())
	masker.Learn(value.String("derived-line-one\nderived-line-two").Secret())
	if got := masker.Text("derived-line-two"); got != value.Mask {
		t.Errorf("got %q", got)
	}
}

// BenchmarkMaskerLearns measures what one more secret costs where many are known.
func BenchmarkMaskerLearns(b *testing.B) {
	for _, n := range []int{250, 1000, 4000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				masker := value.NewMasker()
				for i := range n {
					masker.Learn(value.String(fmt.Sprintf("a-token-of-some-length-%08d", i*7919)).Secret())
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/secret")
		})
	}
}

func BenchmarkMaskerText(b *testing.B) {
	masker := value.NewMasker()
	for i := range 100 {
		masker.Learn(value.String(fmt.Sprintf("a-token-of-some-length-%08d", i*7919)).Secret())
	}
	text := strings.Repeat("a line of the log that an action writes, without any secret in it\n", 1000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		masker.Text(text)
	}
}

func TestMaskerMarksNumbersAndKeys(t *testing.T) {
	t.Parallel()
	masker := value.NewMasker(value.Int(778812).Secret(), value.String("hunter22").Secret())
	for document, want := range map[string]string{
		`{"pin":778812,"port":77881}`:       `{"pin":{"$secret":true},"port":77881}`,
		`{"a":{"x-hunter22":1},"b":["ok"]}`: `{"a":{"$secret":true},"b":["ok"]}`,
		`[778812.5, true, null]`:            `[778812.5,true,null]`,
	} {
		v, err := value.FromJSON([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		marked, found := masker.Value(v)
		got, err := marked.MarshalJSON()
		if err != nil || string(got) != want || found != (want != `[778812.5,true,null]`) {
			t.Errorf("%s: got %s (%v, %v), want %s", document, got, found, err, want)
		}
	}
}
