package wire_test

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/plugins/sdk/wire"
)

// TestNothingIsLostWhereALineIsCut: the parts without their marks are the line, and each
// is as long as it may be.
func TestNothingIsLostWhereALineIsCut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		line := []byte(rapid.StringMatching(`[a-z]{0,200}`).Draw(t, "line"))
		most := rapid.IntRange(7, 50).Draw(t, "most")
		var parts [][]byte
		for rest, cut := line, false; rest != nil || !cut; cut = true {
			var part []byte
			part, rest = wire.Cut(rest, cut, most)
			parts = append(parts, part)
		}
		for i, part := range parts {
			if len(part) > most {
				t.Errorf("part %d has %d bytes, and %d are allowed", i, len(part), most)
			}
			if bytes.HasPrefix(part, []byte("…")) != (i > 0) || bytes.HasSuffix(part, []byte("…")) != (i < len(parts)-1) {
				t.Errorf("part %d of %d is not marked where it was cut: %q", i, len(parts), part)
			}
		}
		if whole := strings.ReplaceAll(string(bytes.Join(parts, nil)), "…", ""); whole != string(line) {
			t.Errorf("got %q, want %q", whole, line)
		}
	})
}
