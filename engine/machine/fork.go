package machine

import (
	"maps"
	"slices"
)

// Fork returns a machine that stands where this one does, and goes its own way from there: a
// drill tries from one moment of a run on all that may go otherwise. It costs as much as the run
// has steps. A run has one machine, which is never forked.
func (m *Machine) Fork() *Machine {
	f := *m
	f.out = nil
	// What is behind its length is for whichever of the two makes more steps to have anew.
	f.planned = slices.Clip(m.planned)
	f.instances = maps.Clone(m.instances)
	f.live, f.loops, f.frames = maps.Clone(m.live), maps.Clone(m.loops), maps.Clone(m.frames)
	f.ready, f.queue, f.line = slices.Clone(m.ready), slices.Clone(m.queue), slices.Clone(m.line)
	f.unended, f.changed, f.undo = slices.Clone(m.unended), slices.Clone(m.changed), slices.Clone(m.undo)
	f.tally = m.tally.Clone()
	f.past = m.past.fork()

	forks := frameForks{}
	f.root, f.closer = forks.of(m.root), forks.of(m.closer)
	f.cut, f.unclosed = forks.all(m.cut), forks.all(m.unclosed)
	f.steps = slices.Clone(m.steps)
	for i := range f.steps {
		s := &f.steps[i]
		s.in, s.frame = forks.of(s.in), forks.of(s.frame)
		s.judging, s.loop = s.judging.fork(), s.loop.fork()
		s.do.notes, s.back.notes = maps.Clone(s.do.notes), maps.Clone(s.back.notes)
	}
	return &f
}

// frameForks are the frames of a fork, by those that they come from: each has one.
type frameForks map[*frame]*frame

func (forks frameForks) of(f *frame) *frame {
	if f == nil {
		return nil
	}
	fork, made := forks[f]
	if !made {
		own := *f
		fork = &own
		forks[f] = fork
	}
	return fork
}

func (forks frameForks) all(frames []*frame) []*frame {
	var made []*frame
	for _, f := range frames {
		made = append(made, forks.of(f))
	}
	return made
}

func (j *judging) fork() *judging {
	if j == nil {
		return nil
	}
	own := *j
	own.conds = slices.Clone(j.conds)
	return &own
}

func (l *loop) fork() *loop {
	if l == nil {
		return nil
	}
	own := *l // its instances, their keys and its batches stay as they are
	own.held, own.failedOf = slices.Clone(l.held), slices.Clone(l.failedOf)
	return &own
}

func (p *Past) fork() Past {
	return Past{
		verdicts: maps.Clone(p.verdicts), known: maps.Clone(p.known), counted: maps.Clone(p.counted), observed: maps.Clone(p.observed),
		loops: maps.Clone(p.loops), entered: maps.Clone(p.entered), taken: maps.Clone(p.taken),
	}
}
