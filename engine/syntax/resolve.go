package syntax

import (
	"math"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/engine/value"
)

// resolve returns the kind of a plain scalar by the core schema of YAML 1.2, in
// which "yes", "on" and dates are words.
func resolve(text string) Kind {
	if text == "" {
		return Null
	}
	switch c := text[0]; {
	case c == '~' || c == 'n' || c == 'N':
		switch text {
		case "~", "null", "Null", "NULL":
			return Null
		}
	case c == 't' || c == 'T' || c == 'f' || c == 'F':
		switch text {
		case "true", "True", "TRUE", "false", "False", "FALSE":
			return Bool
		}
	case c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.':
		return resolveNumber(text)
	}
	return String
}

func resolveNumber(text string) Kind {
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 {
		return String
	}
	if isSpecialFloat(digits) {
		return Float
	}
	if len(digits) == len(text) && len(digits) > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'o') {
		return resolveBased(digits)
	}
	return resolveDecimal(digits)
}

func isSpecialFloat(digits string) bool {
	switch digits {
	case ".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN":
		return true
	}
	return false
}

func resolveBased(digits string) Kind {
	allowed := "01234567"
	if digits[1] == 'x' {
		allowed = "0123456789abcdefABCDEF"
	}
	if strings.Trim(digits[2:], allowed) != "" {
		return String
	}
	return Int
}

// resolveDecimal follows [0-9]+ and (\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?.
func resolveDecimal(digits string) Kind {
	rest := strings.TrimLeft(digits, "0123456789")
	whole := len(digits) - len(rest)
	if rest == "" {
		return Int
	}
	if rest[0] == '.' {
		fraction := strings.TrimLeft(rest[1:], "0123456789")
		if whole == 0 && len(fraction) == len(rest)-1 {
			return String
		}
		rest = fraction
	} else if whole == 0 {
		return String
	}
	if rest == "" {
		return Float
	}
	if rest[0] != 'e' && rest[0] != 'E' {
		return String
	}
	exponent := rest[1:]
	if exponent != "" && (exponent[0] == '+' || exponent[0] == '-') {
		exponent = exponent[1:]
	}
	if exponent == "" || strings.TrimLeft(exponent, "0123456789") != "" {
		return String
	}
	return Float
}

// scalarValue returns the data of a scalar; a number that does not fit is its text.
func scalarValue(kind Kind, text string) value.Value {
	switch kind {
	case Null:
		return value.Null()
	case Bool:
		return value.Bool(text[0] == 't' || text[0] == 'T')
	case Int:
		if i, err := parseInt(text); err == nil {
			return value.Int(i)
		}
	case Float:
		if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return value.Float(f)
		}
	default:
	}
	return value.String(text)
}

func parseInt(text string) (int64, error) {
	if digits, ok := strings.CutPrefix(text, "0x"); ok {
		return strconv.ParseInt(digits, 16, 64)
	}
	if digits, ok := strings.CutPrefix(text, "0o"); ok {
		return strconv.ParseInt(digits, 8, 64)
	}
	return strconv.ParseInt(text, 10, 64)
}

// isAmbiguousInt reports whether text has a leading zero, which is octal to YAML
// 1.1 and decimal to YAML 1.2.
func isAmbiguousInt(text string) bool {
	digits := strings.TrimLeft(text, "+-")
	return len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9'
}
