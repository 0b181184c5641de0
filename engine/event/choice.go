package event

import (
	"cmp"
	"strings"
)

// Choice is what a person wants of a runbook where it is not all of it.
type Choice struct {
	From   string   `json:"from,omitempty" doc:"The step to begin at: those that it needs, directly or not, are left out."`
	Only   []string `json:"only,omitempty" doc:"The steps that are done: all others are left out, but for those of finally."`
	Skip   []string `json:"skip,omitempty" doc:"Steps, and instances of steps with foreach, that are left out."`
	By     string   `json:"by"`
	Reason string   `json:"reason,omitempty"`
}

// String is the choice as its flags, which is what people know it by.
func (c *Choice) String() string {
	if c == nil {
		return ""
	}
	var flags []string
	if c.From != "" {
		flags = append(flags, "--from "+c.From)
	}
	if len(c.Only) > 0 {
		flags = append(flags, "--only "+strings.Join(c.Only, ","))
	}
	for _, step := range c.Skip {
		flags = append(flags, "--skip "+step)
	}
	return strings.Join(flags, " ")
}

// Words say who has left out what, and why; empty: nothing is.
func (c *Choice) Words() string {
	if c == nil {
		return ""
	}
	return words(c.By, c.String(), c.Reason)
}

// StepByStep is the cause where a person leaves a step out that they are asked about.
const StepByStep = "asked step by step"

// LeftOut says why a step is not done that is in the runbook: a person wanted it so.
type LeftOut struct {
	By     string `json:"by"`
	Cause  string `json:"cause" doc:"What left it out: a flag of the run, or a person's answer." examples:"before --from upgrade"`
	Reason string `json:"reason,omitempty" doc:"Why, in that person's words."`
}

// Words say who has left a step out, and why.
func (l *LeftOut) Words() string {
	if l == nil {
		return ""
	}
	return words(l.By, l.Cause, l.Reason)
}

func words(by, cause, reason string) string {
	text := "left out by " + cmp.Or(by, "somebody")
	if cause != "" {
		text += " (" + cause + ")"
	}
	if reason != "" {
		text += ": " + reason
	}
	return text
}
