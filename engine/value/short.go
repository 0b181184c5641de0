package value

// HoldsShortSecret reports whether a secret inside the value is so short that a [Masker]
// hides it only where it is the whole of a text.
func (v Value) HoldsShortSecret() bool {
	short := false
	eachSecret([]Value{v}, func(secret string) {
		short = short || secret != "" && len(secret) < shortestMasked
	})
	return short
}
