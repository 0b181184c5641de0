package wire

import (
	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// pair is a word of the sdk and its number on the wire.
type pair[W, N comparable] struct {
	word   W
	number N
}

// words translates between the two. What it does not know is what other says, so
// that a plugin that is newer than its host is read as carefully as can be.
type words[W, N comparable] struct {
	pairs []pair[W, N]
	other pair[W, N]
}

func (t words[W, N]) number(word W) N {
	for _, p := range t.pairs {
		if p.word == word {
			return p.number
		}
	}
	return t.other.number
}

func (t words[W, N]) word(number N) W {
	for _, p := range t.pairs {
		if p.number == number {
			return p.word
		}
	}
	return t.other.word
}

// effects takes an effect that it does not know for the worst.
func effects() words[sdk.Effect, pluginv1.Effect] {
	return words[sdk.Effect, pluginv1.Effect]{
		pairs: []pair[sdk.Effect, pluginv1.Effect]{
			{sdk.Read, pluginv1.Effect_EFFECT_READ},
			{sdk.Change, pluginv1.Effect_EFFECT_CHANGE},
			{sdk.Destroy, pluginv1.Effect_EFFECT_DESTROY},
		},
		other: pair[sdk.Effect, pluginv1.Effect]{sdk.Destroy, pluginv1.Effect_EFFECT_UNSPECIFIED},
	}
}

// classes takes a class that it does not know for permanent.
func classes() words[sdk.Class, pluginv1.Class] {
	return words[sdk.Class, pluginv1.Class]{
		pairs: []pair[sdk.Class, pluginv1.Class]{
			{sdk.Transient, pluginv1.Class_CLASS_TRANSIENT},
			{sdk.Permanent, pluginv1.Class_CLASS_PERMANENT},
			{sdk.Conflict, pluginv1.Class_CLASS_CONFLICT},
			{sdk.Denied, pluginv1.Class_CLASS_DENIED},
			{sdk.Timeout, pluginv1.Class_CLASS_TIMEOUT},
			{sdk.Cancelled, pluginv1.Class_CLASS_CANCELLED},
		},
		other: pair[sdk.Class, pluginv1.Class]{sdk.Permanent, pluginv1.Class_CLASS_UNSPECIFIED},
	}
}

// states takes an answer that it does not know for none.
func states() words[sdk.State, pluginv1.Done] {
	return words[sdk.State, pluginv1.Done]{
		pairs: []pair[sdk.State, pluginv1.Done]{
			{sdk.Done, pluginv1.Done_DONE_YES},
			{sdk.NotDone, pluginv1.Done_DONE_NO},
			{sdk.CannotTell, pluginv1.Done_DONE_CANNOT_TELL},
			{sdk.Untouched, pluginv1.Done_DONE_UNTOUCHED},
		},
		other: pair[sdk.State, pluginv1.Done]{sdk.CannotTell, pluginv1.Done_DONE_UNSPECIFIED},
	}
}
