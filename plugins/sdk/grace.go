package sdk

import (
	"encoding/json"
	"time"

	"github.com/gatebook/gatebook/schema"
)

// Grace is how long the action may take to end when it is asked to: what the parameter
// says that GraceParam names, or else that one's default; 0: nothing is said of it.
func (d Description) Grace(params json.RawMessage) time.Duration {
	return d.span(d.GraceParam, params)
}

// withinParam says how long a check asks again until what it looks for is so.
const withinParam = "within"

// Waits is how long the action asks again until what it looks for is so, as its parameter
// `within` says, or else that one's default; 0: it does not. See [Description.InPlan].
func (d Description) Waits(params json.RawMessage) time.Duration {
	if !d.InPlan {
		return 0
	}
	return d.span(withinParam, params)
}

// expiresParam says how long the question of an action that asks stands.
const expiresParam = "expires"

// Expires is how long the question of an action that asks stands, as its parameter `expires`
// says, or else that one's default; 0: for ever, or nobody can tell. See [Description.Asks].
func (d Description) Expires(params json.RawMessage) time.Duration {
	if !d.Asks {
		return 0
	}
	return d.span(expiresParam, params)
}

// span is what a parameter says, or else its default; 0: it says no time.
func (d Description) span(param string, params json.RawMessage) time.Duration {
	declared, known := d.Input.Property(param)
	if !known || declared.Format != schema.FormatDuration {
		return 0
	}
	text, _ := declared.Default.(string)
	var given map[string]any
	if err := json.Unmarshal(params, &given); err != nil {
		return 0
	}
	if said, is := given[param]; is {
		text, _ = said.(string)
	}
	span, err := time.ParseDuration(text)
	if err != nil {
		return 0
	}
	return max(span, 0)
}
