package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// labs is where each lab is entered for as long as it lives: by a file of its name, which it holds
// locked, and which says where its folder is. What the name of a lab is part of is the lab's, so
// that the next one can take away what one has left that was killed.
const labs = "/run/gatebook-labs"

// enlist takes away what dead labs have left, and enters a new one.
func enlist() (entry *os.File, dir string, err error) {
	if err := os.MkdirAll(labs, 0o700); err != nil {
		return nil, "", err
	}
	// One at a time: a lab that has its name and not yet its lock looks like a dead one.
	one, err := os.OpenFile(filepath.Join(labs, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, "", err
	}
	defer one.Close()
	if _, err := lock(one, true); err != nil {
		return nil, "", err
	}
	if err := tidy(); err != nil {
		return nil, "", fmt.Errorf("take away what a lab has left: %w", err)
	}
	if dir, err = os.MkdirTemp("", "gbl"); err != nil { // short, as a socket's path must be
		return nil, "", err
	}
	if entry, err = os.Create(filepath.Join(labs, filepath.Base(dir))); err != nil {
		return nil, "", errors.Join(err, os.RemoveAll(dir))
	}
	_, locked := lock(entry, true)
	_, written := entry.WriteString(dir)
	return entry, dir, errors.Join(locked, written)
}

// tidy takes away the labs whose process is gone.
func tidy() error {
	found, err := filepath.Glob(labs + "/gbl*")
	if err != nil {
		return err
	}
	for _, path := range found {
		entry, err := os.Open(path)
		if err != nil {
			return err
		}
		dead, err := lock(entry, false)
		if dead {
			err = retire(entry)
		} else {
			entry.Close()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// retire takes away all of a lab, and then its entry. Where something of it stays, so does the
// entry, for the next one to try again.
func retire(entry *os.File) error {
	defer entry.Close()
	name := filepath.Base(entry.Name())
	dir, err := os.ReadFile(entry.Name())
	if err != nil {
		return err
	}
	for _, space := range spaces(name) {
		if err := clear(space); err != nil {
			return err
		}
	}
	if err := ungroup(name); err != nil {
		return err
	}
	if len(dir) > 0 {
		if err := os.RemoveAll(string(dir)); err != nil {
			return err
		}
	}
	return os.Remove(entry.Name())
}

// clear ends what runs in a network namespace, and removes it.
func clear(space string) error {
	listed, err := exec.CommandContext(context.Background(), "ip", "netns", "pids", space).Output()
	if err != nil {
		return fmt.Errorf("list the processes in %s: %w", space, err)
	}
	for text := range strings.FieldsSeq(string(listed)) {
		if pid, err := strconv.Atoi(text); err == nil {
			if process, err := os.FindProcess(pid); err == nil {
				_ = process.Kill() // it may have ended by itself
			}
		}
	}
	return run("ip netns delete " + space)
}

// ungroup removes the control groups of a lab's containers, of either version of them. The kernel
// keeps them for a moment after the last process has ended.
func ungroup(name string) error {
	var groups []string
	for _, pattern := range []string{"/sys/fs/cgroup/" + name, "/sys/fs/cgroup/*/" + name} {
		roots, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		for _, root := range roots {
			_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
				if err == nil && entry.IsDir() {
					groups = append(groups, path)
				}
				return nil // what has gone meanwhile need not be removed
			})
		}
	}
	slices.Reverse(groups) // what is within another goes first
	for _, group := range groups {
		err := os.Remove(group)
		for deadline := time.Now().Add(10 * time.Second); err != nil && !errors.Is(err, fs.ErrNotExist); err = os.Remove(group) {
			if time.Now().After(deadline) {
				return err
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}
