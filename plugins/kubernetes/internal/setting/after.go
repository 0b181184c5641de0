package setting

import "github.com/gatebook/gatebook/plugins/sdk"

// Saved are the value that was there before the step's first attempt, and the one that the
// server made of what the step wants, for what comes after a change or an undo. Where
// nothing was saved, nothing was changed.
func (s Setting[I, O, T, V]) Saved(call *sdk.Call[I]) (was, set V, saved bool, err error) {
	before, saved, err := sdk.LoadBefore[kept[V]](call)
	if err == nil && saved {
		was, set = before.Value, before.sets(s.Want(call.Input, before.Value))
	}
	return was, set, saved, err
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
