package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/journal/internal/chain"
)

var sample = []string{`{"type":"run started","by":"ann"}`, `{"n":1}`, `null`, `"ü"`, `[1,2,3]`, `{"type":"finished"}`}

// anyPayload generates JSON values on one line.
func anyPayload() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		value := map[string]any{"text": rapid.String().Draw(t, "text"), "n": rapid.Int64().Draw(t, "n")}
		if rapid.IntRange(0, 20).Draw(t, "long") == 0 {
			value["long"] = strings.Repeat("x", rapid.IntRange(0, 3*readSize).Draw(t, "length"))
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	})
}

// What the package comment says of the chain, said again without its code.
func TestLineIsAnObjectWhoseHashCoversTheLineBefore(t *testing.T) {
	t.Parallel()
	previous := sha256.Sum256([]byte("gatebook/journal/v1"))
	for i, line := range strings.SplitAfter(strings.TrimSuffix(string(journalOf(sample...)), "\n"), "\n") {
		line = strings.TrimSuffix(line, "\n")
		var decoded struct {
			Seq   int
			Event json.RawMessage
			Hash  string
		}
		if err := json.Unmarshal([]byte(line), &decoded); err != nil {
			t.Fatal(err)
		}
		body, _, _ := strings.Cut(line, `,"hash":"`)
		previous = sha256.Sum256(append(previous[:], body...))
		equal(t, "number", decoded.Seq, i+1)
		equal(t, "event", string(decoded.Event), sample[i])
		equal(t, "hash", decoded.Hash, hex.EncodeToString(previous[:]))
	}
}

func TestReplayGivesBackWhatWasAppended(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		want := rapid.SliceOfN(anyPayload(), 0, 30).Draw(rt, "payloads")
		text := journalOf(want...)
		got := []string{}
		sum, err := Replay(bytes.NewReader(text), collect(&got))
		if err != nil {
			rt.Fatal(err)
		}
		if want == nil {
			want = []string{}
		}
		equal(t, "payloads", got, want)
		equal(t, "bytes", sum.Bytes, int64(len(text)))
		equal(t, "torn", sum.Torn, int64(0))
		equal(t, "records", sum.Head.Seq, uint64(len(want)))
	})
}

func TestReplayGoesOnWhereAnotherHasComeTo(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	text := journalOf(sample...)
	var all []string
	var from Summary
	for end := range len(text) + 1 { // as a reader finds it that looks in while it is written
		writeJournal(t, run, text[:end])
		sum, err := run.ReplayOn(from, collect(&all))
		if err != nil || sum.Bytes+sum.Torn != int64(end) {
			t.Fatalf("at byte %d: %+v, %v", end, sum, err)
		}
		from = sum
	}
	equal(t, "payloads", all, sample)
	other := journalOf(append([]string{`"other"`}, sample...)...)
	writeJournal(t, run, append(text, other[lineStarts(other)[len(sample)]:]...))
	if _, err := run.ReplayOn(from, nil); mustDamage(t, err).Seq != from.Head.Seq+1 {
		t.Errorf("got %v", err)
	}
}

func TestTornAtEveryByteIsRepaired(t *testing.T) {
	t.Parallel()
	text := journalOf(sample...)
	for cut := range len(text) + 1 {
		run := newRun(t)
		writeJournal(t, run, text[:cut])
		whole := countLines(text[:cut])
		boundary := lineStarts(text)[whole]

		var seen []string
		j, repaired, err := run.OpenJournal(collect(&seen))
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		equal(t, "records", len(seen), whole)
		if cut == boundary {
			equal(t, "repair", repaired, Repair{})
		} else {
			equal(t, "kept bytes", string(mustRead(t, repaired.Saved)), string(text[boundary:cut]))
			equal(t, "repair", repaired, Repair{After: uint64(whole), Bytes: int64(cut - boundary), Saved: repaired.Saved})
		}
		appendAll(t, j, `{"resumed":true}`)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		want := journalOf(append(append([]string{}, sample[:whole]...), `{"resumed":true}`)...)
		equal(t, "journal", string(readJournal(t, run)), string(want))
	}
}

func TestEveryRepairKeepsItsBytes(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	var saved []string
	for _, end := range []string{"first", "second"} {
		writeJournal(t, run, append(journalOf(sample...), end...))
		j, repaired, err := run.OpenJournal(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		saved = append(saved, repaired.Saved)
	}
	equal(t, "first", string(mustRead(t, saved[0])), "first")
	equal(t, "second", string(mustRead(t, saved[1])), "second")
}

func TestEveryChangedBitIsRefused(t *testing.T) {
	t.Parallel()
	text := journalOf(sample...)
	starts := lineStarts(text)
	for at := range len(text) - 1 { // without its newline the last line is a torn one
		line := countLines(text[:at])
		for bit := range 8 {
			changed := bytes.Clone(text)
			changed[at] ^= 1 << bit
			sum, err := Replay(bytes.NewReader(changed), nil)
			damage := mustDamage(t, err)
			if damage.Seq != uint64(line+1) || damage.Offset != int64(starts[line]) || sum.Head.Seq != uint64(line) {
				t.Fatalf("bit %d of byte %d, in record %d: %v", bit, at, line+1, err)
			}
		}
	}
}

func TestEveryChangedByteOfAnyJournalIsRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text := journalOf(rapid.SliceOfN(anyPayload(), 1, 10).Draw(rt, "payloads")...)
		at := rapid.IntRange(0, len(text)-2).Draw(rt, "at")
		before := text[at]
		text[at] = rapid.Byte().Filter(func(b byte) bool { return b != before }).Draw(rt, "byte")
		if _, err := Replay(bytes.NewReader(text), nil); mustDamage(t, err).Offset > int64(at) {
			rt.Fatalf("byte %d was changed: %v", at, err)
		}
	})
}

func TestRefusedJournals(t *testing.T) {
	t.Parallel()
	lines := bytes.SplitAfter(journalOf(sample...), []byte("\n"))[:len(sample)]
	join := func(parts ...[]byte) string { return string(bytes.Join(parts, nil)) }
	tests := map[string]struct {
		text   string
		seq    uint64
		reason string
	}{
		"first record removed":      {join(lines[1:]...), 1, "it is numbered 2 where record 1 was expected"},
		"record removed":            {join(lines[0], lines[2]), 2, "it is numbered 3 where record 2 was expected"},
		"record twice":              {join(lines[0], lines[0]), 2, "it is numbered 1 where record 2 was expected"},
		"records exchanged":         {join(lines[1], lines[0]), 1, "it is numbered 2 where record 1 was expected"},
		"empty line":                {join(lines[0], []byte("\n"), lines[1]), 2, `it does not begin with {"seq":`},
		"empty last line":           {join(lines[0], []byte("\n")), 2, `it does not begin with {"seq":`},
		"carriage return":           {join(bytes.Replace(lines[0], []byte("\n"), []byte("\r\n"), 1)), 1, "it does not end with a hash"},
		"short":                     {"{\"seq\":1,\"event\":1}\n", 1, "it is too short to hold a hash"},
		"no event":                  {"{\"seq\":1,\"x\":1}\n", 1, `its number is not followed by ,"event":`},
		"number with leading zero":  {strings.Replace(join(lines[0]), `"seq":1`, `"seq":01`, 1), 1, "it is numbered 01 where record 1 was expected"},
		"whole last line with zero": {join(lines[0]) + strings.Repeat("\x00", 200) + "\n", 2, `it does not begin with {"seq":`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Replay(strings.NewReader(test.text), nil)
			damage := mustDamage(t, err)
			equal(t, "record", damage.Seq, test.seq)
			equal(t, "reason", damage.Reason, test.reason)
		})
	}
}

func TestDamageInAFileNamesFileRecordAndByte(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	text := bytes.Replace(journalOf(sample...), []byte(`"n":1`), []byte(`"n":2`), 1)
	writeJournal(t, run, text)
	for what, open := range map[string]func() error{
		"replay": func() error { _, err := run.Replay(nil); return err },
		"open":   func() error { _, _, err := run.OpenJournal(nil); return err },
	} {
		want := fmt.Sprintf("journal %s: record 2, at byte %d, was changed after it was written: its hash is ",
			run.JournalPath(), lineStarts(text)[1])
		if err := open(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s…", what, err, want)
		}
	}
	equal(t, "the refused file", string(readJournal(t, run)), string(text))
}

func TestHeadIsShownInHexadecimal(t *testing.T) {
	t.Parallel()
	sum, err := Replay(strings.NewReader(""), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(sum.Head)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "head", string(text), fmt.Sprintf(`{"seq":0,"hash":"%x"}`, sha256.Sum256([]byte("gatebook/journal/v1"))))
}

func TestReplayEndsWithTheErrorOfItsCaller(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop")
	sum, err := Replay(bytes.NewReader(journalOf(sample...)), func(rec Record) error {
		if rec.Seq == 3 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || err.Error() != "record 3: stop" {
		t.Fatalf("got %v", err)
	}
	equal(t, "records before", sum.Head.Seq, uint64(2))
}

func TestReplayOfAnUnreadableStream(t *testing.T) {
	t.Parallel()
	text := journalOf(sample...)
	broken := errors.New("broken")
	r := io.MultiReader(bytes.NewReader(firstLines(text, 2)), failingReader{broken})
	if sum, err := Replay(r, nil); !errors.Is(err, broken) || sum.Head.Seq != 2 {
		t.Fatalf("got %+v, %v", sum, err)
	}
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

// endless gives the same letter as often as it is told.
func endless(n int64) io.Reader { return io.LimitReader(letterReader{}, n) }

type letterReader struct{}

func (letterReader) Read(buf []byte) (int, error) {
	for i := range buf {
		buf[i] = 'x'
	}
	return len(buf), nil
}

func TestLineBeyondTheLimit(t *testing.T) {
	t.Parallel()
	good := journalOf(sample...)
	_, err := Replay(io.MultiReader(bytes.NewReader(good), endless(2*chain.MaxLine), strings.NewReader("\n")), nil)
	equal(t, "reason", mustDamage(t, err).Reason, chain.TooLong)

	sum, err := Replay(io.MultiReader(bytes.NewReader(good), endless(2*chain.MaxLine)), nil)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "torn", sum.Torn, 2*chain.MaxLine)
}

func FuzzReplay(f *testing.F) {
	good := journalOf(sample...)
	f.Add(good)
	f.Add(good[:len(good)-5])
	f.Add(good[5:])
	f.Add([]byte(nil))
	f.Add([]byte("\n\n"))
	f.Add([]byte(`{"seq":1,"event":,"hash":"` + strings.Repeat("0", 64) + "\"}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var again []byte
		c := chain.New()
		sum, err := Replay(bytes.NewReader(text), func(rec Record) error {
			again = c.Write(again, rec.Payload)
			return nil
		})
		if err != nil {
			equal(t, "damaged record", mustDamage(t, err).Offset, sum.Bytes)
		} else if sum.Bytes+sum.Torn != int64(len(text)) {
			t.Fatalf("read %d whole and %d torn bytes of %d", sum.Bytes, sum.Torn, len(text))
		}
		// Only what this package writes is accepted, byte for byte.
		if !bytes.Equal(again, text[:sum.Bytes]) {
			t.Fatalf("accepted %q, and writes it as %q", text[:sum.Bytes], again)
		}
	})
}
