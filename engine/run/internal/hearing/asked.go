package hearing

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// asksBy names the parameter of a built-in action that is what it asks people. What an action of
// a plugin asks is its own word, of which the plan knows nothing: empty.
func asksBy(action string) string {
	switch action {
	case "approve":
		return "message"
	case "manual":
		return "instructions"
	default:
		return ""
	}
}

// stands is how long the question of a built-in action does where its step says nothing of it.
const stands = 24 * time.Hour

// wobble is how far the clock of a question and that of its record may be apart.
const wobble = time.Minute

// HoldQuestion says why a question in the journal is not the one that the plan asks: of other
// people, of fewer, for longer, or in other words. What the plan does not know it is not held
// against.
func (h *Hearing) HoldQuestion(e event.Event) error {
	if e.Type != event.AskOpened || e.Op == nil || e.Op.Part == event.Begin {
		return nil
	}
	var asked sdk.Question
	if err := json.Unmarshal(e.Data, &asked); err != nil {
		return fmt.Errorf("it cannot be read: %w", err)
	}
	switch {
	case max(e.Quorum, 1) != max(asked.Quorum, 1):
		return fmt.Errorf("it takes %d people, and counts %d", max(asked.Quorum, 1), max(e.Quorum, 1))
	case (e.Timer != nil) != (asked.Expires > 0):
		return errors.New("it expires, and nothing ends it, or the other way about")
	case e.Timer != nil && e.Timer.At.After(e.Time.Add(asked.Expires+wobble)):
		return fmt.Errorf("it stands longer than %s", asked.Expires)
	}
	if use := h.use(*e.Op); use != nil {
		return differs(asked, *use)
	}
	return nil
}

// use is what the plan asks people by, as a step is done or taken back; nil: it does not know.
func (h *Hearing) use(op event.Op) *plan.Use {
	found, ok := h.plan.Step(op.Step)
	switch {
	case !ok:
		return nil
	case op.Part != event.Undo:
		return &found.Use
	case found.Rollback == nil:
		return nil
	default:
		return found.Rollback.Use
	}
}

// differs says in what a question is another than that of the parameters of a built-in action.
func differs(asked sdk.Question, use plan.Use) error {
	name := asksBy(use.Action)
	if name == "" {
		return nil
	}
	if said, known := known(use.Params, name); known && said.Kind() == value.KindString {
		if text, _ := said.AsString(); !shows(asked.Message, text) {
			return errors.New("its plan asks in other words")
		}
	}
	if said, known := known(use.Params, "from"); known {
		var from []string
		for _, group := range said.Items() {
			text, _ := group.AsString()
			from = append(from, text)
		}
		if !slices.EqualFunc(asked.From, from, shows) {
			return fmt.Errorf("its plan asks other groups than %q", asked.From)
		}
	}
	if said, known := known(use.Params, "quorum"); known {
		quorum, _ := said.AsInt()
		if max(int(quorum), 1) != max(asked.Quorum, 1) {
			return fmt.Errorf("by its plan it takes %d people, and it asks %d", max(quorum, 1), max(asked.Quorum, 1))
		}
	}
	if said, known := known(use.Params, "expires"); known {
		text, _ := said.AsString()
		span, err := time.ParseDuration(text)
		if text == "" {
			span, err = stands, nil
		}
		if err == nil && span != asked.Expires {
			return fmt.Errorf("by its plan it stands %s, and it says %s", span, asked.Expires)
		}
	}
	return nil
}

// shows reports whether a text of a journal is that of the plan, in which whatever happens to be
// a secret of the run is masked: what that was the journal does not tell.
func shows(kept, planned string) bool {
	parts := strings.Split(kept, value.Mask)
	last := len(parts) - 1
	rest, begins := strings.CutPrefix(planned, parts[0])
	if last == 0 {
		return begins && rest == ""
	}
	for _, part := range parts[1:last] {
		_, behind, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = behind
	}
	return begins && strings.HasSuffix(rest, parts[last])
}

// known returns a parameter, null where it is not given, and whether the plan knows it for all
// to see.
func known(params value.Value, name string) (value.Value, bool) {
	if params.IsUnknown() {
		return value.Null(), false
	}
	v, given := params.Get(name)
	if !given {
		return value.Null(), true
	}
	return v, !v.HasUnknown() && !v.HasSecret()
}
