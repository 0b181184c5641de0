package host_test

import (
	"encoding/json"
	"testing"

	"github.com/gatebook/gatebook/plugins/host"
)

// BenchmarkStart is what a plugin costs once a run: hash, start, handshake, configure.
func BenchmarkStart(b *testing.B) {
	w := newWorld(b, nil)
	plugin, err := w.host.Open(b.Context(), "shop", nil, w.locked("shop", "1.2.0"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		action := plugin.Connect("prod", json.RawMessage(`{}`), nil, nil, nil)["nothing"]
		if err := host.Ping(b.Context(), action); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		host.End(action)
		b.StartTimer()
	}
}

// BenchmarkCall is what one use of an action costs, beside go-plugin's own barest
// call. The budget is twice that.
func BenchmarkCall(b *testing.B) {
	w := newWorld(b, nil)
	plugin, err := w.host.Open(b.Context(), "shop", nil, w.locked("shop", "1.2.0"))
	if err != nil {
		b.Fatal(err)
	}
	nothing := plugin.Connect("prod", json.RawMessage(`{}`), nil, nil, nil)["nothing"]
	b.Run("ping", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := host.Ping(b.Context(), nothing); err != nil {
				b.Fatal(err)
			}
		}
	})
	told := &recorder{}
	b.Run("apply", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := nothing.Apply(b.Context(), apple(), told); err != nil {
				b.Fatal(err)
			}
		}
	})
}
