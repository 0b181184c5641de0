package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/plugins/host"
)

func TestALockIsWrittenAndReadBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), host.LockFile)
	none, err := host.ReadLock(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := strings.Repeat("ab", 32)
	lock := none.With("shop", host.Locked{Version: "1.0.0", SHA256: map[string]string{"linux/amd64": sum}}).
		With("shop", host.Locked{Version: "1.0.0", SHA256: map[string]string{"darwin/arm64": sum}})
	text, err := lock.Text()
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "version": 1,
  "plugins": {
    "shop": {
      "version": "1.0.0",
      "sha256": {
        "darwin/arm64": "` + sum + `",
        "linux/amd64": "` + sum + `"
      }
    }
  }
}
`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := host.ReadLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lock, read); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if rest := read.Without("shop"); len(rest.Plugins) != 0 || len(read.Plugins) != 1 {
		t.Errorf("got %v, of %v", rest, read)
	}
	upgraded := read.With("shop", host.Locked{Version: "1.1.0", SHA256: map[string]string{"linux/amd64": sum}})
	if got := upgraded.Plugins["shop"].SHA256; len(got) != 1 {
		t.Errorf("checksums of the old version stay: %v", got)
	}
}

func TestAFaultyLockIsRefused(t *testing.T) {
	t.Parallel()
	sum := strings.Repeat("ab", 32)
	for text, want := range map[string]string{
		``:                          "not a lock",
		`{"version":1}{}`:           "something follows its end",
		`{"version":2}`:             "upgrade gatebook",
		`{"version":1,"plugin":{}}`: "unknown field",
		`{"version":1,"plugins":{"a":{"version":"1.0.0","sha256":{"linux/amd64":"AB"}}}}`:                                      `the checksum of a for linux/amd64 is no SHA-256: "AB"`,
		`{"version":1,"plugins":{"a":{"version":"1.0"}}}`:                                                                      `the version of a is not SemVer: "1.0"`,
		`{"version":1,"plugins":{"a":{"version":"1.0.0","sha256":{"linux":""}}}}`:                                              `a is locked for what is no platform, as linux/amd64: "linux"`,
		`{"version":1,"plugins":{"a":{"version":"1.0.0"},"b":{"version":"1.0.0"},"a":{"version":"2.0.0"}}}`:                    "plugins.a is there twice",
		`{"version":1,"plugins":{"a":{"version":"1.0.0","version":"2.0.0"}}}`:                                                  "plugins.a.version is there twice",
		`{"version":1,"plugins":{"a":{"version":"1.0.0","sha256":{"linux/amd64":"` + sum + `","linux/amd64":"` + sum + `"}}}}`: "plugins.a.sha256.linux/amd64 is there twice",
		`{"version":1,"plugins":{},"PLUGINS":{"a":{"version":"1.0.0"}}}`:                                                       `unknown field "PLUGINS"`,
		`{"version":1,"plugins":{"a":{"Version":"1.0.0"}}}`:                                                                    `unknown field "plugins.a.Version"`,
		`{"version":1,"plugins":{"a/../pr/tool":{"version":"1.0.0"}}}`:                                                         `"a/../pr/tool" is not the name of a plugin`,
	} {
		if _, err := host.ParseLock([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestAReleaseLocksAllPlatforms(t *testing.T) {
	t.Parallel()
	sum := func(digit string) string { return strings.Repeat(digit, 64) }
	text := sum("1") + "  gatebook-plugin-shop_1.2.0_linux_amd64\n" +
		sum("2") + " *dist/gatebook-plugin-shop_v1.2.0_windows_amd64.exe\r\n" +
		sum("3") + "  gatebook-plugin-shop-extra_1.2.0_linux_amd64\n" +
		sum("4") + "  README.md\n"
	got, err := host.ParseChecksums("shop", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := host.Locked{Version: "1.2.0", SHA256: map[string]string{"linux/amd64": sum("1"), "windows/amd64": sum("2")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for name, version := range map[string]string{"shop": "1.2.3.4", "shop-": "1.2.3"} {
		line := strings.Repeat("0", 64) + "  gatebook-plugin-" + name + "_" + version + "_linux_amd64\n"
		if got, err := host.ParseChecksums(name, []byte(line)); err == nil {
			t.Errorf("%s %s would make a lock that nobody can read: %+v", name, version, got)
		}
	}
	if _, err := host.ParseChecksums("other", []byte(text)); err == nil {
		t.Error("a release without the plugin was accepted")
	}
	again := strings.Replace(text, "gatebook-plugin-shop_1.2.0_linux_amd64", "dist/gatebook-plugin-shop_v1.2.0_linux_amd64", 1)
	if _, err := host.ParseChecksums("shop", []byte(text+again)); err != nil {
		t.Errorf("the same twice: %v", err)
	}
	two := text + strings.Replace(again, "1", "9", 64)
	if _, err := host.ParseChecksums("shop", []byte(two)); err == nil ||
		!strings.Contains(err.Error(), "two programs of shop for linux/amd64: "+sum("1")+" and "+sum("9")) {
		t.Errorf("got %v", err)
	}
	mixed := text + sum("5") + "  gatebook-plugin-shop_1.3.0_linux_arm64\n"
	if _, err := host.ParseChecksums("shop", []byte(mixed)); err == nil || !strings.Contains(err.Error(), "two versions") {
		t.Errorf("got %v", err)
	}
}

func TestNamesAreThoseOfTheFolders(t *testing.T) {
	t.Parallel()
	one, other := t.TempDir(), t.TempDir()
	for _, path := range []string{
		filepath.Join(one, "gatebook-plugin-swarm"), filepath.Join(one, "gatebook"), filepath.Join(other, "gatebook-plugin-swarm"),
		filepath.Join(other, "gatebook-plugin-aws"), filepath.Join(other, "gatebook-plugin-"),
		filepath.Join(other, "gatebook-plugin-Shop"), filepath.Join(other, "gatebook-plugin-a\x1b[2J"),
	} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"aws", "swarm"}, host.Names([]string{one, filepath.Join(one, "missing"), other})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func FuzzParseLock(f *testing.F) {
	f.Add([]byte(`{"version":1,"plugins":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		lock, err := host.ParseLock(text)
		if err != nil {
			return
		}
		written, err := lock.Text()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := host.ParseLock(written); err != nil {
			t.Errorf("what was written cannot be read back: %v\n%s", err, written)
		}
	})
}
