package registry_test

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/distribution/reference"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/plugins/swarm/internal/registry"
)

// pattern is what the rule has an image match.
func pattern(t *testing.T) *regexp.Regexp {
	t.Helper()
	found := regexp.MustCompile(`matches\((".*")\)$`).FindStringSubmatch(registry.Rule().Expr)
	if found == nil {
		t.Fatalf("there is no pattern in %s", registry.Rule().Expr)
	}
	text, err := strconv.Unquote(found[1]) // as CEL, too, reads it
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(text)
}

func TestTheRuleFindsWhatIsNoImage(t *testing.T) {
	t.Parallel()
	rule := pattern(t)
	for image, is := range map[string]bool{
		"web": true, "shop/web:2.1.0": true, "web:V1": true, "registry.example.com:5000/shop/a__b/c--d:x": true, "[::1]:5000/web": true, "Host/web": true,
		"web:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef": true,
		"Demo:V1:x": false, "Demo": false, "shop/Web": false, "web:": false, "web@": false, "web:-1": false, " web": false, "web:1 ": false, "/web": false, "http://web": false, "": false,
	} {
		if rule.MatchString(image) != is {
			t.Errorf("%q: %t", image, !is)
		}
		if _, err := reference.ParseNormalizedNamed(image); (err == nil) != is {
			t.Errorf("docker says of %q: %v", image, err)
		}
	}
}

// The rule refuses nothing that docker takes.
func TestTheRuleLetsEachImagePass(t *testing.T) {
	t.Parallel()
	rule := pattern(t)
	word := rapid.StringMatching(`[a-zA-Z0-9._-]{1,4}`)
	rapid.Check(t, func(t *rapid.T) {
		image := ""
		for range rapid.IntRange(1, 6).Draw(t, "parts") {
			image += word.Draw(t, "word") + rapid.SampledFrom([]string{"", "", "/", ":", "@", "[::1]", ":5000/", "__"}).Draw(t, "between")
		}
		image += rapid.SampledFrom([]string{"", "", "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"}).Draw(t, "digest")
		if _, err := reference.ParseNormalizedNamed(image); err == nil && !rule.MatchString(image) {
			t.Errorf("%q is an image, and refused", image)
		}
	})
}
