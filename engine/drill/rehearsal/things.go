package rehearsal

import (
	"maps"
	"slices"
)

// things are what steps put into the world and take out of it: what one provides and another
// removes, or what one takes and another releases. Several may put the same thing there, as the
// instances of a loop do: it is gone when each of them has been taken back.
type things struct {
	by   map[string]map[string]bool            // of each thing that is there, the steps that put it there
	gone map[string]map[string]map[string]bool // by the step that took them away, such things
}

func newThings() things {
	return things{by: map[string]map[string]bool{}, gone: map[string]map[string]map[string]bool{}}
}

func (t things) fork() things {
	f := things{by: forkOwners(t.by), gone: make(map[string]map[string]map[string]bool, len(t.gone))}
	for step, taken := range t.gone {
		f.gone[step] = forkOwners(taken)
	}
	return f
}

func forkOwners(by map[string]map[string]bool) map[string]map[string]bool {
	made := make(map[string]map[string]bool, len(by))
	for name, steps := range by {
		made[name] = maps.Clone(steps)
	}
	return made
}

func (t things) has(name string) bool { return len(t.by[name]) > 0 }

// done takes in that a step is done, which puts some things there and takes others away.
func (t things) done(step string, puts, takes []string) {
	for _, name := range puts {
		if t.by[name] == nil {
			t.by[name] = map[string]bool{}
		}
		t.by[name][step] = true
	}
	for _, name := range takes {
		if !t.has(name) {
			continue
		}
		if t.gone[step] == nil {
			t.gone[step] = map[string]map[string]bool{}
		}
		t.gone[step][name] = t.by[name]
		delete(t.by, name)
	}
}

// undone takes in that a step is taken back: what it took away is there again, and nothing else.
func (t things) undone(step string, puts []string) {
	for _, name := range puts {
		delete(t.by[name], step)
		for _, taken := range t.gone {
			delete(taken[name], step)
		}
	}
	for name, owners := range t.gone[step] {
		if t.by[name] == nil {
			t.by[name] = map[string]bool{}
		}
		maps.Copy(t.by[name], owners)
	}
	delete(t.gone, step)
}

// holders returns of each thing that is there a step that put it there.
func (t things) holders() map[string]string {
	made := make(map[string]string)
	for name, steps := range t.by {
		if len(steps) > 0 {
			made[name] = slices.Min(slices.Collect(maps.Keys(steps)))
		}
	}
	return made
}

// add adds what there is to what tells a state.
func (t things) add(d *digest) {
	d.words("|")
	t.owners(d, t.by)
	if len(t.gone) == 0 {
		return
	}
	for _, step := range slices.Sorted(maps.Keys(t.gone)) {
		d.words("|", step)
		t.owners(d, t.gone[step])
	}
}

func (t things) owners(d *digest, by map[string]map[string]bool) {
	if len(by) == 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		d.words(name)
		d.words(slices.Sorted(maps.Keys(by[name]))...)
		d.words("")
	}
}
