package event

import (
	"cmp"
	"strings"
)

// Choice is what a person wants of a runbook where it is not all of it, or not as it stands.
type Choice struct {
	Mode   string   `json:"mode,omitempty" doc:"The mode of the runbook in which it is done; absent: none." examples:"drill"`
	From   string   `json:"from,omitempty" doc:"The step to begin at: those that it needs, directly or not, are left out."`
	Only   []string `json:"only,omitempty" doc:"The steps that are done: all others are left out, but for those of finally."`
	Skip   []string `json:"skip,omitempty" doc:"Steps, and instances of steps with foreach, that are left out."`
	By     string   `json:"by" doc:"Who leaves out steps; empty: nobody does."`
	Reason string   `json:"reason,omitempty"`
}

// IsPart reports whether a person leaves out steps, whatever a mode does.
func (c *Choice) IsPart() bool {
	return c != nil && (c.From != "" || len(c.Only)+len(c.Skip) > 0)
}

// ModeName is the mode of the runbook in which it is done; empty: none.
func (c *Choice) ModeName() string {
	if c == nil {
		return ""
	}
	return c.Mode
}

// String is the choice as its flags, which is what people know it by.
func (c *Choice) String() string {
	if c == nil {
		return ""
	}
	var flags []string
	if c.Mode != "" {
		flags = append(flags, "--mode "+c.Mode)
	}
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

// Words say in which mode it is done, and who has left out what, and why; empty: it is all of
// the runbook, as it stands.
func (c *Choice) Words() string {
	if c == nil {
		return ""
	}
	var said []string
	if c.Mode != "" {
		said = append(said, "in mode "+c.Mode)
	}
	if part := c.Part(); part != nil {
		said = append(said, words(c.By, part.String(), c.Reason))
	}
	return strings.Join(said, "; ")
}

// StepByStep is the cause where a person leaves a step out that they are asked about.
const StepByStep = "asked step by step"

// Part is what a person leaves out, whatever a mode does; nil: nothing.
func (c *Choice) Part() *Choice {
	if !c.IsPart() {
		return nil
	}
	part := *c
	part.Mode = ""
	return &part
}

// LeftOut says why a step is not done that is in the runbook: a person wanted it so, or the
// mode in which it is done.
type LeftOut struct {
	Mode   string `json:"mode,omitempty" doc:"The mode that leaves it out, where that is by no person's word."`
	By     string `json:"by"`
	Cause  string `json:"cause" doc:"What left it out: a flag of the run, or a person's answer." examples:"before --from upgrade"`
	Reason string `json:"reason,omitempty" doc:"Why, in that person's words."`
}

// Words say who has left a step out, and why.
func (l *LeftOut) Words() string {
	if l == nil {
		return ""
	}
	if l.Mode != "" {
		return "left out in mode " + l.Mode
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
