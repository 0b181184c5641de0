// Package trace lets what an action calls be followed across systems, by the W3C trace context
// that it is given.
//
// A run is one trace, its own or the one in which gatebook was called, and each attempt is a
// span of it. All ids follow from the run's id and seed, so that a run that is taken up again,
// or replayed, has the same. Part of engine/run.
package trace

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/gatebook/gatebook/engine/event"
)

// ids returns the trace and the flags of a W3C trace context; not ok where it is none.
func ids(parent string) (trace, flags string, ok bool) {
	parts := strings.Split(parent, "-")
	if len(parts) < 4 || parts[0] == "00" && len(parts) > 4 || parts[0] == "ff" {
		return "", "", false
	}
	for i, length := range []int{2, 32, 16, 2} {
		if len(parts[i]) != length || strings.Trim(parts[i], "0123456789abcdef") != "" {
			return "", "", false
		}
	}
	if strings.Trim(parts[1], "0") == "" || strings.Trim(parts[2], "0") == "" {
		return "", "", false
	}
	return parts[1], parts[3], true
}

// IsContext reports whether a text is a W3C trace context.
func IsContext(text string) bool {
	_, _, ok := ids(text)
	return ok
}

// Of returns the trace context of a run.
func Of(run event.Run) string {
	trace, flags, ok := ids(run.CalledBy)
	if !ok {
		trace, flags = hashed(32, "trace", run.ID, run.Seed), "01"
	}
	return "00-" + trace + "-" + hashed(16, "run", trace, run.ID) + "-" + flags
}

// Span returns the trace context of an operation of the run that has the given one.
func Span(run string, op event.Op) string {
	trace, flags, ok := ids(run)
	if !ok {
		return ""
	}
	return "00-" + trace + "-" + hashed(16, run, op.Step, op.Part, op.Index, op.Attempt) + "-" + flags
}

// hashed makes an id of so many hexadecimal digits of what it is the id of.
func hashed(digits int, of ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", of))
	return hex.EncodeToString(sum[:])[:digits]
}
