package words

import (
	"math"
	"strings"
	"testing"
)

func TestQuantities(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"0": 0, "2": 2, "-3": -3, "1.5": 1.5, "1e3": 1000, "1E3": 1000, "100m": 0.1, "250u": 0.00025, "5n": 5e-9,
		"1k": 1e3, "2M": 2e6, "1G": 1e9, "1T": 1e12, "1P": 1e15, "1E": 1e18,
		"1Ki": 1024, "500Mi": 500 << 20, "1Gi": 1 << 30, "1Ti": 1 << 40, "1Pi": 1 << 50, "1Ei": 1 << 60,
	} {
		if got, err := Quantity(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "Mi", "1 Mi", "1mi", "1KiB", "1K", "inf", "NaN", "0x10", "1_000", "1e999", "--1", "1Mi2", strings.Repeat("9", 100)} {
		if got, err := Quantity(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"1.2.3", "1.2.3", 0}, {"v1.2", "1.2.0", 0}, {"1.10.0", "1.9.9", 1}, {"1.0.0-rc.1", "1.0.0", -1}} {
		if got, err := CompareVersions(c.a, c.b); err != nil || got != c.want {
			t.Errorf("%s and %s: got %d, %v; want %d", c.a, c.b, got, err, c.want)
		}
	}
	for constraint, want := range map[string]bool{">=1.2 <2": true, "~1.4": true, "^1": true, "1.4.x": true, "<1.4": false, "=1.4.2 || 3": true} {
		if got, err := SatisfiesVersion("1.4.2", constraint); err != nil || got != want {
			t.Errorf("%s: got %v, %v; want %v", constraint, got, err, want)
		}
	}
	for part, want := range map[string]int64{"major": 3, "minor": 1, "patch": 4} {
		if got, err := VersionPart(part, "v3.1.4-beta"); err != nil || got != want {
			t.Errorf("%s: got %d, %v; want %d", part, got, err, want)
		}
	}
}

func TestBadVersionsAreErrors(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("1", 1000)
	for _, bad := range []string{"", "one", "1.2.3.4", long, "18446744073709551616.0.0"} {
		if IsVersion(bad) {
			t.Errorf("%.20q is taken for a version", bad)
		}
		if _, err := CompareVersions("1.0.0", bad); err == nil {
			t.Errorf("%.20q is compared", bad)
		}
		if _, err := SatisfiesVersion(bad, "1"); err == nil {
			t.Errorf("%.20q satisfies", bad)
		}
	}
	for _, bad := range []string{">=x.y", long, ">>1"} {
		if _, err := SatisfiesVersion("1.0.0", bad); err == nil {
			t.Errorf("%.20q is a constraint", bad)
		}
	}
	if got, err := VersionPart("major", "18446744073709551615.0.0"); err == nil {
		t.Errorf("a number beyond %d is taken for %d", int64(math.MaxInt64), got)
	}
}
