package wording

import (
	"encoding/json"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Question is what the event of a question carries.
func Question(e event.Event) sdk.Question {
	var asked sdk.Question
	if json.Unmarshal(e.Data, &asked) != nil || asked.Message == "" {
		asked.Message = "Go on?"
	}
	return asked
}
