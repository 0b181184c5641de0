package live_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/engine/report/live"
)

// What takes a moment is not told; what takes longer is told on one line, which goes again.
func TestAPersonIsToldWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b record
		narrow := func() (columns, rows int) { return 48, 24 }
		quick := live.NewWaiting(&b, narrow)
		quick.Asking([]string{"http.check for web"})
		time.Sleep(900 * time.Millisecond)
		quick.Close()
		if b.String() != "" {
			t.Errorf("a moment was told: %q", b.String())
		}
		v := live.NewWaiting(&b, narrow)
		v.Asking([]string{"a\nb"})
		time.Sleep(1500 * time.Millisecond)
		v.Asking([]string{"http.check for web", "http.check for the_other_one"})
		time.Sleep(time.Second)
		v.Asking(nil)
		time.Sleep(time.Minute)
		v.Close()
		const want = "\r\x1b[Kasking the actions, 1s: a b" +
			"\r\x1b[Kasking the actions, 2s: http.check for web, ht…" + "\r\x1b[K"
		if got := b.String(); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}
