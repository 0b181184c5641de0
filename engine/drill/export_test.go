package drill

// Unmerged has each rehearsal carried on to its end, whoever was there before.
func Unmerged(o Options) Options {
	o.unmerged = true
	return o
}
