package render_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/diag/render"
	"github.com/gatebook/gatebook/engine/source"
)

var update = flag.Bool("update", false, "rewrite generated files and golden files")

var (
	testError = &diag.Rule{
		Code: "GB9001", Severity: diag.Error, Summary: "something wrong",
		Why: "It matters.", Mend: "Mend it.", Bad: "a: 1", Good: "a: 2",
	}
	testWarning = &diag.Rule{
		Code: "GB9002", Severity: diag.Warning, Summary: "something odd",
		Why: "It may matter.", Mend: "Look at it.", Bad: "b: 1", Good: "b: 2",
	}
)

func write(t *testing.T, format string, list diag.List, options render.Options) string {
	t.Helper()
	var out strings.Builder
	if err := render.Write(&out, format, list, options); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// mark makes a finding at the part of text between » and «, which are taken out.
func mark(text string) (*source.File, source.Range) {
	before, rest, _ := strings.Cut(text, "»")
	marked, after, _ := strings.Cut(rest, "«")
	file := source.NewFile("web.yaml", []byte(before+marked+after))
	return file, file.Range(len(before), len(before)+len(marked))
}

func TestTextUnderlines(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		want       string // the source part
	}{
		{"a word", "a: 1\nuses: »exce« # x\n", "   2 | uses: exce # x\n     |       ^^^^\n"},
		{"nothing, as one place", "a:»« # x\n", "   1 | a: # x\n     |   ^\n"},
		{"the end of the file", "a: 1\n»«", "   2 |\n     | ^\n"},
		{"behind a tab", "a:\tb »c«\n", "   1 | a:  b c\n     |       ^\n"},
		{"a tab itself", "ab»\t«c\n", "   1 | ab  c\n     |   ^^\n"},
		{"wide characters", "漢字: »漢字« x\n", "   1 | 漢字: 漢字 x\n     |       ^^^^\n"},
		{"combining characters", "e\u0301: »e\u0301«\n", "   1 | e\u0301: e\u0301\n     |    ^\n"},
		{"CRLF", "a: »b«\r\nc: d\r\n", "   1 | a: b\n     |    ^\n"},
		{
			"two lines", "a: »b\n  c« d\n",
			"   1 | a: b\n     |    ^\n   2 |   c d\n     |   ^\n",
		},
		{
			"a line with its end", "a: »b\n«c: d\n",
			"   1 | a: b\n     |    ^\n",
		},
		{
			"many lines", "»a\nb\nc\nd\ne\nf«\n",
			"   1 | a\n     | ^\n   2 | b\n     | ^\n   3 | c\n     | ^\n     …\n   6 | f\n     | ^\n",
		},
		{"control characters", "a: \x1b[31m»x«\n", "   1 | a: \uFFFD[31mx\n     |         ^\n"},
		{
			"a long line", strings.Repeat("x", 300) + "»yy«" + strings.Repeat("z", 300) + "\n",
			"   1 | …" + strings.Repeat("x", 40) + "yy" + strings.Repeat("z", 118) + "…\n     |  " + strings.Repeat(" ", 40) + "^^\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, where := mark(test.text)
			got := write(t, "text", diag.List{testError.At(where, "D.")}, render.Options{})
			_, got, _ = strings.Cut(got, "something wrong\n")
			got, _, _ = strings.Cut(got, "  D.\n")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func sample() diag.List {
	file, where := mark("steps:\n  - id: »check«\n  - id: check, 2\n")
	first := file.Range(where.Start, where.End)
	second := file.Range(where.End+9, where.End+14)
	return diag.List{
		testWarning.At(source.Range{}, "This is about the whole."),
		testError.At(second, "Two steps have the id %q. %s", "check", strings.Repeat("word ", 20)).
			WithHint("rename one, 100%% sure").WithRelated(first, "the first one"),
		testError.At(second, "Two steps have the id %q. %s", "check", strings.Repeat("word ", 20)),
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	want := `warning[GB9002]: something odd
  This is about the whole.

web.yaml:3:9: error[GB9001]: something wrong
   3 |   - id: check, 2
     |         ^^^^^
  Two steps have the id "check". word word word word word word word word
  word word word word word word word word word word word word
  hint: rename one, 100% sure
  web.yaml:2:9: the first one
   2 |   - id: check
     |         ^^^^^

1 error, 1 warning
`
	if diff := cmp.Diff(want, write(t, "text", sample(), render.Options{Width: 76})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTextOfNothingIsEmpty(t *testing.T) {
	t.Parallel()
	if got := write(t, "text", nil, render.Options{Color: true}); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestColorChangesNothingElse(t *testing.T) {
	t.Parallel()
	colored := write(t, "text", sample(), render.Options{Color: true})
	if !strings.Contains(colored, "\x1b[31m") {
		t.Error("no colour where it was asked for")
	}
	plain := colored
	for _, code := range []string{"\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[34m", "\x1b[36m"} {
		plain = strings.ReplaceAll(plain, code, "")
	}
	if diff := cmp.Diff(write(t, "text", sample(), render.Options{}), plain); diff != "" {
		t.Errorf("(-plain +coloured):\n%s", diff)
	}
}

// Whatever a file and its name hold, nothing that is written can move a cursor.
func TestNoControlCharacterIsWritten(t *testing.T) {
	t.Parallel()
	evil := "\x1b]0;x\x07\u009b31m\u202e\x00\xff"
	file := source.NewFile(evil+"\n.yaml", []byte(evil))
	list := diag.List{testError.At(file.Range(0, 3), "%s", evil).WithHint("%s", evil).WithRelated(file.Range(1, 2), "%s", evil)}
	for _, format := range render.Formats() {
		got := write(t, format, list, render.Options{})
		if clean := diag.Clean(got); clean != got {
			t.Errorf("%s: %q", format, got)
		}
	}
}

func TestGitHub(t *testing.T) {
	t.Parallel()
	file := source.NewFile("a,b:c.yaml", []byte("x: 1\ny: 2\n"))
	list := diag.List{
		testError.At(file.Range(0, 1), "50%% of\nit.").WithHint("h"),
		testWarning.At(file.Range(0, 6), "Two lines."),
		testWarning.At(source.Range{}, "Nowhere."),
	}
	want := `::warning title=GB9002%3A something odd::Nowhere.
::error file=a%2Cb%3Ac.yaml,line=1,endLine=1,col=1,endColumn=2,title=GB9001%3A something wrong::50%25 of%0Ait.%0Ahint: h
::warning file=a%2Cb%3Ac.yaml,line=1,endLine=2,col=1,title=GB9002%3A something odd::Two lines.
`
	if diff := cmp.Diff(want, write(t, "github", list, render.Options{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestJSONAndSARIFStayAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "sarif"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			got := write(t, format, sample(), render.Options{Version: "1.2.3"})
			if !json.Valid([]byte(got)) {
				t.Fatalf("not JSON: %s", got)
			}
			golden(t, filepath.Join("testdata", "sample."+format), got)
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not in step; rewrite it with -update (-file +now):\n%s", path, diff)
	}
}

// A finding that only moved keeps its fingerprint; two alike have two.
func TestFingerprintsSurviveMoves(t *testing.T) {
	t.Parallel()
	prints := func(text string, offsets ...int) []string {
		file := source.NewFile("f.yaml", []byte(text))
		var list diag.List
		for _, at := range offsets {
			list = append(list, testError.At(file.Range(at, at+1), "D."))
		}
		var log struct {
			Runs []struct {
				Results []struct{ PartialFingerprints map[string]string }
			}
		}
		if err := json.Unmarshal([]byte(write(t, "sarif", list, render.Options{})), &log); err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, result := range log.Runs[0].Results {
			all = append(all, result.PartialFingerprints["gatebook/v1"])
		}
		return all
	}
	before, after := prints("x: 1\nx: 1\n", 0, 5), prints("\n\n  x: 1\nx: 1\n", 4, 9)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	if before[0] == before[1] {
		t.Error("two findings have one fingerprint")
	}
}

// Of very many findings some are written, errors first, and each format says that there
// are more.
func TestManyFindings(t *testing.T) {
	t.Parallel()
	file := source.NewFile("f.yaml", []byte(strings.Repeat("x", 1500)))
	var list diag.List
	for at := range 1500 {
		rule := testWarning
		if at%2 == 1 && at > 600 {
			rule = testError
		}
		list = append(list, rule.At(file.Range(at, at+1), "D%d.", at))
	}
	const said = "450 errors, 1050 warnings: 1000 shown, and 500 more"
	for format, want := range map[string]struct{ finding, said string }{
		"text":   {"error[GB9001]", said + "\n"},
		"json":   {`"code": "GB9001"`, `"omitted": 500`},
		"sarif":  {`"ruleId": "GB9001"`, `"text": "` + said + `"`},
		"github": {"::error ", "::notice title=gatebook::" + said + "\n"},
	} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			got := write(t, format, list, render.Options{})
			if n := strings.Count(got, want.finding); n != 450 {
				t.Errorf("%d errors are written, want all 450", n)
			}
			if n := strings.Count(got, strings.NewReplacer("GB9001", "GB9002", "error", "warning").Replace(want.finding)); n != 550 {
				t.Errorf("%d warnings are written, want 550", n)
			}
			if !strings.Contains(got, want.said) {
				t.Errorf("it is not said that there are more: %s", got[max(0, len(got)-300):])
			}
		})
	}
}

// A file may be one line, and each finding shows only a part of it.
func TestManyFindingsInOneLongLineTakeLittle(t *testing.T) {
	t.Parallel()
	const size = 8 << 20
	file := source.NewFile("f.yaml", []byte(strings.Repeat("é: ", size/4)))
	var list diag.List
	for at := range 1000 {
		list = append(list, testError.At(file.Range(size-4*at-4, size-4*at-2), "D%d.", at))
	}
	begin := time.Now()
	got := write(t, "text", list, render.Options{})
	if took := time.Since(begin); took > 2*time.Minute {
		t.Errorf("it took %s", took)
	}
	if last := fmt.Sprintf("f.yaml:1:%d: error", 3*(size/4)-2); !strings.Contains(got, last) {
		t.Errorf("no %s", last)
	}
}

func TestUnknownFormat(t *testing.T) {
	t.Parallel()
	err := render.Write(new(strings.Builder), "xml", nil, render.Options{})
	if err == nil || !strings.Contains(err.Error(), "text, json, sarif, github") {
		t.Errorf("got %v", err)
	}
}

func TestDocumentedRulesAreInStep(t *testing.T) {
	t.Parallel()
	var page strings.Builder
	if err := render.Rules(&page); err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("..", "..", "..", "docs", "diagnostics.md"), page.String())
}
