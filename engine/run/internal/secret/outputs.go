package secret

import (
	"encoding/json"
	"fmt"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// MaxOutputs bounds what one attempt may return, in bytes: it goes into the journal. No
// built-in action can return so much: after its effect it would be too late to refuse.
const MaxOutputs = 8 << 20

// maxWritten bounds the same as it is written there.
const maxWritten = journal.MaxPayload / 2

// Outputs reads what an action returned, which must be what it declared: the runbook was
// checked by that, and goes by it. What its schema says is secret, and whatever holds a
// secret that is known, is marked and so never written down. Secrets are learned first: what
// is said of faulty outputs may quote them, and the action may show them later.
func (s *Set) Outputs(use *plan.Use, document json.RawMessage) (*value.Value, error) {
	if len(document) > MaxOutputs {
		return nil, fmt.Errorf("the action returned %d bytes; the limit is %d", len(document), MaxOutputs)
	}
	if len(document) == 0 { // as a plugin may say it that has none
		document = json.RawMessage("{}")
	}
	outputs, err := value.FromJSON(document)
	if err != nil {
		return nil, fmt.Errorf("the action returned what is not JSON: %w", err)
	}
	outputs = data.Secrets(outputs, use.Describe.Output)
	s.Learn(outputs)
	if err := use.Fits(document); err != nil {
		return nil, fmt.Errorf("the outputs of %s break their schema, which is a fault of its program: %w", use.Action, err)
	}
	marked := s.Mark(&outputs)
	if 6*len(document) < maxWritten {
		return marked, nil
	}
	// The journal may write a byte as six.
	if text, err := marked.MarshalJSON(); err != nil || len(text) > maxWritten {
		return nil, fmt.Errorf("the action returned what takes %d bytes in the journal; the limit is %d", len(text), maxWritten)
	}
	return marked, nil
}
