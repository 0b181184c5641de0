package journal

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/journal/internal/chain"
)

const event = `{"type":"attempt finished","time":"2026-11-21T19:30:55.123456789Z","step":"drain","instance":"web-1",` +
	`"attempt":1,"key":"20261121-193055-k3f9/drain/web-1/do","outputs":{"evicted":12,"node":"web-1"}}`

func BenchmarkAppend(b *testing.B) {
	j := newJournal(&nullDisk{}, "journal.jsonl", chain.New(), 0)
	payload := []byte(event)
	b.ReportAllocs()
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		seq, err := j.Append(payload)
		if err != nil {
			b.Fatal(err)
		}
		if seq%100 == 0 {
			if err := j.Flush(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

type nullDisk struct{}

func (nullDisk) Write(p []byte) (int, error) { return len(p), nil }
func (nullDisk) Sync() error                 { return nil }
func (nullDisk) Truncate(int64) error        { return nil }
func (nullDisk) Close() error                { return nil }

func BenchmarkSync(b *testing.B) {
	for _, group := range []int{1, 16} {
		b.Run(fmt.Sprintf("group=%d", group), func(b *testing.B) {
			j, err := newRun(b).CreateJournal()
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				for range group {
					if _, err := j.Append([]byte(event)); err != nil {
						b.Fatal(err)
					}
				}
				if err := j.Sync(); err != nil {
					b.Fatal(err)
				}
			}
			if err := j.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func BenchmarkReplay(b *testing.B) {
	const records = 100_000
	var text []byte
	c := chain.New()
	for range records {
		text = c.Write(text, []byte(event))
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if sum, err := Replay(bytes.NewReader(text), nil); err != nil || sum.Head.Seq != records {
			b.Fatal(sum, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/records, "ns/record")
}

func BenchmarkList(b *testing.B) {
	const runs = 1000
	store := NewStore(b.TempDir())
	for i := range runs {
		run, err := store.Create(NewRunID(time.Unix(int64(i), 0), 0))
		if err != nil {
			b.Fatal(err)
		}
		writeJournal(b, run, journalOf(event, event, event))
	}
	b.ReportAllocs()
	for b.Loop() {
		list, err := store.List()
		if err != nil {
			b.Fatal(err)
		}
		seen := 0
		for entry := range list {
			if entry.Records == 3 {
				seen++
			}
		}
		if seen != runs {
			b.Fatal(seen)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/runs, "ns/run")
}
