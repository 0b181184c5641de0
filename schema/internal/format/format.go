// Package format knows the formats of JSON Schema that gatebook holds texts to, and says
// in words what they want. Floor 0, as a part of schema.
package format

import (
	"cmp"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp/syntax"
	"strings"
	"time"
)

// The formats to which gatebook gives a meaning of its own.
const (
	Duration = "duration"
	DateTime = "date-time"
	CEL      = "cel"
)

// Test returns the test of a format. A format without one says something to people only.
func Test(format string) func(string) bool {
	switch format {
	case Duration:
		return func(s string) bool { _, err := time.ParseDuration(s); return err == nil }
	case DateTime:
		return func(s string) bool { _, err := time.Parse(time.RFC3339, s); return err == nil }
	case "date":
		return func(s string) bool { _, err := time.Parse(time.DateOnly, s); return err == nil }
	case "email":
		return isEmail
	case "uri":
		return func(s string) bool { u, err := url.Parse(s); return err == nil && u.IsAbs() }
	case "hostname":
		return isHostname
	case "ipv4":
		return func(s string) bool { a, err := netip.ParseAddr(s); return err == nil && a.Is4() }
	case "ipv6":
		return func(s string) bool { a, err := netip.ParseAddr(s); return err == nil && a.Is6() && a.Zone() == "" }
	case "regex":
		return func(s string) bool { _, err := syntax.Parse(s, syntax.Perl); return err == nil } // to compile it may cost much
	default:
		return nil
	}
}

// Order compares two texts of a format, as [cmp.Compare] does; false where the format has
// no order, or one of them is not of it.
func Order(format, a, b string) (order int, ok bool) {
	if format != Duration {
		return 0, false
	}
	one, errOne := time.ParseDuration(a)
	other, errOther := time.ParseDuration(b)
	return cmp.Compare(one, other), errOne == nil && errOther == nil
}

// Wanted says what a format wants, to follow "must be".
func Wanted(format string) string {
	switch format {
	case Duration:
		return "a duration such as 300s or 1h30m"
	case DateTime:
		return "a time such as 2026-03-01T22:00:00Z"
	case "date":
		return "a date such as 2026-03-01"
	case "email":
		return "an e-mail address"
	case "uri":
		return "an address with its scheme, such as https://example.com/"
	case "hostname":
		return "a host name"
	case "ipv4":
		return "an IPv4 address"
	case "ipv6":
		return "an IPv6 address"
	case "regex":
		return "a regular expression (RE2)"
	default:
		return "a valid " + format
	}
}

func isEmail(s string) bool {
	address, err := mail.ParseAddress(s)
	return err == nil && address.Address == s
}

func isHostname(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return false
		}
	}
	return true
}

func isLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for _, c := range []byte(label) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
