package setting

import "github.com/gatebook/gatebook/plugins/sdk"

// Before is the value that was there before the step's first attempt, for what comes after
// a change or an undo. Where none was saved, nothing was changed.
func Before[V, I any](call *sdk.Call[I]) (value V, saved bool, err error) {
	before, saved, err := sdk.LoadBefore[kept[V]](call)
	return before.Value, saved, err
}

// Stays complains where an object no longer has the value that was set, or has none: by a
// conflict that names who set another.
func (s Setting[I, O, T, V]) Stays(in I, live T, value V) error {
	now, err := s.Value(in, live)
	switch {
	case err != nil:
		return s.lost(in, live, value, without{err})
	case alike(now, value):
		return nil
	default:
		return s.meddled(in, live, now, value)
	}
}
