package truthful

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// mostNamed is how many things of one kind a preview names. Of more it has one hash.
const mostNamed = 500

// named is what was read, as a preview names it: each thing once, in one order.
func named(read []sdk.Seen) []sdk.Seen {
	sorted := slices.SortedFunc(slices.Values(read), func(a, b sdk.Seen) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Version, b.Version))
	})
	rest := slices.Compact(sorted)
	var all []sdk.Seen
	for len(rest) > 0 {
		others := slices.IndexFunc(rest, func(s sdk.Seen) bool { return s.Kind != rest[0].Kind })
		if others < 0 {
			others = len(rest)
		}
		alike := rest[:others]
		rest = rest[others:]
		if len(alike) > mostNamed {
			alike = []sdk.Seen{summed(alike)}
		}
		all = append(all, alike...)
	}
	return all
}

// summed stands for all things of one kind.
func summed(alike []sdk.Seen) sdk.Seen {
	var all []byte
	for _, s := range alike {
		all = fmt.Appendf(all, "%q %q %q\n", s.Name, s.Version, s.ID)
	}
	return sdk.Seen{Kind: alike[0].Kind, Name: "(all of them)", Version: fmt.Sprintf("%d, sha256:%x", len(alike), sha256.Sum256(all))}
}
