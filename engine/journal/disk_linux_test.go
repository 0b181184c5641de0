package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gatebook/gatebook/engine/journal/internal/chain"
	"github.com/gatebook/gatebook/engine/journal/internal/disk"
)

// diskScenes need what only Linux has: a file system of their own, and full.
func diskScenes() map[string]func(args []string) error {
	return map[string]func(args []string) error{
		"full disk":  sceneFullDisk,
		"no rights":  sceneNoRights,
		"file limit": sceneFileLimit,
	}
}

// The real thing: a device that is always full.
func TestDeviceWithoutSpace(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	j := newJournal(disk.File{File: full}, "J", chain.New(), 0)
	appendAll(t, j, sample...)
	if err := j.Sync(); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v", err)
	}
	if err := j.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("on closing: got %v", err)
	}
}

// runScene runs a scene to its end and returns what it said.
func runScene(t *testing.T, attr *syscall.SysProcAttr, name string, args ...string) string {
	t.Helper()
	cmd := scene(t, name, args...)
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(out))
	reason, skip := strings.CutPrefix(text, "error: skip: ")
	if errors.Is(err, syscall.EPERM) {
		reason, skip = "this system lets the test have no name space of its own: "+err.Error(), true
	}
	switch {
	case skip && slices.Contains(strings.Fields(os.Getenv("GATEBOOK_TEST_REQUIRE")), "mounts"):
		t.Fatal("GATEBOOK_TEST_REQUIRE says that this must not be skipped:", reason)
	case skip:
		t.Skip(reason)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return text
}

func TestFullAndReadOnlyFileSystem(t *testing.T) {
	t.Parallel()
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	equal(t, "scene", runScene(t, attr, "full disk", t.TempDir()), "resumed, and read-only told")
}

// sceneFullDisk fills a small file system of its own, frees space, resumes the run, and
// then makes the file system read-only.
func sceneFullDisk(args []string) error {
	if err := mountSmall(args[0]); err != nil {
		return fmt.Errorf("skip: %w", err)
	}
	store := NewStore(args[0])
	run, err := store.Create("20261121-193055-k3f9")
	if err != nil {
		return err
	}
	ballast := filepath.Join(args[0], "ballast")
	if err := os.WriteFile(ballast, make([]byte, 64<<10), 0o600); err != nil {
		return err
	}
	failed, err := writeUntilFull(run)
	if err != nil {
		return err
	}
	if err := run.SavePlan(make([]byte, 8<<10)); !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("saving a plan on the full disk: %w", err)
	}
	if _, err := run.Post(testOwner(1).Since, 1, []byte(`"`+strings.Repeat("x", 8<<10)+`"`)); !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("posting on the full disk: %w", err)
	}
	if requests, err := run.TakeInbox(); len(requests) > 0 || err != nil {
		return fmt.Errorf("half a request is in the inbox: %v, %w", requests, err)
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	return resumeThenReadOnly(run, failed, args[0])
}

func mountSmall(dir string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=160k")
}

func writeUntilFull(run *Run) (*WriteError, error) {
	j, err := run.CreateJournal()
	if err != nil {
		return nil, err
	}
	for err == nil {
		if _, err = j.Append([]byte(event)); err == nil {
			err = j.Sync()
		}
	}
	failed, ok := errors.AsType[*WriteError](err)
	if !ok || !errors.Is(err, syscall.ENOSPC) || failed.Durable != j.chain.Head.Seq-1 || failed.Lost != 1 {
		return nil, fmt.Errorf("on the full disk at record %d: %w", j.chain.Head.Seq, err)
	}
	if err := j.Close(); !errors.Is(err, failed) {
		return nil, fmt.Errorf("on closing: %w", err)
	}
	return failed, nil
}

func resumeThenReadOnly(run *Run, failed *WriteError, dir string) error {
	j, repaired, err := run.OpenJournal(nil)
	if err != nil {
		return err
	}
	if j.chain.Head.Seq != failed.Durable || repaired != (Repair{}) {
		return fmt.Errorf("resumed at record %d, after %d were durable; %+v", j.chain.Head.Seq, failed.Durable, repaired)
	}
	if _, err := j.Append([]byte(event)); err != nil {
		return err
	}
	if err := j.Close(); err != nil {
		return err
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("skip: %w", err)
	}
	if _, _, err := run.OpenJournal(nil); !errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("opening on the read-only disk: %w", err)
	}
	if _, err := run.store.Create("x"); !errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("creating on the read-only disk: %w", err)
	}
	if sum, err := run.Replay(nil); err != nil || sum.Head != j.chain.Head {
		return fmt.Errorf("reading on the read-only disk: %+v, %w", sum, err)
	}
	if entry := run.Entry(); entry.Err != nil || entry.Records != failed.Durable+1 {
		return fmt.Errorf("listing on the read-only disk: %+v", entry)
	}
	fmt.Println("resumed, and read-only told")
	return nil
}

func TestFolderWithoutRights(t *testing.T) {
	t.Parallel()
	equal(t, "scene", runScene(t, nil, "no rights", t.TempDir()), "refused")
}

// sceneNoRights tries everything that writes in a folder that it must not write to.
func sceneNoRights(args []string) error {
	run, err := NewStore(args[0]).Create("20261121-193055-k3f9")
	if err != nil {
		return err
	}
	for _, dir := range []string{run.dir, run.inbox(), run.outputs(), run.store.runs(), args[0]} {
		if err := os.Chmod(dir, 0o555); err != nil { //nolint:gosec // to be read, not written
			return err
		}
		defer func() { _ = os.Chmod(dir, 0o755) }() //nolint:gosec // so that the test can clean up
	}
	if os.Getuid() == 0 { // whom no mode keeps out
		if err := syscall.Setreuid(-1, 65534); err != nil {
			return fmt.Errorf("skip: %w", err)
		}
		defer func() { _ = syscall.Setreuid(-1, 0) }()
	}
	for what, try := range map[string]func() error{
		"create":  func() error { _, err := run.store.Create("x"); return err },
		"lock":    func() error { _, err := run.Lock(context.Background(), testOwner(1)); return err },
		"journal": func() error { _, err := run.CreateJournal(); return err },
		"plan":    func() error { return run.SavePlan([]byte("{}")) },
		"post":    func() error { _, err := run.Post(testOwner(1).Since, 1, []byte("{}")); return err },
		"output":  func() error { _, err := run.Output("a").Write([]byte("x")); return err },
	} {
		err := try()
		if !errors.Is(err, fs.ErrPermission) || Advice(err) != "give this user the right to write there" {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	fmt.Println("refused")
	return nil
}

func TestLimitOnTheSizeOfFiles(t *testing.T) {
	t.Parallel()
	equal(t, "scene", runScene(t, nil, "file limit", t.TempDir()), "cut off")
}

// sceneFileLimit meets the limit in the middle of a group: the kernel writes a part,
// which must not stay.
func sceneFileLimit(args []string) error {
	run, err := NewStore(args[0]).Create("20261121-193055-k3f9")
	if err != nil {
		return err
	}
	j, err := run.CreateJournal()
	if err != nil {
		return err
	}
	text := journalOf(sample...)
	limit := uint64(lineStarts(text)[3] + 10)
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		return fmt.Errorf("skip: %w", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: before.Max}); err != nil {
		return fmt.Errorf("skip: %w", err)
	}
	defer func() { _ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before) }() // for what the test binary writes at its end
	for _, payload := range sample {
		if _, err := j.Append([]byte(payload)); err != nil {
			return err
		}
	}
	failed, ok := errors.AsType[*WriteError](j.Sync())
	if !ok || !errors.Is(failed, syscall.EFBIG) || failed.Durable != 3 || failed.Lost != 3 {
		return fmt.Errorf("in the middle of a group: %w", failed)
	}
	left, err := os.ReadFile(run.JournalPath())
	if err != nil {
		return err
	}
	if string(left) != string(firstLines(text, 3)) {
		return fmt.Errorf("left %q", left)
	}
	fmt.Println("cut off")
	return nil
}
