package console

import (
	"bytes"
	"io"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/report/layout"
)

// Quote writes a word so that a shell takes it for one.
func Quote(word string) string { return layout.Quote(word) }

// Runnable makes the commands about runs in a text work as they stand: where --state was
// given, they need it too. The rooms that name a command do not know how this process
// was called.
func (c *Console) Runnable(text string) string {
	if c.State == "" {
		return text
	}
	flag := " --state " + Quote(c.State)
	pairs := []string{"gatebook run ", "gatebook run" + flag + " "}
	for _, verb := range []string{
		"resume", "pause", "cancel", "rollback", "approve", "reject", "status", "history", "audit",
	} {
		pairs = append(pairs, "gatebook "+verb, "gatebook "+verb+flag)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Result writes a result for people to standard output, its commands as [Console.Runnable]
// makes them.
func (c *Console) Result(write func(io.Writer) error) error {
	if c.State == "" {
		return write(c.Stdout)
	}
	var text bytes.Buffer
	if err := write(&text); err != nil {
		return err
	}
	_, err := io.WriteString(c.Stdout, c.Runnable(text.String()))
	return err
}

// Since reads the time that a person means by a date, a time or a span before now.
func Since(text string, now time.Time) (at time.Time, ok bool) {
	if span, err := time.ParseDuration(text); err == nil {
		return now.Add(-span), true
	}
	for _, form := range []string{time.RFC3339, time.DateOnly, "2006-01-02 15:04"} {
		if at, err := time.ParseInLocation(form, text, now.Location()); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
