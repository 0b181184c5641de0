package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
)

// digestOf hashes what the plan says would be done: its JSON, whose fields and map keys
// have a fixed order, without its digest, without where the file lies, which gatebook made
// it, and without what depends on the state of the world. It goes step by step, so that a plan with a
// million edges is never in memory as text.
func digestOf(p Plan) (string, error) {
	sum := sha256.New()
	encoder := json.NewEncoder(sum)
	steps := p.Steps
	p.Gatebook, p.Digest, p.Runbook.File, p.Runbook.Revision, p.Steps, p.Offline, p.LookedAt = "", "", "", nil, nil, false, nil
	// Which steps are skipped a secret may decide, which may be another one by the next plan.
	p.Counts = Counts{}
	for _, step := range steps {
		for _, one := range step.Each() {
			p.Counts.add(one)
		}
	}
	if err := encoder.Encode(p); err != nil {
		return "", fmt.Errorf("hash the plan: %w", err)
	}
	for _, step := range steps {
		if err := encoder.Encode(step.essence()); err != nil {
			return "", fmt.Errorf("hash step %q: %w", step.ID, err)
		}
		hashNeeds(sum, step.Needs)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

// hashNeeds adds the edges. A line for each cannot be mistaken for another: ids and
// reasons have no spaces.
func hashNeeds(sum hash.Hash, needs []Edge) {
	line := make([]byte, 0, 64)
	for _, edge := range needs {
		line = append(append(line[:0], edge.Step...), ' ')
		line = append(append(line, edge.Reason...), '\n')
		sum.Write(line) // a hash never fails
	}
	_, _ = io.WriteString(sum, "\n")
}

// essence returns the step without its edges, its place and what was foreseen.
func (s *Step) essence() *Step {
	bare := *s
	bare.Needs, bare.At, bare.Seen, bare.Unlooked = nil, "", nil, ""
	bare.Use = s.Use.essence()
	bare.When, bare.Loop, bare.Runbook = s.When.essence(), s.Loop.essence(), s.Runbook.essence()
	bare.Gate, bare.Verify = essences(s.Gate), essences(s.Verify)
	if s.Rollback != nil {
		back := *s.Rollback
		back.At = ""
		if back.Use != nil {
			use := back.Use.essence()
			back.Use = &use
		}
		bare.Rollback = &back
	}
	return &bare
}

func (u Use) essence() Use {
	u.Preview, u.PreviewError, u.PreviewCut = nil, "", false
	return u
}

func essences(conditions []*Condition) []*Condition {
	bare := make([]*Condition, len(conditions))
	for i, c := range conditions {
		bare[i] = c.essence()
	}
	return bare
}

func (c *Condition) essence() *Condition {
	if c == nil {
		return nil
	}
	bare := *c
	bare.At, bare.State.Explain, bare.Now = "", nil, nil
	if c.Observe != nil {
		use := c.Observe.essence()
		bare.Observe = &use
	}
	if c.State.Secret {
		// A secret that was rotated makes no other plan.
		bare.State = State{Secret: true}
	}
	return &bare
}
