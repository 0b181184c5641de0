package sdk

import (
	"encoding/json"
	"time"
)

// Grace is how long the action may take to end when it is asked to: what the parameter
// says that GraceParam names, or else that one's default; 0: nothing is said of it.
func (d Description) Grace(params json.RawMessage) time.Duration {
	declared, known := d.Input.Property(d.GraceParam)
	if !known {
		return 0
	}
	text, _ := declared.Default.(string)
	var given map[string]any
	if err := json.Unmarshal(params, &given); err != nil {
		return 0
	}
	if said, is := given[d.GraceParam]; is {
		text, _ = said.(string)
	}
	grace, err := time.ParseDuration(text)
	if err != nil {
		return 0
	}
	return max(grace, 0)
}
