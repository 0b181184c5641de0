package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/journal/internal/chain"
)

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestGroupSharesOneSync(t *testing.T) {
	t.Parallel()
	j, err := newRun(t).CreateJournal()
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, j, sample...)
	for range 3 { // the later two have nothing to do
		if err := j.Sync(); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "group", j.Stats(), Stats{Records: 6, Bytes: uint64(len(journalOf(sample...))), Writes: 1, Syncs: 1})
	for range 10 { // a chain of changing steps: intent and the result before it, one sync a step
		appendAll(t, j, `{"result":1}`)
		if err := j.Flush(); err != nil {
			t.Fatal(err)
		}
		appendAll(t, j, `{"intent":1}`)
		if err := j.Sync(); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "syncs", j.Stats().Syncs, uint64(11))
	equal(t, "writes", j.Stats().Writes, uint64(21))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFlushedIsReadableAndSyncedIsDurable(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	j, err := run.CreateJournal()
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, j, sample[:2]...)
	equal(t, "before flush", len(payloads(t, run)), 0)
	if err := j.Flush(); err != nil {
		t.Fatal(err)
	}
	equal(t, "after flush", payloads(t, run), sample[:2])
	equal(t, "durable after flush", j.durable, uint64(0))
	if err := j.Sync(); err != nil {
		t.Fatal(err)
	}
	equal(t, "durable after sync", j.durable, uint64(2))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestReopenedJournalGoesOnWithItsChain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		sessions := rapid.SliceOfN(rapid.SliceOfN(anyPayload(), 0, 5), 1, 4).Draw(rt, "sessions")
		run := newRun(t)
		fill(t, run)
		var all []string
		var head Head
		for _, session := range sessions {
			var seen []string
			j, _, err := run.OpenJournal(collect(&seen))
			if err != nil {
				rt.Fatal(err)
			}
			equal(t, "seen", seen, all)
			equal(t, "durable", j.durable, uint64(len(all)))
			appendAll(t, j, session...)
			all = append(all, session...)
			head = j.chain.Head
			if err := j.Close(); err != nil {
				rt.Fatal(err)
			}
		}
		sum, err := run.Replay(nil)
		if err != nil {
			rt.Fatal(err)
		}
		equal(t, "head", sum.Head, head)
		equal(t, "file", string(readJournal(t, run)), string(journalOf(all...)))
	})
}

func TestJournalIsCreatedOnce(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	fill(t, run, sample...)
	if _, err := run.CreateJournal(); !errors.Is(err, os.ErrExist) {
		t.Fatalf("got %v, want that it exists", err)
	}
	equal(t, "journal", payloads(t, run), sample)
}

func TestPayloadThatIsRefused(t *testing.T) {
	t.Parallel()
	for name, payload := range map[string]string{
		"empty":      "",
		"no JSON":    "{",
		"two values": "1 2",
		"newline":    "{\n}",
		"too large":  `"` + strings.Repeat("x", MaxPayload) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := newRun(t)
			j, err := run.CreateJournal()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := j.Append([]byte(payload)); err == nil || !strings.HasPrefix(err.Error(), "append record 1: the event ") {
				t.Fatalf("got %v", err)
			}
			appendAll(t, j, sample...) // the journal is none the worse
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			equal(t, "journal", payloads(t, run), sample)
		})
	}
}

func TestLargestPayload(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	large := `"` + strings.Repeat("x", MaxPayload-2) + `"`
	fill(t, run, `1`, large)
	if got := payloads(t, run); len(got) != 2 || got[1] != large {
		t.Fatal("the largest payload did not come back")
	}
	if entry := run.Entry(); entry.Err != nil || string(entry.Last) != large {
		t.Fatalf("the list has %d bytes of it, %v", len(entry.Last), entry.Err)
	}
}

// A disk that is full after so many bytes, and whose other calls fail as told.
type faultyDisk struct {
	data                  []byte
	room                  int
	writeErr              error
	syncErr, truncateErr  error
	syncsBefore, allSyncs int // syncs that work before syncErr
}

func (d *faultyDisk) Write(p []byte) (int, error) {
	n := min(len(p), d.room-len(d.data))
	d.data = append(d.data, p[:n]...)
	if n < len(p) {
		return n, &os.PathError{Op: "write", Path: "journal.jsonl", Err: d.writeErr}
	}
	return n, nil
}

func (d *faultyDisk) Sync() error {
	if d.allSyncs++; d.allSyncs > d.syncsBefore {
		return d.syncErr
	}
	return nil
}

func (d *faultyDisk) Truncate(size int64) error {
	if d.truncateErr == nil {
		d.data = d.data[:size]
	}
	return d.truncateErr
}

func (d *faultyDisk) Close() error { return nil }

// Whatever the disk does, the journal says the truth about what is on it, stays
// stopped, and what is on it can be resumed.
func TestFailingDisk(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		groups := rapid.SliceOfN(rapid.SliceOfN(anyPayload(), 1, 4), 1, 5).Draw(rt, "groups")
		var all []string
		for _, group := range groups {
			all = append(all, group...)
		}
		text := journalOf(all...)
		oneOf := rapid.SampledFrom([]error{nil, syscall.EIO, syscall.ENOSPC})
		disk := &faultyDisk{
			room:        rapid.IntRange(0, len(text)).Draw(rt, "room"),
			writeErr:    syscall.ENOSPC,
			syncErr:     oneOf.Draw(rt, "sync"),
			truncateErr: oneOf.Draw(rt, "truncate"),
			syncsBefore: rapid.IntRange(0, 5).Draw(rt, "syncs"),
		}
		j := newJournal(disk, "journal.jsonl", chain.New(), 0)
		var acknowledged uint64
		var failure error
		for _, group := range groups {
			appendAll(t, j, group...)
			if failure = j.Sync(); failure != nil {
				break
			}
			acknowledged = j.chain.Head.Seq
		}
		if failure == nil {
			equal(t, "data", string(disk.data), string(text))
			return
		}
		checkFailure(t, j, disk, failure, acknowledged, all)
	})
}

func checkFailure(t *testing.T, j *Journal, disk *faultyDisk, failure error, acknowledged uint64, all []string) {
	t.Helper()
	failed, ok := errors.AsType[*WriteError](failure)
	if !ok {
		t.Fatalf("got %v, want a WriteError", failure)
	}
	if failed.Durable < acknowledged || failed.Written < failed.Durable || failed.Written+failed.Lost != j.chain.Head.Seq {
		t.Fatalf("acknowledged %d of %d: %+v", acknowledged, j.chain.Head.Seq, failed)
	}
	var kept []string
	sum, err := Replay(strings.NewReader(string(disk.data)), collect(&kept))
	if err != nil {
		t.Fatalf("what is on the disk cannot be resumed: %v", err)
	}
	equal(t, "written records", sum.Head.Seq, failed.Written)
	if len(kept) > 0 {
		equal(t, "records", kept, all[:failed.Written])
	}
	if disk.truncateErr == nil && sum.Torn > 0 {
		t.Fatalf("%d torn bytes stay although they could be cut off", sum.Torn)
	}
	before := string(disk.data)
	disk.room, disk.syncErr, disk.truncateErr = 1<<30, nil, nil // space was freed too late
	for what, again := range map[string]func() error{
		"append": func() error { _, err := j.Append([]byte("1")); return err },
		"flush":  j.Flush,
		"sync":   j.Sync,
		"close":  j.Close,
	} {
		if err := again(); !errors.Is(err, failed) {
			t.Fatalf("%s after the failure: got %v", what, err)
		}
	}
	equal(t, "disk after the failure", string(disk.data), before)
}

func TestWriteErrorSaysWhatIsSafeAndWhatToDo(t *testing.T) {
	t.Parallel()
	line := len(journalOf(`1`))
	tests := map[string]struct {
		disk *faultyDisk
		want string
	}{
		"full at once": {
			&faultyDisk{writeErr: syscall.ENOSPC},
			"write journal J: no space left on device; no record is surely on the disk, 3 later ones are lost; " +
				"free space on that disk",
		},
		"full in the second record": {
			&faultyDisk{room: line + 9, writeErr: syscall.EDQUOT},
			"write journal J: disk quota exceeded; records up to 1 are on the disk, 2 later ones are lost; " +
				"free space on that disk, then resume the run",
		},
		"read-only": {
			&faultyDisk{room: line + 9, writeErr: syscall.EROFS, truncateErr: syscall.EROFS},
			"write journal J: read-only file system (and its torn end stays: read-only file system); " +
				"records up to 1 are on the disk, 2 later ones are lost; make that file system writable, then resume the run",
		},
		"no permission": {
			&faultyDisk{writeErr: syscall.EACCES},
			"write journal J: permission denied; no record is surely on the disk, 3 later ones are lost; " +
				"give this user the right to write there",
		},
		"failed sync": {
			&faultyDisk{room: 1 << 20, syncErr: syscall.EIO},
			"sync journal J: input/output error; no record is surely on the disk, 3 more may be; check that disk, then resume the run",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJournal(test.disk, "J", chain.New(), 0)
			appendAll(t, j, `1`, `2`, `3`)
			equal(t, "message", fmt.Sprint(j.Sync()), test.want)
		})
	}
}
