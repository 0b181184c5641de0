package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/journal/internal/label"
)

func bodies(requests []Request) []string {
	var got []string
	for _, request := range requests {
		got = append(got, string(request.Body))
	}
	return got
}

func TestRequestsWaitInOrderUntilDone(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	at := time.Date(2026, 11, 21, 19, 31, 0, 5, time.UTC)
	var ids []string
	for i, after := range []time.Duration{2, 0, 1, time.Hour} { // posted by processes that overtake each other
		id, err := run.Post(at.Add(after), uint64(i), fmt.Appendf(nil, `{"after":%d}`, after))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	want := []string{`{"after":0}`, `{"after":1}`, `{"after":2}`, `{"after":3600000000000}`}
	for range 2 { // a driver that died before Done sees them again
		requests, err := run.TakeInbox()
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "requests", bodies(requests), want)
		equal(t, "id", requests[2].ID, ids[0])
	}
	if err := errors.Join(run.Done(ids[1]), run.Done(ids[2]), run.Done(ids[2])); err != nil {
		t.Fatal(err)
	}
	requests, err := run.TakeInbox()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "requests after done", bodies(requests), want[2:])
}

func TestRequestIDsSortByTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		first := time.Unix(0, rapid.Int64Range(0, 1<<61).Draw(rt, "first"))
		later := first.Add(time.Duration(rapid.Int64Range(1, 1<<61).Draw(rt, "later")))
		a, b := rapid.Uint64().Draw(rt, "a"), rapid.Uint64().Draw(rt, "b")
		if label.NewRequestID(first, a) >= label.NewRequestID(later, b) {
			rt.Fatalf("%s does not sort before %s", label.NewRequestID(first, a), label.NewRequestID(later, b))
		}
	})
}

func TestPostsAtOnceAreAllThere(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	var group sync.WaitGroup
	for i := range uint64(20) {
		group.Go(func() {
			if _, err := run.Post(time.Unix(1, 0), i, []byte("{}")); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	requests, err := run.TakeInbox()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "requests", len(requests), 20)
}

func TestInboxOverlooksWhatIsNoRequest(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	for _, name := range []string{".new-123", ".new-1.json", "README", "no.json.swp"} {
		if err := os.WriteFile(filepath.Join(run.inbox(), name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(run.inbox(), "folder.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Post(time.Unix(1, 0), 1, []byte(`"real"`)); err != nil {
		t.Fatal(err)
	}
	requests, err := run.TakeInbox()
	if err == nil || !strings.Contains(err.Error(), "folder.json") {
		t.Errorf("what cannot be read is not told: %v", err)
	}
	equal(t, "requests", bodies(requests), []string{`"real"`})
}

func TestInboxReadsNoMoreThanCanBePosted(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	path := filepath.Join(run.inbox(), "1.json")
	if err := errors.Join(os.WriteFile(path, []byte("{}"), 0o600), os.Truncate(path, 1<<40)); err != nil {
		t.Fatal(err)
	}
	requests, err := run.TakeInbox()
	if err != nil || len(requests) != 1 || len(requests[0].Body) > MaxRequest {
		t.Fatalf("got %d requests, %v", len(requests), err)
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	for name, body := range map[string]string{"no JSON": "{", "too large": `"` + strings.Repeat("x", MaxRequest) + `"`} {
		if _, err := run.Post(time.Unix(1, 0), 1, []byte(body)); err == nil {
			t.Errorf("%s: posted", name)
		}
	}
	if err := run.Done("../journal"); err == nil {
		t.Error("done with a file outside the inbox")
	}
}

func TestOutputIsMadeAtTheFirstWriteAndAppendedTo(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	silent := run.Output("silent")
	if err := errors.Join(silent.Close(), silent.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(run.OutputPath("silent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing was printed: %v", err)
	}
	if _, err := silent.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
	const name = "drain[web/1] #2"
	for _, attempt := range []string{"first\n", "second\n"} {
		out := run.Output(name)
		_, err := io.WriteString(out, attempt)
		if err := errors.Join(err, out.Close()); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(run.OutputPath(name))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "output", string(text), "first\nsecond\n")
}

func TestOutputTakesWritesAtOnce(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	out := run.Output("both")
	var group sync.WaitGroup
	for _, line := range []string{"stdout\n", "stderr\n"} {
		group.Go(func() {
			for range 50 {
				if _, err := io.WriteString(out, line); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	equal(t, "bytes", len(mustRead(t, run.OutputPath("both"))), 100*7)
}

func TestFileNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"drain":        "drain",
		"drain[web.1]": "drain%5Bweb.1%5D",
		"..":           "%2E.",
		"a/../b":       "a%2F..%2Fb",
		"100%":         "100%25",
		"":             "",
		"ü":            "%C3%BC",
	} {
		equal(t, name, label.File(name), want)
	}
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringN(100, 200, -1)).Draw(rt, "a")
		other := rapid.OneOf(rapid.String(), rapid.Just(name+"x")).Draw(rt, "b")
		got := label.File(name)
		if len(got) > label.Max || filepath.Base(got+".log") != got+".log" || strings.HasPrefix(got, ".") {
			rt.Fatalf("%q is no plain file name", got)
		}
		if name != other && got == label.File(other) {
			rt.Fatalf("%q and %q share the name %q", name, other, got)
		}
	})
}
