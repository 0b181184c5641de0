package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/journal/internal/disk"
)

func TestRunIDsSortByTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 20, 30, 55, 999_999_999, time.FixedZone("", 3600))
	equal(t, "id", NewRunID(at, 0), "20261121-193055-zz000")
	equal(t, "id of the largest number", NewRunID(at, 1<<64-1), "20261121-193055-zzzzz")
	equal(t, "the time of an id", NewStore("").run("20261121-193055-zz000").Made(), at.Truncate(time.Second))
	rapid.Check(t, func(rt *rapid.T) {
		first := time.Unix(rapid.Int64Range(0, 1<<33).Draw(rt, "first"), 0)
		later := first.Add(time.Duration(rapid.Int64Range(1, 1<<33).Draw(rt, "milliseconds")) * time.Millisecond)
		a, b := rapid.Uint64().Draw(rt, "a"), rapid.Uint64().Draw(rt, "b")
		if NewRunID(first, a) >= NewRunID(later, b) {
			rt.Fatalf("%s does not sort before %s", NewRunID(first, a), NewRunID(later, b))
		}
	})
}

func TestRunFolderIsForItsUserAlone(t *testing.T) {
	t.Parallel()
	store := NewStore(filepath.Join(t.TempDir(), "state", "gatebook"))
	run, err := store.Create("20261121-193055-k3f9")
	if err != nil {
		t.Fatal(err)
	}
	fill(t, run, sample...)
	locks, err := run.Lock(t.Context(), testOwner(1), "web")
	if err != nil {
		t.Fatal(err)
	}
	_, postErr := run.Post(time.Unix(0, 0), 1, []byte("{}"))
	_, outputErr := run.Output("step").Write([]byte("x"))
	if err := errors.Join(run.SavePlan([]byte("{}")), run.SaveRunbook([]byte("kind: Runbook\n")), postErr, outputErr); err != nil {
		t.Fatal(err)
	}
	var files []string
	err = filepath.WalkDir(store.Root(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		} else {
			name, _ := filepath.Rel(store.Root(), path)
			files = append(files, filepath.ToSlash(name))
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "files", files, []string{
		"locks/web.lock", "locks/web.lock.json",
		"runs/20261121-193055-k3f9/inbox/19700101-000000-000000000-10000000.json",
		"runs/20261121-193055-k3f9/journal.jsonl",
		"runs/20261121-193055-k3f9/lock", "runs/20261121-193055-k3f9/lock.json",
		"runs/20261121-193055-k3f9/output/step.log",
		"runs/20261121-193055-k3f9/plan.json", "runs/20261121-193055-k3f9/runbook.yaml",
	})
	if err := locks.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRunKeepsItsRunbookAndPlan(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	if _, err := run.Plan(); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("before it is saved: %v", err)
	}
	for _, plan := range []string{`{"old":true}`, `{"old":false}`} {
		if err := errors.Join(run.SavePlan([]byte(plan)), run.SaveRunbook([]byte("# "+plan))); err != nil {
			t.Fatal(err)
		}
		again, err := run.store.Open(run.ID())
		if err != nil {
			t.Fatal(err)
		}
		gotPlan, planErr := again.Plan()
		gotRunbook, runbookErr := again.Runbook()
		if err := errors.Join(planErr, runbookErr); err != nil {
			t.Fatal(err)
		}
		equal(t, "plan", string(gotPlan), plan)
		equal(t, "runbook", string(gotRunbook), "# "+plan)
	}
}

func TestRunIsFoundByPartsOfItsID(t *testing.T) {
	t.Parallel()
	store := NewStore(t.TempDir())
	for _, id := range []string{"20261120-080000-aaaa", "20261121-193055-k3f9", "20261121-193055-k3f9x", "20261121-200000-bbbb"} {
		if _, err := store.Create(id); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"20261120-080000-aaaa":  "20261120-080000-aaaa",
		"20261121-193055-k3f9":  "20261121-193055-k3f9", // though it begins another
		"20261120":              "20261120-080000-aaaa",
		"20261121-2":            "20261121-200000-bbbb",
		"bbbb":                  "20261121-200000-bbbb",
		"latest":                "20261121-200000-bbbb",
		"20261121-193055-k3f9x": "20261121-193055-k3f9x",
	} {
		run, err := store.Open(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if run.ID() != want {
			t.Errorf("%s: got %s, want %s", name, run.ID(), want)
		}
	}
	for _, name := range []string{"", "2025", "zzzz", "../runs", "b", "."} {
		if _, err := store.Open(name); !errors.Is(err, ErrNoRun) {
			t.Errorf("%q: got %v", name, err)
		}
	}
	_, err := store.Open("20261121")
	equal(t, "ambiguity", fmt.Sprint(err),
		`run "20261121" could be any of 3: 20261121-193055-k3f9, 20261121-193055-k3f9x, 20261121-200000-bbbb`)
}

func TestEmptyStore(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "none")
	store := NewStore(root)
	if _, err := store.Open("latest"); !errors.Is(err, ErrNoRun) {
		t.Errorf("open: %v", err)
	}
	if list, err := store.List(); err != nil || len(slices.Collect(list)) > 0 {
		t.Errorf("list: %v", err)
	}
	if _, err := os.Stat(root); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("looking made the folder: %v", err)
	}
}

func TestIDsThatNoRunCanHave(t *testing.T) {
	t.Parallel()
	store := NewStore(t.TempDir())
	for _, id := range []string{"", "latest", "../x", "a/b", ".x"} {
		if _, err := store.Create(id); err == nil {
			t.Errorf("%q was taken for an id", id)
		}
	}
	if _, err := store.Create("taken"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Create("taken"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second run of that id: %v", err)
	}
}

func TestListShowsDamagedRunsToo(t *testing.T) {
	t.Parallel()
	store := NewStore(t.TempDir())
	good := journalOf(sample...)
	change := func(from, to string) []byte { return bytes.Replace(good, []byte(from), []byte(to), 1) }
	tests := []struct {
		name, journal, first, last string
		records                    uint64
		problem                    string
	}{
		{"good", string(good), sample[0], sample[5], 6, ""},
		{"torn", string(good[:len(good)-1]), sample[0], sample[4], 5, ""},
		{"one", string(journalOf(`1`)), `1`, `1`, 1, ""},
		{"empty", "", "", "", 0, ""},
		{"torn at once", string(good[:10]), "", "", 0, ""},
		{"first", string(change("ann", "bob")), "", "", 0, "record 1, at byte 0, was changed"},
		{"last", string(change("finished", "unfinish")), "", "", 0, "its last record, at byte "},
		{"garbage", strings.Repeat("garbage\n", 5000), "", "", 0, "record 1, at byte 0, was changed"},
		{"end", string(good) + "x\n", "", "", 0, `it does not begin with {"seq":`},
		{"gap", string(good) + string(journalOf(`1`)), "", "", 0, "its hash is"},
		{"zeros", string(good) + strings.Repeat("\x00", 3*peekSize) + "\n", "", "", 0, `it does not begin with {"seq":`},
	}
	id := func(i int) string { return fmt.Sprintf("20261121-1930%02d-k3f9x", i) }
	for i, test := range tests {
		run, err := store.Create(id(i))
		if err != nil {
			t.Fatal(err)
		}
		writeJournal(t, run, []byte(test.journal))
	}
	if _, err := store.Create(id(len(tests))); err != nil {
		t.Fatal(err)
	}
	list, err := store.List()
	if err != nil {
		t.Fatal(err)
	}
	entries := slices.Collect(list)
	slices.Reverse(entries)
	equal(t, "runs", len(entries), len(tests)+1)
	for i, test := range tests {
		entry := entries[i]
		equal(t, "order", entry.Run.ID(), id(i))
		equal(t, test.name+" first", string(entry.First), test.first)
		equal(t, test.name+" last", string(entry.Last), test.last)
		equal(t, test.name+" records", entry.Records, test.records)
		if (entry.Err == nil) != (test.problem == "") || entry.Err != nil && !strings.Contains(entry.Err.Error(), test.problem) {
			t.Errorf("%s: got %v, want %q", test.name, entry.Err, test.problem)
		}
	}
	if last := entries[len(tests)]; !errors.Is(last.Err, fs.ErrNotExist) {
		t.Errorf("no journal: %v", last.Err)
	}
}

// A folder that is no run's must not be the newest, nor stand in the list.
func TestStrangersAmongTheRuns(t *testing.T) {
	t.Parallel()
	store := NewStore(t.TempDir())
	if strangers, err := store.Strangers(); err != nil || strangers != nil {
		t.Errorf("before there is any run: %q, %v", strangers, err)
	}
	newest := "20261121-193055-k3f9x"
	names := []string{
		"20261121-193054-k3f9x", newest, "20261121-193055-k3f9x.bak", "20261121-193055-k3f9x-2", "20261121-193055-", "20261121-k3f9x",
		"2026112-1930550-k3f9x", "99999999-999999-zzzzz", "20261121-193056-COPY", "lost+found", "zzz", ".hidden",
	}
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(store.runs(), name), disk.DirMode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(store.runs(), "99991121-193055-k3f9x"), nil, disk.FileMode); err != nil {
		t.Fatal(err)
	}
	if run, err := store.Open(Latest); err != nil || run.ID() != newest {
		t.Errorf("the newest is %v, %v", run, err)
	}
	list, err := store.List()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "runs", len(slices.Collect(list)), 2)
	strangers, err := store.Strangers()
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names[2:])
	equal(t, "strangers", strangers, names[2:])
	if _, err := store.Open("zzz"); !errors.Is(err, ErrNoRun) {
		t.Errorf("a stranger is opened: %v", err)
	}
}

func TestListAgreesWithReplay(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	rapid.Check(t, func(rt *rapid.T) {
		text := journalOf(rapid.SliceOfN(anyPayload(), 1, 8).Draw(rt, "payloads")...)
		text = text[:rapid.IntRange(0, len(text)).Draw(rt, "cut")]
		writeJournal(t, run, text)
		var all []string
		if _, err := run.Replay(collect(&all)); err != nil {
			rt.Fatal(err)
		}
		entry := run.Entry()
		if entry.Err != nil {
			rt.Fatal(entry.Err)
		}
		equal(t, "records", entry.Records, uint64(len(all)))
		if len(all) > 0 {
			equal(t, "first", string(entry.First), all[0])
			equal(t, "last", string(entry.Last), all[len(all)-1])
		}
	})
}
