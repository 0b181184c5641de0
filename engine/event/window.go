package event

import "time"

// Closed is a window that was closed when a condition asked for it.
type Closed struct {
	Window string     `json:"window"`
	Opens  *time.Time `json:"opens,omitempty" doc:"When it opens, by the clock of its time zone; absent: not before Shut."`
	Shut   *time.Time `json:"shut,omitempty" doc:"Where nobody knows when it opens, until when it is known not to: how far was looked."`
	Zone   string     `json:"zone" doc:"Its time zone."`
}

// Override says that a window counts as open for the rest of a run, by a person's word.
type Override struct {
	Window string `json:"window"`
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// Left is how long it was estimated to take from the beginning of a step to the end of a run.
type Left struct {
	Step  time.Duration `json:"step" doc:"The step itself."`
	After time.Duration `json:"after" doc:"All that comes behind it, the longest way, with the steps of finally."`
}
