package value_test

import (
	"testing"

	"github.com/gatebook/gatebook/engine/value"
)

// The masker itself is asked, so that the two cannot part ways.
func TestAShortSecretIsOneThatIsSeenInsideText(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"1", "pin", "é1", "pins", "a longer one"} {
		v := value.Object(value.Member{Name: "door", Value: value.String(secret).Secret()})
		seen := value.NewMasker(v).Text("the "+secret+" of it") == "the "+secret+" of it"
		if got := v.HoldsShortSecret(); got != seen {
			t.Errorf("%q: short is %t, and seen inside text is %t", secret, got, seen)
		}
	}
	for name, v := range map[string]value.Value{
		"no secret":       value.String("pin"),
		"an empty secret": value.String("").Secret(),
		"a boolean":       value.Bool(true).Secret(),
	} {
		if v.HoldsShortSecret() {
			t.Errorf("%s is called short", name)
		}
	}
}
