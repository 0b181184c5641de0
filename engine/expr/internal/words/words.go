// Package words is the functions that gatebook adds to both languages of its
// expressions: versions and quantities. It knows neither language, so that a
// function cannot mean one thing in a condition and another in a value.
//
// Floor 2, inside engine/expr.
package words

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// maxVersion bounds the text of a version or of a constraint.
const maxVersion = 256

// CompareVersions returns -1, 0 or 1 as the SemVer a is older than, the same as or
// newer than b. A leading "v" and missing minor and patch numbers are allowed.
func CompareVersions(a, b string) (int, error) {
	va, err := version(a)
	if err != nil {
		return 0, err
	}
	vb, err := version(b)
	if err != nil {
		return 0, err
	}
	return va.Compare(vb), nil
}

// SatisfiesVersion reports whether the SemVer v lies in the constraint, such as
// ">=1.2 <2" or "~1.4".
func SatisfiesVersion(v, constraint string) (bool, error) {
	parsed, err := version(v)
	if err != nil {
		return false, err
	}
	if len(constraint) > maxVersion {
		return false, fmt.Errorf("a version constraint has at most %d characters", maxVersion)
	}
	c, err := semver.NewConstraint(constraint)
	if err != nil {
		return false, fmt.Errorf("%q is not a version constraint such as %q", constraint, ">=1.2 <2")
	}
	return c.Check(parsed), nil
}

// IsVersion reports whether v is a SemVer.
func IsVersion(v string) bool {
	_, err := version(v)
	return err == nil
}

// VersionPart returns the "major", "minor" or "patch" number of a SemVer.
func VersionPart(part, v string) (int64, error) {
	parsed, err := version(v)
	if err != nil {
		return 0, err
	}
	number := parsed.Major()
	switch part {
	case "minor":
		number = parsed.Minor()
	case "patch":
		number = parsed.Patch()
	}
	if number > math.MaxInt64 {
		return 0, fmt.Errorf("the %s number of %q is too large", part, v)
	}
	return int64(number), nil
}

func version(text string) (*semver.Version, error) {
	if len(text) > maxVersion {
		return nil, fmt.Errorf("a version has at most %d characters", maxVersion)
	}
	v, err := semver.NewVersion(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a SemVer such as %q", text, "1.2.3")
	}
	return v, nil
}

// scale returns what a suffix of Kubernetes quantities multiplies and divides by;
// dividing keeps "100m" equal to 0.1.
func scale(suffix string) (times, by float64, ok bool) {
	if suffix == "" {
		return 1, 1, true
	}
	if i := strings.Index("m u n", suffix); i >= 0 && len(suffix) == 1 {
		return 1, math.Pow(1000, float64(i/2+1)), true
	}
	if i := strings.Index("k M G T P E", suffix); i >= 0 && len(suffix) == 1 {
		return math.Pow(1000, float64(i/2+1)), 1, true
	}
	if i := strings.Index("Ki Mi Gi Ti Pi Ei", suffix); i >= 0 && len(suffix) == 2 {
		return math.Pow(1024, float64(i/3+1)), 1, true
	}
	return 0, 0, false
}

// Quantity returns the number that a Kubernetes quantity such as "500Mi", "250m" or
// "1.5e3" stands for.
func Quantity(text string) (float64, error) {
	digits := strings.TrimRight(text, "numkKMGTPEi")
	times, by, known := scale(text[len(digits):])
	if !known || !plain(digits) {
		return 0, fmt.Errorf("%q is not a quantity such as %q, %q or 2", text, "500Mi", "250m")
	}
	number, err := strconv.ParseFloat(digits, 64)
	if err != nil || math.IsInf(number*times, 0) {
		return 0, fmt.Errorf("%q is not a quantity such as %q, %q or 2", text, "500Mi", "250m")
	}
	return number * times / by, nil
}

// plain keeps what strconv reads beyond decimal numbers ("inf", "0x1p4", "1_0")
// from being a quantity.
func plain(digits string) bool {
	return digits != "" && len(digits) <= 64 && strings.Trim(digits, "0123456789.eE+-") == ""
}

// Try says what is wrong with a constant as an argument of one of our
// functions, in either language.
func Try(function string, argument int, text string) error {
	family, name, _ := strings.Cut(function, ".")
	var err error
	switch {
	case function == "quantity":
		_, err = Quantity(text)
	case family != "semver" || name == "valid":
	case name == "satisfies" && argument == 1:
		_, err = SatisfiesVersion("1.0.0", text)
	default:
		_, err = VersionPart("major", text)
	}
	return err
}
