package event

import "time"

// Closed is a window that was closed when a condition asked for it.
type Closed struct {
	Window string     `json:"window"`
	Opens  *time.Time `json:"opens,omitempty" doc:"When it opens, by the clock of its time zone; absent: nobody knows of a time."`
	Zone   string     `json:"zone" doc:"Its time zone."`
}

// Override says that a window counts as open for the rest of a run, by a person's word.
type Override struct {
	Window string `json:"window"`
	By     string `json:"by"`
	Reason string `json:"reason"`
}
