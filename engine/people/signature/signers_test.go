package signature_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/people/signature"
)

// What the file says of a key is what ssh-keygen -Y verify makes of it.
func TestAllowedSignersAreReadAsBySSHKeygen(t *testing.T) {
	t.Parallel()
	k := openssh(t)
	signer, line := k.pair("ann", "ed25519")
	_, other := k.pair("other", "ed25519")
	armored, err := signature.Sign([]byte(message), signer)
	if err != nil {
		t.Fatal(err)
	}
	k.write("doc.sig", string(armored))
	now := time.Now().UTC() // ssh-keygen looks at the clock
	stamp := func(d time.Duration) string { return now.Add(d).Format("20060102150405Z") }
	for name, test := range map[string]struct {
		file string
		says string // of a refusal; empty: it is the key of ann@example.com
	}{
		"plain":                {"ann@example.com " + line, ""},
		"tabs and a comment":   {"# people\n\n  ann@example.com\t" + line + "\r\n", ""},
		"several names":        {"bob,ann@example.com " + line, ""},
		"quoted names":         {`"bob,ann@example.com" ` + line, ""},
		"a pattern":            {"*@example.com " + line, ""},
		"one letter":           {"ann@example.co? " + line, ""},
		"all but":              {"*@example.com,!ann@* " + line, "is not in the file"},
		"another name":         {"bob@example.com " + line, "is not in the file"},
		"letters in capitals":  {"Ann@example.com " + line, "is not in the file"},
		"another key":          {"ann@example.com " + other, "is not one of ann@example.com"},
		"a second key":         {"ann@example.com " + other + "\nann@example.com " + line, ""},
		"for approvals":        {`ann@example.com namespaces="git,approval@*" ` + line, ""},
		"in capitals":          {`ann@example.com NAMESPACES="approval@gatebook" ` + line, ""},
		"for commits alone":    {`ann@example.com namespaces="git" ` + line, "for git, and not for"},
		"valid":                {`ann@example.com valid-after="` + stamp(-time.Hour) + `",valid-before="` + stamp(time.Hour) + `" ` + line, ""},
		"expired":              {`ann@example.com valid-before="` + stamp(-time.Hour) + `" ` + line, "has expired"},
		"not yet":              {`ann@example.com valid-after="` + stamp(time.Hour) + `" ` + line, "valid only after"},
		"of a day":             {`ann@example.com valid-after="20200101Z" ` + line, ""},
		"expired, and another": {`ann@example.com valid-before="20200101Z" ` + line + "\nann@example.com " + line, ""},
	} {
		signers, faults := signature.ParseSigners([]byte(test.file))
		if len(faults) > 0 {
			t.Errorf("%s: %v", name, faults)
		}
		err := signers.Check("ann@example.com", signer.Key(), now)
		if said := fmt.Sprint(err); (err == nil) != (test.says == "") || !strings.Contains(said, test.says) && err != nil {
			t.Errorf("%s: want %q, got %v", name, test.says, err)
		}
		k.write("signers", test.file+"\n")
		theirs := k.run(message, "-Y", "verify", "-f", "signers", "-I", "ann@example.com", "-n", signature.Namespace, "-s", "doc.sig")
		if (theirs == nil) != (test.says == "") {
			t.Errorf("%s: ssh-keygen sees it otherwise: %v", name, theirs)
		}
	}
}

const someKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIqd8wqmEzuuGqLOXjR3Ldz1DlE/Qc2F1tQ+1OKGDkpB"

func TestLinesThatNobodyShouldRelyOn(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"ann":                            "it has no key",
		`"" ` + someKey:                  "names no principal",
		`"ann ` + someKey:                "a quote is not closed",
		"ann AAAA":                       "is no option",
		"ann ssh-ed25519 AAAA":           "its key cannot be read",
		"ann ssh-ed25519":                "its key cannot be read",
		"ann namespaces=\"git\"":         "its key cannot be read",
		"ann cert-authority " + someKey:  "no certificates",
		"ann verify-required " + someKey: `"verify-required" is no option`,
		"ann namespaces " + someKey:      "names none",
		`ann namespaces="a",namespaces="b" ` + someKey:                                      "stands twice",
		`ann valid-before="20261231" ` + someKey:                                            "which time zone",
		`ann valid-before="tomorrow" ` + someKey:                                            "is no time",
		`ann valid-before="20261331Z" ` + someKey:                                           "is no time",
		`ann valid-after="20270101Z",valid-before="20260101Z" ` + someKey:                   "never valid",
		"ann ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQC7":                                      "its key cannot be read",
		"ann ssh-dss AAAAB3NzaC1kc3MAAAADAQAFAAAAAwEABQAAAAMBAAUAAAADAQAF":                  "",
		"ann ssh-ed25519-cert-v01@openssh.com AAAAC3NzaC1lZDI1NTE5AAAAIIqd8wqmEzuuGqLOXjR3": "its key cannot be read",
	} {
		signers, faults := signature.ParseSigners([]byte("\n" + line + "\n"))
		if len(faults) != 1 || faults[0].Line != 2 || !strings.Contains(faults[0].Message, says) {
			t.Errorf("%s\nwant %s, got %v", line, says, faults)
		}
		if signers.Names("ann") {
			t.Errorf("%s: it is taken all the same", line)
		}
	}
}

func TestWhomAKeyIsOf(t *testing.T) {
	t.Parallel()
	key, err := signature.ParseKey([]byte(someKey))
	if err != nil {
		t.Fatal(err)
	}
	signers, faults := signature.ParseSigners([]byte("*@example.com,!bob " + someKey + "\nann,ann@work " + someKey + " a laptop\nann " + someKey))
	if got := signers.Principals(key); len(faults) > 0 || fmt.Sprint(got) != "[ann ann@work]" {
		t.Errorf("got %v, %v", got, faults)
	}
	if got := signers.Principals(signature.Key{}); got != nil {
		t.Errorf("a key of nobody is of %v", got)
	}
}

// Patterns say what regular expressions of their parts say.
func TestPatterns(t *testing.T) {
	t.Parallel()
	key, err := signature.ParseKey([]byte(someKey))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		pattern := rapid.StringMatching(`[ab*?]{1,8}`).Draw(r, "pattern")
		word := rapid.StringMatching(`[ab]{1,8}`).Draw(r, "word")
		signers, faults := signature.ParseSigners([]byte(pattern + " " + someKey))
		if len(faults) > 0 {
			r.Fatal(faults)
		}
		want := regexp.MustCompile("^" + strings.NewReplacer("*", ".*", "?", ".").Replace(pattern) + "$").MatchString(word)
		if got := signers.Check(word, key, noon()) == nil; got != want {
			r.Fatalf("%s and %s: got %t", pattern, word, got)
		}
	})
}

func FuzzParseSigners(f *testing.F) {
	f.Add("ann@example.com,*@x " + `namespaces="git",valid-before="20261231Z" ` + someKey + " comment\n# more\n")
	f.Add("\"a b\" cert-authority " + someKey)
	f.Add("a \xff\x00\n\"")
	key, err := signature.ParseKey([]byte(someKey))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		signers, faults := signature.ParseSigners([]byte(text))
		for _, fault := range faults {
			if fault.Line < 1 || fault.Line > strings.Count(text, "\n")+1 || fault.Message == "" {
				t.Fatalf("a fault is nowhere: %+v", fault)
			}
		}
		for _, name := range signers.Principals(key) {
			if !signers.Names(name) && !strings.Contains(text, "!") {
				t.Fatalf("%q has a key and is not named", name)
			}
		}
	})
}
