package gatebook_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// files reads the blocks of a Markdown text that have a file's name behind their language.
func files(markdown string) map[string]string {
	found := map[string]string{}
	for block := range strings.SplitSeq(markdown, "\n```") {
		if first, text, _ := strings.Cut(block, "\n"); strings.Count(first, " ") == 1 {
			_, name, _ := strings.Cut(first, " ")
			if strings.ContainsAny(name, "/.") {
				found[name] = text + "\n"
			}
		}
	}
	return found
}

// project is a repository of runbooks that has taken over what docs/review.md offers, with a
// branch that is to be merged.
type project struct {
	t        *testing.T
	dir      string
	env      []string
	accepted bool // somebody has put the label on the pull request
	pushed   bool // and the branch was pushed to after that
}

const reviewedRunbook = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: web, version: 1.0.0}
inputs: {image: {type: string}, token: {type: string, secret: true}}
onFailure: rollback
steps:
  - id: change
    uses: exec
    with: {command: [echo, "${{ inputs.image }}"], env: {TOKEN: "${{ inputs.token }}"}}
    timeout: 1m
    rollback: {uses: exec, with: {command: [echo, back]}}
`

// newProject returns a project with the files, whose branch changes others. The program is in
// the folder bin.
// gone is the text of a file that a change deletes.
const gone = ""

func newProject(t *testing.T, bin string, has, changed map[string]string) *project {
	t.Helper()
	p := &project{t: t, dir: t.TempDir()}
	p.env = append(environ(p.dir), "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=ann", "GIT_AUTHOR_EMAIL=ann@example.com",
		"GIT_COMMITTER_NAME=ann", "GIT_COMMITTER_EMAIL=ann@example.com", "SOME_VARIABLE=anything at all", "POSTED="+filepath.Join(p.dir, "posted"))
	for name, text := range has {
		p.write(name, text)
	}
	p.write("runbooks/web.yaml", reviewedRunbook)
	p.write("inputs/web.yaml", "image: web:2\ntoken: env:SOME_VARIABLE\n")
	post := "#!/bin/sh\nprintf '%s\\n' \"$@\" >> \"$POSTED.all\"\nprintf '%s\\n' \"$@\" > \"$POSTED\"\nif [ -f review.md ]; then cat review.md >> \"$POSTED\"; fi\n"
	p.write("bin/gh", post)
	p.write("bin/curl", post)
	if err := os.Symlink(filepath.Join(bin, "gatebook"), filepath.Join(p.dir, "bin", "gatebook")); err != nil {
		t.Fatal(err)
	}
	p.must("git init -q -b main . && git add runbooks inputs ci && git commit -q -m one && git update-ref refs/remotes/origin/main main && git checkout -q -b change")
	for name, text := range changed {
		if p.write(name, text); text == gone {
			p.must("git rm -q -f " + name)
		}
	}
	p.must("git add runbooks inputs && git commit -q -m two")
	return p
}

func (p *project) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) must(shell string) {
	p.t.Helper()
	if out, code := p.run(shell); code != 0 {
		p.t.Fatalf("%s: exit code %d\n%s", shell, code, out)
	}
}

func (p *project) run(shell string, env ...string) (string, int) {
	p.t.Helper()
	command := exec.CommandContext(p.t.Context(), "bash", "-e", "-c", shell)
	command.Dir, command.Env = p.dir, append(p.env, env...)
	out, err := command.CombinedOutput()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		p.t.Fatal(err)
	}
	return string(out), command.ProcessState.ExitCode()
}

// read reads a file that a pipeline wrote; what is not there is empty.
func (p *project) read(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		p.t.Fatal(err)
	}
	return string(text)
}

func (p *project) pipeline(name string, into any) {
	p.t.Helper()
	if err := yaml.Unmarshal([]byte(p.read(name)), into); err != nil {
		p.t.Fatal(err)
	}
}

// installed is the command that would install the program. It is passed over: what it would
// fetch is not this one.
const installed = "go install github.com/gatebook/gatebook/cmd/gatebook@latest"

// github does what the workflow does, and returns the exit code of the first step that failed.
func (p *project) github() (failed int) {
	p.t.Helper()
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct {
				If, Uses, Run string
				With, Env     map[string]string
			}
		}
	}
	p.pipeline(".github/workflows/runbooks.yml", &workflow)
	for _, step := range workflow.Jobs["review"].Steps {
		switch always := strings.Contains(step.If, "!cancelled()"); {
		case failed != 0 && !always, step.Run == installed:
			continue
		case strings.HasPrefix(step.Uses, "github/codeql-action/upload-sarif@"):
			p.isFindings(step.With["sarif_file"])
			continue
		case step.Run == "",
			strings.Contains(step.If, "'synchronize' && contains(") && (!p.pushed || !p.accepted),
			strings.Contains(step.If, "'synchronize' || !contains(") && !p.pushed && p.accepted:
			continue
		}
		env := []string{"GITHUB_BASE_REF=main", "GITHUB_REPOSITORY=o/r"}
		for name := range step.Env {
			env = append(env, name+"=7")
		}
		if out, code := p.run(step.Run, env...); code != 0 && failed == 0 {
			p.t.Logf("%s: %s", step.Run, out)
			failed = code
		}
	}
	return failed
}

// gitlab does what the job does, and returns its exit code.
func (p *project) gitlab() int {
	p.t.Helper()
	var jobs struct {
		Runbooks struct {
			Script      []string
			AfterScript []string `yaml:"after_script"`
			Artifacts   struct{ Paths []string }
		}
	}
	p.pipeline(".gitlab-ci.yml", &jobs)
	job := jobs.Runbooks
	env := []string{"CI_API_V4_URL=https://gitlab.example.com/api/v4", "CI_PROJECT_ID=1", "CI_MERGE_REQUEST_IID=7", "REVIEW_TOKEN=token"}
	if p.accepted {
		env = append(env, "CI_MERGE_REQUEST_LABELS=team web,risk accepted")
	}
	script := slices.DeleteFunc(job.Script, func(line string) bool { return line == installed })
	base, _ := p.run("git rev-parse main")
	out, code := p.run(strings.Join(script, "\n"), append(env, "CI_MERGE_REQUEST_DIFF_BASE_SHA="+strings.TrimSpace(base))...)
	p.t.Logf("%s", out)
	if out, code := p.run(strings.Join(job.AfterScript, "\n"), env...); code != 0 {
		p.t.Errorf("the comment: exit code %d\n%s", code, out)
	}
	for _, path := range job.Artifacts.Paths {
		if _, err := os.Stat(filepath.Join(p.dir, path)); err != nil {
			p.t.Errorf("%s is to be kept: %v", path, err)
		}
	}
	p.isFindings("findings.sarif")
	return code
}

func (p *project) isFindings(name string) {
	p.t.Helper()
	var log struct{ Version string }
	if err := json.Unmarshal([]byte(p.read(name)), &log); err != nil || log.Version != "2.1.0" {
		p.t.Errorf("%s is no SARIF: %v", name, err)
	}
}

// What docs/review.md offers to copy is carried out as it stands there.
func TestPipelinesOfThePageReviewChanges(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/review.md")
	if err != nil {
		t.Fatal(err)
	}
	has, bin := files(string(page)), filepath.Join(workplace(t), "bin")
	lost := strings.Replace(reviewedRunbook, "{uses: exec, with: {command: [echo, back]}}", "{none: nobody needs it}", 1)
	long := reviewedRunbook
	for i := range 400 {
		long += fmt.Sprintf("  - {id: s%d, uses: assert, with: {that: true, message: %s}}\n", i, strings.Repeat("x", 60))
	}
	for name, test := range map[string]struct {
		changed  map[string]string
		accepted bool
		code     int
		comment  []string // what it says; nil: there is none
		finding  string
	}{
		"the risk goes up": {map[string]string{"runbooks/web.yaml": lost}, false, 1, []string{"nothing takes it back any more", "offline: no action was asked", "plan `sha256:"}, ""},
		"it is accepted":   {map[string]string{"runbooks/web.yaml": lost}, true, 0, []string{"nothing takes it back any more"}, ""},
		"those in folders, of one name": {
			map[string]string{
				"runbooks/a/web.yaml": strings.Replace(reviewedRunbook, "name: web", "name: a-web", 1), "inputs/a/web.yaml": "image: web:3\ntoken: env:SOME_VARIABLE\n",
				"runbooks/b/web.yaml": strings.Replace(reviewedRunbook, "name: web", "name: b-web", 1), "inputs/b/web.yaml": "image: web:4\ntoken: env:SOME_VARIABLE\n",
			},
			false, 0,
			[]string{"### a-web 1.0.0", "### b-web 1.0.0", "web:3", "web:4"},
			"",
		},
		"an invalid one in a folder": {map[string]string{"runbooks/a/web.yaml": strings.Replace(reviewedRunbook, "uses: exec\n", "uses: exce\n", 1)}, false, 2, nil, `"ruleId": "GB`},
		"no riskier": {
			map[string]string{"runbooks/web.yaml": strings.Replace(reviewedRunbook, "1m", "2m", 1)},
			false, 0,
			[]string{"changes leave it as it is", "plan `sha256:"},
			"",
		},
		"a new name hides nothing": {map[string]string{"runbooks/web.yaml": gone, "runbooks/läden.yaml": lost, "inputs/läden.yaml": "image: web:2\ntoken: env:SOME_VARIABLE\n"}, false, 1, []string{"nothing takes it back any more", "läden.yaml"}, ""},
		"a runbook is gone":        {map[string]string{"runbooks/web.yaml": gone, "runbooks/new.yaml": "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: new, version: 1.0.0}\nsteps:\n  - {id: look, uses: assert, with: {that: true}}\n"}, false, 1, []string{"runbooks/web.yaml is gone"}, ""},
		"a new runbook":            {map[string]string{"runbooks/new.yaml": "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: new, version: 1.0.0}\nsteps:\n  - {id: look, uses: assert, with: {that: true}}\n"}, false, 0, []string{"### new 1.0.0"}, ""},
		"an invalid one":           {map[string]string{"runbooks/web.yaml": strings.Replace(reviewedRunbook, "uses: exec\n", "uses: exce\n", 1)}, false, 2, nil, `"ruleId": "GB`},
		"none is changed":          {map[string]string{"runbooks/README.md": "Runbooks.\n"}, false, 0, nil, ""},
		"too much for a comment": {
			map[string]string{"runbooks/web.yaml": long, "runbooks/xyz.yaml": strings.NewReplacer("inputs: {image: {type: string}, token: {type: string, secret: true}}", "inputs: {image: {type: string, default: a}, token: {type: string, default: b}}").Replace(long)},
			false, 0,
			[]string{"review/plans/xyz.md is not in this comment"},
			"",
		},
	} {
		for platform, review := range map[string]func(*project) int{"GitHub": (*project).github, "GitLab": (*project).gitlab} {
			t.Run(name+" on "+platform, func(t *testing.T) {
				t.Parallel()
				p := newProject(t, bin, has, test.changed)
				p.accepted = test.accepted
				if code := review(p); code != test.code {
					t.Errorf("exit code %d, want %d", code, test.code)
				}
				posted := p.read("posted")
				if len(test.comment) == 0 && posted != "" || len(posted) > 65_536 {
					t.Errorf("posted %d bytes: %.200s", len(posted), posted)
				}
				for _, want := range test.comment {
					if !strings.Contains(posted, want) {
						t.Errorf("the comment has no %q:\n%.3000s", want, posted)
					}
				}
				if !strings.Contains(p.read("findings.sarif"), test.finding) {
					t.Errorf("the findings have no %s", test.finding)
				}
			})
		}
	}
}

// What was accepted is the change that was there: one that is pushed later is not.
func TestAnAcceptedRiskIsNotThatOfWhatIsPushedNext(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/review.md")
	if err != nil {
		t.Fatal(err)
	}
	lost := strings.Replace(reviewedRunbook, "{uses: exec, with: {command: [echo, back]}}", "{none: nobody needs it}", 1)
	p := newProject(t, filepath.Join(workplace(t), "bin"), files(string(page)), map[string]string{"runbooks/web.yaml": lost})
	p.accepted, p.pushed = true, true
	if code := p.github(); code != 1 {
		t.Errorf("on GitHub: exit code %d, want 1", code)
	}
	if !strings.Contains(p.read("posted.all"), "repos/o/r/issues/7/labels/risk%20accepted") {
		t.Errorf("the label stays: %s", p.read("posted.all"))
	}
	p = newProject(t, filepath.Join(workplace(t), "bin"), files(string(page)), map[string]string{"runbooks/web.yaml": lost})
	p.accepted = true
	if code := p.gitlab(); code != 0 || !strings.Contains(p.read("posted.all"), "remove_labels=risk accepted") {
		t.Errorf("on GitLab: exit code %d, the label stays: %s", code, p.read("posted.all"))
	}
}
