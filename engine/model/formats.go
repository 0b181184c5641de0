package model

import (
	"errors"
	"regexp/syntax"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/gatebook/gatebook/engine/diag"
)

// The patterns of texts; the JSON Schema shows them to editors.
const (
	idPattern       = `^[a-z][a-z0-9_]*$`
	dnsPattern      = `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`
	actionPattern   = `^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`
	semverPattern   = `^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`
	durationPattern = `^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$|^0$`
)

// pattern returns the pattern of a format that has one.
func pattern(format string) string {
	switch format {
	case "id":
		return idPattern
	case "dns":
		return dnsPattern
	case "action", "step":
		return actionPattern
	case "semver":
		return semverPattern
	default:
		return ""
	}
}

// longestPattern bounds the regular expressions of inputs, for those who read them.
// What they become is bounded by the package schema.
const longestPattern = 1000

func (d *decoder) checkFormat(t Text, format string) {
	switch format {
	case "id":
		d.checkID(t)
	case "step":
		for part := range strings.SplitSeq(t.Value, ".") {
			if !isID(part) {
				d.add(suggest(diag.BadID.At(t.Range(), "%q is not an identifier.", part), part, slug(part, '_'), isID))
				return
			}
		}
	case "dns":
		if !isDNSLabel(t.Value) {
			d.add(suggest(diag.BadName.At(t.Range(), "%q is not a DNS label.", t.Value), t.Value, slug(t.Value, '-'), isDNSLabel))
		}
	case "action":
		if !isAction(t.Value) {
			d.add(suggest(diag.BadActionName.At(t.Range(), "%q is not the name of an action.", t.Value), t.Value, strings.ToLower(t.Value), isAction))
		}
	case "semver":
		if _, err := semver.StrictNewVersion(t.Value); err != nil {
			d.add(suggest(diag.BadVersion.At(t.Range(), "%q is not a semantic version.", t.Value), t.Value, fullVersion(t.Value), isVersion))
		}
	case "constraint":
		if _, err := semver.NewConstraint(t.Value); err != nil {
			d.add(diag.BadConstraint.At(t.Range(), "%q is not a version constraint.", t.Value).WithHint("write such as \">=0.1\""))
		}
	case "regex":
		d.checkPattern(t)
	}
}

func (d *decoder) checkID(t Text) {
	if !isID(t.Value) {
		d.add(suggest(diag.BadID.At(t.Range(), "%q is not an identifier.", t.Value), t.Value, slug(t.Value, '_'), isID))
	}
}

func (d *decoder) checkPattern(t Text) {
	if len(t.Value) > longestPattern {
		d.add(diag.BadPattern.At(t.Range(), "The pattern has %d bytes; at most %d are allowed.", len(t.Value), longestPattern))
		return
	}
	_, err := d.patterns.Compile(t.Value)
	if err == nil {
		return
	}
	where, cause := t.Range(), err.Error()
	if fault, ok := errors.AsType[*syntax.Error](err); ok {
		cause = fault.Code.String()
		if at := strings.LastIndex(t.Value, fault.Expr); at >= 0 && fault.Expr != "" {
			where = t.Node.RangeOf(at, at+len(fault.Expr))
		}
	}
	finding := diag.BadPattern.At(where, "The pattern cannot be used: %s.", cause)
	if strings.Contains(t.Value, "(?=") || strings.Contains(t.Value, "(?!") || strings.Contains(t.Value, "(?<") {
		finding = finding.WithHint("look-ahead and look-behind are not part of RE2")
	}
	d.add(finding)
}

// suggest adds a mended text, if it is one.
func suggest(finding diag.Diagnostic, text, mended string, good func(string) bool) diag.Diagnostic {
	if mended == text || !good(mended) {
		return finding
	}
	return finding.WithHint("write %s", mended)
}

func isID(text string) bool {
	for i := range len(text) {
		c := text[i]
		if isLetter := c >= 'a' && c <= 'z'; !isLetter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return text != ""
}

func isAction(text string) bool {
	for part := range strings.SplitSeq(text, ".") {
		if !isID(part) {
			return false
		}
	}
	return true
}

// IsDNSLabel reports whether the text has the format dns, for those who go on where the
// model found that something has not.
func (t Text) IsDNSLabel() bool { return isDNSLabel(t.Value) }

func isDNSLabel(text string) bool {
	for i := range len(text) {
		c := text[i]
		inner := i > 0 && i < len(text)-1
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c != '-' || !inner) {
			return false
		}
	}
	return text != "" && len(text) <= 63
}

func isVersion(text string) bool {
	_, err := semver.StrictNewVersion(text)
	return err == nil
}

// slug puts a joint in place of what does not belong in a name.
func slug(text string, joint rune) string {
	mapped := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return joint
	}, strings.ToLower(text))
	return strings.Trim(mapped, string(joint))
}

// fullVersion completes a version such as v1.2.
func fullVersion(text string) string {
	version, err := semver.NewVersion(text)
	if err != nil {
		return text
	}
	return version.String()
}

// Allows reports whether a version of gatebook is one that is required. One that is not a
// semantic version, as of a build from a work tree, satisfies everything, and so does
// every version where the requirement cannot be read, of which there is a finding.
func (r Requires) Allows(version string) bool {
	own, err := semver.NewVersion(version)
	if err != nil || r.Gatebook.Value == "" {
		return true
	}
	constraint, err := semver.NewConstraint(r.Gatebook.Value)
	if err != nil {
		return true
	}
	// A build on the way to 1.2.0 has what 1.2.0 has; a constraint by itself would
	// refuse every pre-release.
	release, err := own.SetPrerelease("")
	return err != nil || constraint.Check(&release)
}
