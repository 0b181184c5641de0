// Package diagtest runs bad-input fixtures: files that say, on the line, what is
// wrong with it.
//
//	timeout: 10   # ERROR GB0211: not a duration
//
// What is expected of another line is written with its distance, for lines that
// cannot have a comment, and one line can expect several findings:
//
//	# ERROR@+1 GB0104: control character in the file   # WARNING GB0401: unused
//
// The package is for tests alone. Floor 2.
package diagtest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
)

// Run runs each file that the pattern matches as a test of its own: find must give
// exactly the findings that the file expects. A file that expects none must have
// none. It fails when no file matches.
func Run(t *testing.T, pattern string, find func(file *source.File) diag.List) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("no file matches %s", pattern)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			Check(t, source.NewFile(filepath.ToSlash(path), text), find)
		})
	}
}

// Check runs one fixture.
func Check(t *testing.T, file *source.File, find func(file *source.File) diag.List) {
	t.Helper()
	var got []string
	for _, d := range find(file).Sorted() {
		got = append(got, expectation(d.Range.From().Line, string(d.Rule.Severity), d.Rule.Code, d.Rule.Summary))
	}
	slices.Sort(got)
	if diff := cmp.Diff(Expected(file), got); diff != "" {
		t.Errorf("findings (-expected +found):\n%s", diff)
		for _, d := range find(file).Sorted() {
			t.Logf("%s: %s %s", d.Range, d.Rule.Code, d.Detail)
		}
	}
}

var comment = regexp.MustCompile(`# (ERROR|WARNING)(@[+-]\d+)? (GB\d{4}): ([^#\n]*)`)

// Expected returns what a fixture expects, a line for each finding, sorted.
func Expected(file *source.File) []string {
	var expected []string
	for line := 1; line <= file.LineCount(); line++ {
		for _, match := range comment.FindAllStringSubmatch(file.Line(line), -1) {
			distance, err := strconv.Atoi(strings.TrimPrefix(match[2], "@"))
			if err != nil {
				distance = 0
			}
			expected = append(expected, expectation(line+distance, strings.ToLower(match[1]), match[3], strings.TrimSpace(match[4])))
		}
	}
	slices.Sort(expected)
	return expected
}

func expectation(line int, severity, code, summary string) string {
	return fmt.Sprintf("%4d: %s %s: %s", line, severity, code, summary)
}
