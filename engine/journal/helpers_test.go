package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/journal/internal/chain"
)

// newRun makes a run in a store of its own.
func newRun(t testing.TB) *Run {
	t.Helper()
	run, err := NewStore(t.TempDir()).Create("20261121-193055-k3f9")
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// fill makes the run's journal out of payloads.
func fill(t testing.TB, run *Run, payloads ...string) {
	t.Helper()
	j, err := run.CreateJournal()
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, j, payloads...)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func appendAll(t testing.TB, j *Journal, payloads ...string) {
	t.Helper()
	for _, payload := range payloads {
		if _, err := j.Append([]byte(payload)); err != nil {
			t.Fatal(err)
		}
	}
}

// journalOf returns the bytes of a journal with these payloads.
func journalOf(payloads ...string) []byte {
	var text []byte
	c := chain.New()
	for _, payload := range payloads {
		text = c.Write(text, []byte(payload))
	}
	return text
}

// payloads reads a run's journal back.
func payloads(t testing.TB, run *Run) []string {
	t.Helper()
	var got []string
	if _, err := run.Replay(collect(&got)); err != nil {
		t.Fatal(err)
	}
	return got
}

func collect(into *[]string) func(Record) error {
	return func(rec Record) error {
		if rec.Seq != uint64(len(*into)+1) {
			return fmt.Errorf("numbered %d, want %d", rec.Seq, len(*into)+1)
		}
		*into = append(*into, string(rec.Payload))
		return nil
	}
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func mustDamage(t testing.TB, err error) *DamagedError {
	t.Helper()
	damage, ok := errors.AsType[*DamagedError](err)
	if !ok {
		t.Fatalf("got error %v, want a DamagedError", err)
	}
	return damage
}

func writeJournal(t testing.TB, run *Run, text []byte) {
	t.Helper()
	if err := os.WriteFile(run.JournalPath(), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func readJournal(t testing.TB, run *Run) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Clean(run.JournalPath()))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// lineStarts returns where each line begins, and the length as the last.
func lineStarts(text []byte) []int {
	starts := []int{0}
	for i, b := range text {
		if b == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

func firstLines(text []byte, n int) []byte {
	return text[:lineStarts(text)[n]]
}

func countLines(text []byte) int { return bytes.Count(text, []byte("\n")) }
