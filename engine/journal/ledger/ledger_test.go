package ledger_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/journal/ledger"
)

const serial = "20261121-193055-00000000000003f9"

// world is a folder of runs with its ledger.
type world struct {
	*testing.T
	store *journal.Store
	ledger.Ledger
}

func newWorld(t *testing.T) world {
	t.Helper()
	store := journal.NewStore(t.TempDir())
	return world{t, store, ledger.Of(store)}
}

// run makes the n-th run.
func (w world) run(n int) *journal.Run {
	w.Helper()
	run, err := w.store.Create(fmt.Sprintf("20261121-1930%02d-k3f9x", n))
	if err != nil {
		w.Fatal(err)
	}
	return run
}

// begin writes the first record of a run.
func (w world) begin(run *journal.Run) {
	w.Helper()
	log, err := run.CreateJournal()
	if err != nil {
		w.Fatal(err)
	}
	if _, err := log.Append([]byte(`{"type":"run.started"}`)); err != nil {
		w.Fatal(err)
	}
	if err := errors.Join(log.Sync(), log.Close()); err != nil {
		w.Fatal(err)
	}
}

// drive holds the lock of a run until the function that it returns is called.
func (w world) drive(run *journal.Run) (end func()) {
	w.Helper()
	locks, err := run.Lock(w.Context(), journal.Owner{PID: 1, Host: "h"})
	if err != nil {
		w.Fatal(err)
	}
	return func() {
		if err := locks.Close(); err != nil {
			w.Error(err)
		}
	}
}

func (w world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// usedBy returns the run that an error names; empty: none.
func usedBy(err error) string {
	if used, is := errors.AsType[*ledger.UsedError](err); is {
		return used.Run
	}
	return ""
}

func TestAPlanIsUsedByTheRunThatBegan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.run(1), w.run(2)
	w.must(w.Used(serial))
	w.must(w.claim(serial, first))
	w.begin(first)
	w.must(w.Release(serial, first)) // it has begun, and keeps it
	for what, err := range map[string]error{"used": w.Used(serial), "claim": w.claim(serial, second)} {
		if usedBy(err) != first.ID() || !strings.Contains(err.Error(), "gatebook status "+first.ID()) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	w.must(w.claim("20261121-193055-00000000000003fa", second)) // another plan is another
}

func TestAPlanStaysUsedWhenTheRunsFolderIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run := w.run(1)
	w.must(w.claim(serial, run))
	w.begin(run)
	w.must(os.RemoveAll(filepath.Dir(run.JournalPath())))
	err := w.Used(serial)
	if usedBy(err) != run.ID() || !strings.Contains(err.Error(), "gone") {
		t.Errorf("got %v", err)
	}
}

// A process that dies between its claim and its first record has done nothing.
func TestAClaimEndsWithAProcessThatDidNotBegin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	died, next := w.run(1), w.run(2)
	end := w.drive(died)
	w.must(w.claim(serial, died))
	if err := w.claim(serial, next); usedBy(err) != died.ID() {
		t.Errorf("while it lives: got %v", err)
	}
	end()
	w.must(w.claim(serial, next))
	w.must(w.Release(serial, died)) // it is not its own any more
	w.begin(next)
	if err := w.Used(serial); usedBy(err) != next.ID() {
		t.Errorf("got %v", err)
	}
}

func TestARunThatDidNotBeginGivesThePlanBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run, next := w.run(1), w.run(2)
	defer w.drive(run)()
	w.must(w.claim(serial, run))
	w.must(w.Release(serial, run))
	w.must(w.Used(serial))
	w.must(w.claim(serial, next))
}

func TestOfManyRunsOneGetsThePlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const many = 8
	errs := make([]error, many)
	var claims sync.WaitGroup
	for i := range errs {
		run := w.run(i)
		defer w.drive(run)()
		claims.Go(func() { errs[i] = w.claim(serial, run) })
	}
	claims.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case usedBy(err) == "":
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d runs have it", won)
	}
}

func TestTheKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const many = 8
	keys, errs := make([]string, many), make([]error, many)
	var asks sync.WaitGroup
	for i := range keys {
		asks.Go(func() {
			var key []byte
			key, errs[i] = ledger.Of(w.store).Key()
			keys[i] = string(key)
		})
	}
	asks.Wait()
	w.must(errors.Join(errs...))
	for _, key := range keys {
		if len(key) != ledger.KeySize || key != keys[0] {
			t.Fatal("there are several keys, or one of another length")
		}
	}
	info, err := os.Stat(w.KeyPath())
	w.must(err)
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the key has the mode %v", info.Mode())
	}
	if other, err := newWorld(t).Key(); err != nil || string(other) == keys[0] {
		t.Errorf("two folders have one key, or %v", err)
	}
}

func TestADamagedKeyIsToldAndStays(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"empty": "", "short": "00ff", "no number": strings.Repeat("x", 64), "long": strings.Repeat("0", 66)} {
		w := newWorld(t)
		_, err := w.Key()
		w.must(err)
		w.must(os.WriteFile(w.KeyPath(), []byte(text), 0o600))
		if _, err := w.Key(); err == nil || !strings.Contains(err.Error(), w.KeyPath()+" is no key") {
			t.Errorf("%s: got %v", name, err)
		}
		if is, err := os.ReadFile(w.KeyPath()); err != nil || string(is) != text {
			t.Errorf("%s: it was changed", name)
		}
	}
}

const digest, otherDigest = "sha256:00ff", "sha256:ff00"

// claim makes the plan of the serial a run's own.
func (w world) claim(serial string, run *journal.Run) error {
	_, err := w.Claim(serial, digest, run)
	return err
}

// left checks which answers to the digest there are.
func (w world) left(when string, want map[string]string) {
	w.Helper()
	answers, err := w.Answers(digest)
	w.must(err)
	w.same(when, answers, want)
}

func (w world) same(when string, answers map[string][]byte, want map[string]string) {
	w.Helper()
	is := make(map[string]string, len(answers))
	for step, text := range answers {
		is[step] = string(text)
	}
	if !maps.Equal(is, want) {
		w.Errorf("%s: the answers are %q, want %q", when, is, want)
	}
}

func TestAnswersCountOnceAndForTheirDigest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.Leave(serial, digest, "sign_off", "", []byte(`"no"`)))
	w.must(w.Leave(serial, digest, "sign_off", "", []byte(`"yes"`)))
	w.must(w.Leave(serial, digest, "second", "", []byte(`"yes"`)))
	w.must(w.Leave(serial, otherDigest, "sign_off", "", []byte(`"no"`)))
	both := map[string]string{"sign_off": `"yes"`, "second": `"yes"`}
	w.left("before", both)
	run := w.run(1)
	defer w.drive(run)()
	taken, err := w.Claim(serial, digest, run)
	w.must(err)
	w.same("taken", taken, both)
	w.left("while the run is about to begin", nil)
	w.begin(run)
	w.must(w.Release(serial, run)) // too late: it has begun
	w.left("after the run has begun", nil)
	if answers, err := w.Answers(otherDigest); err != nil || len(answers) != 1 {
		t.Errorf("of another digest there are %q, %v", answers, err)
	}
	if err := w.Leave(serial, digest, "third", "", nil); usedBy(err) != run.ID() {
		t.Errorf("an answer that the run would miss: got %v", err)
	}
}

// A run that does not begin has used up no answer, be it that it says so or that it died.
func TestAnswersAreGivenBackByARunThatDidNotBegin(t *testing.T) {
	t.Parallel()
	for _, died := range []bool{false, true} {
		w := newWorld(t)
		w.must(w.Leave(serial, digest, "sign_off", "", []byte(`"yes"`)))
		w.must(w.Leave(serial, digest, "second", "", []byte(`"yes"`)))
		run, next := w.run(1), w.run(2)
		end := w.drive(run)
		w.must(w.claim(serial, run))
		// Another file of the digest is answered meanwhile: the later answer counts.
		w.must(w.Leave("s2", digest, "second", "", []byte(`"no"`)))
		if !died {
			w.must(w.Release(serial, run))
		}
		end()
		if died {
			w.must(w.Used(serial))
		}
		want := map[string]string{"sign_off": `"yes"`, "second": `"no"`}
		w.left(fmt.Sprintf("died %t", died), want)
		taken, err := w.Claim(serial, digest, next)
		w.must(err)
		w.same("the next run", taken, want)
	}
}

// The key of an instance is any text, and leads nowhere all the same.
func TestAnswersToInstances(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	digest := "sha256:00"
	keys := []string{"n1", "../../key", "a/b", "it's", strings.Repeat("ö", 126)}
	for i, key := range keys {
		w.must(w.Leave(serial, digest, event.InstanceID("roll", key), "", fmt.Appendf(nil, "%d", i)))
	}
	w.must(w.Leave(serial, digest, event.InstanceID("roll", "n1"), "", []byte("anew")))
	answers, err := w.Answers(digest)
	w.must(err)
	var said []string
	for _, text := range answers {
		said = append(said, string(text))
	}
	slices.Sort(said)
	if want := []string{"1", "2", "3", "4", "anew"}; !slices.Equal(said, want) {
		t.Errorf("answers are %q, want %q", said, want)
	}
	if err := w.Leave(serial, digest, event.InstanceID("../roll", "n1"), "", nil); err == nil {
		t.Error("an answer to a step that leads elsewhere is kept")
	}
}

// What is written in a file that somebody sent must name no other file.
func TestNamesThatLeadElsewhereAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"", "..", "../key", "a/b", ".hidden", strings.Repeat("a", 200)} {
		_, answers := w.Answers(name)
		for what, err := range map[string]error{
			"used": w.Used(name), "claim": w.claim(name, w.run(len(name)%60)), "answers": answers,
			"leave": w.Leave(serial, name, "step", "", nil), "step": w.Leave(serial, "sha256:00", name, "", nil), "late": w.Leave(name, "sha256:00", "step", "", nil),
		} {
			if err == nil {
				t.Errorf("%s %q: no error", what, name)
			}
		}
		w.must(os.RemoveAll(filepath.Join(w.store.Root(), "runs")))
	}
}
