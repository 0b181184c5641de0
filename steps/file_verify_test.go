package steps

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// The check value of CRC-32 and the SHA-256 of the same nine digits.
const (
	digits       = "123456789"
	digitsCRC    = "cbf43926"
	digitsSHA256 = "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"
)

func TestFileVerify(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "digits"), []byte(digits), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		with params
		want failure
	}{
		{"nothing asked", params{}, failure{}},
		{"all of it right", params{"size": 9, "sha256": strings.ToUpper(digitsSHA256), "crc32": digitsCRC}, failure{}},
		{"an absolute path", params{"path": filepath.Join(dir, "digits"), "size": 9}, failure{}},
		{"the size", params{"size": 0}, failure{sdk.Permanent, "", "digits: size is 9, not 0"}},
		{"all of it wrong", params{"size": 8, "sha256": strings.Repeat("0", 64), "crc32": "00000000"}, failure{
			sdk.Permanent, "", "size is 9, not 8; SHA-256 is " + digitsSHA256 + ", not " + strings.Repeat("0", 64) + "; CRC-32 is cbf43926, not 00000000",
		}},
		{"no file", params{"path": "no"}, failure{sdk.Permanent, "path", "no: no such file"}},
		{"a directory", params{"path": "."}, failure{sdk.Permanent, "path", "not a regular file"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.with["path"] == nil {
				tt.with["path"] = "digits"
			}
			got, told, err := applyTold(t.Context(), t, fileVerify(Options{Dir: dir}), tt.with)
			if tt.want.class != "" {
				tt.want.check(t, err)
				return
			}
			if want := (FileVerifyOutput{9, digitsSHA256, digitsCRC}); err != nil || got != want {
				t.Errorf("%+v, %v", got, err)
			}
			if progressOf(told) != "9 of 9 bytes" {
				t.Errorf("it told %q", progressOf(told))
			}
		})
	}
}

func TestFileVerifyIsCancelledInTheMiddle(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	name := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, 200<<20); err != nil { // a hole, which takes no space
		t.Fatal(err)
	}
	host := &stopper{cancel: cancel}
	_, err := Options{}.digest(ctx, name, host)
	if !errors.Is(err, context.Canceled) || host.told != 1 {
		t.Errorf("after %d reports it ended with %v", host.told, err)
	}
}

// stopper is a host that cancels at the first progress.
type stopper struct {
	sdktest.Host
	cancel func()
	told   int
}

func (s *stopper) Progress(sdk.Progress) {
	s.told++
	s.cancel()
}

func BenchmarkFileVerify(b *testing.B) {
	name := filepath.Join(b.TempDir(), "file")
	if err := os.WriteFile(name, make([]byte, 16<<20), 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(16 << 20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Options{}).digest(b.Context(), name, &sdktest.Host{}); err != nil {
			b.Fatal(err)
		}
	}
}
