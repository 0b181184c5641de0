package machine

import (
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/event"
)

// Voice is a yes that was given to a question which takes more than one.
type Voice struct {
	By      string
	Key     string // the fingerprint of the key that signed it; empty: nothing did
	Comment string
	At      time.Time
}

// ballot counts who has said yes to the question of a step. It lives as long as the question,
// also while the run is paused: whoever has said yes is not asked again.
type ballot struct {
	quorum int           // how many different people it takes
	stands time.Duration // how long a yes counts; 0: as long as the question is open
	voices []Voice
}

// opened takes in what the question asks for.
func (b *ballot) opened(e event.Event) {
	b.quorum = max(e.Quorum, 1)
	if e.Timer != nil {
		b.stands = e.Timer.At.Sub(e.Time)
	}
}

// carried takes in a yes, and reports whether there are enough with it. Neither one person
// with two keys nor two names with one key are two.
func (b *ballot) carried(e event.Event) bool {
	voice := Voice{By: e.By, Comment: e.Answer.Comment, At: e.Answer.At}
	if e.Proof != nil {
		voice.Key = e.Proof.Key
	}
	b.voices = slices.DeleteFunc(slices.Clone(b.voices), func(v Voice) bool { return b.stale(v, e.Time) })
	if !b.heard(voice) {
		b.voices = append(b.voices, voice)
	}
	return len(b.voices) >= b.quorum
}

// stale reports whether a yes was given longer ago than a question stands, as where the run
// was paused in between.
func (b *ballot) stale(v Voice, now time.Time) bool { return b.stands > 0 && now.Sub(v.At) > b.stands }

func (b *ballot) heard(voice Voice) bool {
	return slices.ContainsFunc(b.voices, func(v Voice) bool { return v.By == voice.By || v.Key != "" && v.Key == voice.Key })
}

// Voices returns who has said yes to the question that a step asks, and whose yes counts at a
// time.
func (m *Machine) Voices(id string, now time.Time) []Voice {
	i, ok := m.place(id)
	if !ok {
		return nil
	}
	b := &m.steps[i].ballot
	return slices.DeleteFunc(slices.Clone(b.voices), func(v Voice) bool { return b.stale(v, now) })
}

// Asks reports whether a question of a step is open.
func (m *Machine) Asks(id string) bool {
	i, ok := m.place(id)
	return ok && m.steps[i].asking()
}
