//go:build unix

package host_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/gatebook/gatebook/plugins/host"
	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestAKnownPluginIsNotStartedToBeDescribed(t *testing.T) {
	t.Parallel()
	cache := filepath.Join(t.TempDir(), "cache")
	w := newWorld(t, func(o *host.Options) { o.Cache = cache })
	lock := w.locked("shop", "1.2.0")
	first, err := w.host.Open(t.Context(), "shop", nil, lock)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := newWorld(t, func(o *host.Options) { o.Cache = cache }) // where it is not even installed
	again, err := elsewhere.host.Open(t.Context(), "shop", nil, lock)
	if err != nil {
		t.Fatal(err)
	}
	one, _ := json.Marshal(first.Describe())
	other, _ := json.Marshal(again.Describe())
	if !bytes.Equal(one, other) {
		t.Errorf("got %s\nwant %s", other, one)
	}
	if _, err := os.Stat(ranIn(w.dir)); err != nil {
		t.Errorf("that a plugin is run leaves no trace, so that no test would see it: %v", err)
	}
	if info, err := os.Stat(cache); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the cache is open to others: %v %v", info.Mode(), err)
	}
}

// remembering returns a world that remembers descriptions, and where.
func remembering(t *testing.T) (w *world, cache string) {
	t.Helper()
	cache = filepath.Join(t.TempDir(), "cache")
	return newWorld(t, func(o *host.Options) { o.Cache = cache }), cache
}

// What is remembered is that of one program, and a lock that says something else of it is
// as wrong as it is before that.
func TestWhatIsRememberedIsComparedWithTheLock(t *testing.T) {
	t.Parallel()
	w, _ := remembering(t)
	lock := w.locked("shop", "1.2.0")
	if _, err := w.host.Open(t.Context(), "shop", nil, lock); err != nil {
		t.Fatal(err)
	}
	sum := lock.Plugins["shop"].SHA256
	lied := host.Lock{}.With("shop", host.Locked{Version: "7.0.0", SHA256: sum})
	if _, err := w.host.Open(t.Context(), "shop", nil, lied); err == nil || !strings.Contains(err.Error(), "says that it is version 1.2.0, and gatebook.lock has it as 7.0.0") {
		t.Errorf("another version: got %v", err)
	}
	if path, err := w.host.Verify("shop", lied); !errors.Is(err, host.ErrUntrusted) || !strings.HasSuffix(path, "gatebook-plugin-shop") {
		t.Errorf("verified as another version: got %q, %v", path, err)
	}
	if path, err := w.host.Verify("shop", lock); err != nil || path == "" {
		t.Errorf("verified as itself: got %q, %v", path, err)
	}
	named := host.Lock{}.With("twin", host.Locked{Version: "1.2.0", SHA256: sum})
	w.install("twin")
	if _, err := w.host.Verify("twin", named); err == nil || !strings.Contains(err.Error(), `calls itself "shop", and its file "twin"`) {
		t.Errorf("verified under another name: got %v", err)
	}
	other := host.Lock{}.With("bank", host.Locked{Version: "1.2.0", SHA256: sum})
	if _, err := w.host.Open(t.Context(), "bank", nil, other); !errors.Is(err, host.ErrNotFound) {
		t.Errorf("another plugin: got %v", err)
	}
}

// By its description a plugin's runbook was checked: which actions change something, and
// which parameters are secret.
func TestAPluginIsWhatItWasTakenFor(t *testing.T) {
	t.Parallel()
	w, cache := remembering(t)
	lock := w.locked("shop", "1.2.0")
	open := func() sdk.Handler {
		t.Helper()
		plugin, err := w.host.Open(t.Context(), "shop", nil, lock)
		if err != nil {
			t.Fatal(err)
		}
		return plugin.Connect("prod", json.RawMessage(`{}`), nil, nil, nil)["order"]
	}
	open()
	path := filepath.Join(cache, lock.Plugins["shop"].SHA256[platform]+".binpb")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	remembered := new(pluginv1.DescribeResponse)
	if err := proto.Unmarshal(text, remembered); err != nil {
		t.Fatal(err)
	}
	remembered.Actions[0].Effect = pluginv1.Effect_EFFECT_READ
	if text, err = proto.Marshal(remembered); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	order := open()
	if order.Describe().Effect != sdk.Read {
		t.Error("what is remembered was not read, so that this proves nothing")
	}
	told := &recorder{}
	_, err = order.Apply(t.Context(), apple(), told)
	if got := failure(t, err); !errors.Is(err, host.ErrUntrusted) || !got.Unchanged || told.before != nil {
		t.Errorf("got %+v", got)
	}
	if order := open(); order.Describe().Effect != sdk.Change {
		t.Error("it is still taken for something else")
	} else if _, err := order.Apply(t.Context(), apple(), told); err != nil {
		t.Error(err)
	}
}

// A newer gatebook finds there what an older one did not understand.
func TestWhatIsNotUnderstoodIsRemembered(t *testing.T) {
	t.Parallel()
	w, cache := remembering(t)
	lock := w.locked("newest", "1.0.0")
	for range 2 { // by the program, and as remembered
		plugin, err := w.host.Open(t.Context(), "newest", nil, lock)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := plugin.Connect("prod", json.RawMessage(`{}`), nil, nil, nil)["go"].Apply(t.Context(), apple(), &recorder{}); err != nil {
			t.Error(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(cache, lock.Plugins["newest"].SHA256[platform]+".binpb"))
	if err != nil || !bytes.Contains(text, []byte(fromTheFuture)) {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestNothingIsReadFromAFolderThatOthersMayWrite(t *testing.T) {
	t.Parallel()
	w, cache := remembering(t)
	lock := w.locked("shop", "1.2.0")
	for _, mode := range []os.FileMode{0o700, 0o777} {
		if err := errors.Join(os.MkdirAll(cache, 0o700), os.Chmod(cache, mode)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.host.Open(t.Context(), "shop", nil, lock); err != nil { // in the first round it is remembered
			t.Fatal(err)
		}
		if err := os.Remove(ranIn(w.dir)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.host.Open(t.Context(), "shop", nil, lock); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(ranIn(w.dir)); (err == nil) != (mode == 0o777) {
			t.Errorf("%o: got %v", mode, err)
		}
	}
}
