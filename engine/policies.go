package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/engine/source"
)

// Policies finds the policies that runbooks go by.
type Policies interface {
	// Find returns the policy of a runbook's file; nil: it has none.
	Find(runbook string) (*source.File, error)
	// Open reads a file that the file of a policy names.
	Open(policy, name string) (*source.File, error)
}

// policyFor returns the policy of a runbook's file, nil where there is none, and what is wrong
// with it. Where nobody can tell whether there is one, that is an error: a policy that cannot be
// read must not be one that allows everything.
func (e *Engine) policyFor(runbook string) (*people.Policy, diag.List) {
	if e.policies == nil {
		return nil, nil
	}
	file, err := e.policies.Find(runbook)
	switch {
	case err != nil:
		return nil, diag.List{diag.PolicyUnread.At(source.Range{}, "%s", diag.Sentence(err.Error()))}
	case file == nil:
		return nil, nil
	}
	return e.readPolicy(file)
}

func (e *Engine) readPolicy(file *source.File) (*people.Policy, diag.List) {
	return people.Read(file, func(name string) (*source.File, error) {
		if e.policies == nil {
			return nil, fmt.Errorf("%s is not to be read here", name)
		}
		return e.policies.Open(file.Name(), name)
	}, e.version)
}

// otherPolicies warns of runbooks that are taken in and have another policy than the one that is run,
// by which all of them go then.
func (e *Engine) otherPolicies(runbook *Runbook) diag.List {
	if e.policies == nil || runbook.Checked == nil {
		return nil
	}
	top := runbook.File.Name()
	holds, err := e.policies.Find(top)
	if err != nil {
		return nil // that it cannot be read has been found
	}
	says := fmt.Sprintf("of the runbook that is run, and %s has none", diag.Clean(top))
	if holds != nil {
		says = fmt.Sprintf("of %s, which is %s", diag.Clean(top), diag.Clean(holds.Name()))
	}
	var found diag.List
	told := map[*check.Runbook]bool{}
	var look func(*check.Runbook)
	look = func(outer *check.Runbook) {
		for _, step := range outer.Steps {
			inner := step.Runbook
			if inner == nil || told[inner] {
				continue
			}
			told[inner] = true
			name := inner.Model.Node.Range().File.Name()
			place, _ := step.Model.With.Get("file")
			own, err := e.policies.Find(name)
			switch {
			case err != nil:
				found = append(found, diag.InclusionPolicy.At(place.Range(), "Nobody can tell whether %s has a policy of its own: %v. All goes by that %s.", diag.Clean(name), err, says))
			case own != nil && (holds == nil || own.Name() != holds.Name()):
				found = append(found, diag.InclusionPolicy.At(place.Range(), "By itself %s goes by %s. Here all goes by the policy %s.", diag.Clean(name), diag.Clean(own.Name()), says))
			}
			look(inner)
		}
	}
	look(runbook.Checked)
	return found
}

// policyIn returns the policy that a run's document of its plan has kept.
func policyIn(document []byte) (*people.Policy, error) {
	var read struct {
		Policy *event.Policy `json:"policy"`
	}
	if document != nil {
		if err := json.Unmarshal(document, &read); err != nil {
			return nil, fmt.Errorf("read the policy in the plan: %w", err)
		}
	}
	return people.Again(read.Policy)
}

// Policy returns the policy that the plan goes by; nil: there is none.
func (p *Plan) Policy() *people.Policy { return p.policy }

// DeniedError says that the policy does not let somebody do something with a run.
type DeniedError struct {
	Account string
	What    string // "start this run"
	Cause   error
}

// Error says who may not do what, and by which rule.
func (e *DeniedError) Error() string {
	return fmt.Sprintf("%s may not %s: %v", e.Account, e.What, e.Cause)
}

// Unwrap returns the rule.
func (e *DeniedError) Unwrap() error { return e.Cause }

// MayStart returns a [DeniedError] where the policy does not let somebody start a run of the
// plan with those options, and an [OverrideError] where a window is not there to be overridden.
func (p *Plan) MayStart(o RunOptions, now time.Time) error {
	begins := people.Beginning{Act: run.ActOf(p.Plan), Account: o.By, Asks: asks(p.Plan)}
	if o.Sealed != nil {
		begins.Author = o.Sealed.Notes.By
	}
	if err := p.policy.MayStart(begins, now); err != nil {
		return denied(o.By, "start this run", err)
	}
	if err := p.MayLeaveOut(o.By, now); err != nil {
		return err
	}
	return p.mayOverride(o.Overrides, event.Run{By: o.By, Author: begins.Author}, now)
}

// MayLeaveOut returns a [DeniedError] where an approval is left out behind which a step
// destroys something, and no policy lets who has left it out override that, and a
// [plan.ChoiceError] where the reason for what is left out tells a secret. A mode alone says of
// nobody that they have: then it is the account that wants a run in it.
func (p *Plan) MayLeaveOut(account string, now time.Time) error {
	if p.Choice != nil && p.Masked(p.Choice.Reason) != p.Choice.Reason {
		return &plan.ChoiceError{Flag: "--reason", Cause: "a secret of the runbook is in it, which the plan and the journal would keep in clear: say it without"}
	}
	for _, open := range p.Unguarded() {
		by, act := cmp.Or(p.Choice.By, account), run.ActOf(p.Plan)
		act.Step = open.Approval.ID
		if err := p.policy.MayLeaveOut(act, by, now); err != nil {
			return denied(by, fmt.Sprintf("leave out the approval %s, behind which %s destroys", open.Approval.ID, open.Destroys.ID), err)
		}
	}
	return nil
}

// keysStand says why a run must not go on to ask people: a key by which it takes answers is
// taken no more by the file of allowed signers as it is now. Where there is no such file to be
// found any more, nobody has taken a key out of it.
func (e *Engine) keysStand(p *Plan, began event.Run, r run.Resumption, now time.Time) error {
	if r.Ask != event.ResumeAsked || !p.policy.Signed() || !asks(p.Plan) {
		return nil
	}
	today, err := e.PolicyOf(began.File)
	if err == nil && today.Signed() {
		if whose, key, gone := p.policy.Signers().Gone(today.Signers(), now); gone {
			err = fmt.Errorf("it takes answers by the key %s of %s, which the file of allowed signers takes no more: cancel it, and begin anew", key.Fingerprint(), whose)
		}
	}
	return denied(r.By, "resume run "+began.ID, err)
}

// asks reports whether a plan may ask people, be it where a step is taken back.
func asks(p *plan.Plan) bool {
	for step := range p.All() {
		if step.Skipped() {
			continue
		}
		if step.Describe.Asks || step.Rollback != nil && step.Rollback.Use != nil && step.Rollback.Use.Describe.Asks {
			return true
		}
	}
	return false
}

// mayTakeUp says why an account, or a version of gatebook, may not resume, cancel or roll back a run that nobody drives.
func (p *Plan) mayTakeUp(began event.Run, r run.Resumption, version string, now time.Time) error {
	if r.Ask == event.ResumeAsked {
		if err := p.policy.Takes(version); err != nil {
			return denied(r.By, "resume run "+began.ID, err)
		}
		begins := people.Beginning{Act: run.ActOf(p.Plan), Account: r.By, Author: began.Author, Starter: began.By}
		return denied(r.By, "resume run "+began.ID, p.policy.MayStart(begins, now))
	}
	return denied(r.By, "stop run "+began.ID, p.policy.MayCancel(run.ActOf(p.Plan), r.By, began.Author, began.By, now))
}

func denied(account, what string, cause error) error {
	if cause == nil {
		return nil
	}
	return &DeniedError{account, what, cause}
}

// PolicyOf returns the policy of a runbook's file as it is now; nil: it has none.
func (e *Engine) PolicyOf(runbook string) (*people.Policy, error) {
	policy, found := e.policyFor(runbook)
	for _, finding := range found {
		if finding.Rule.Severity == diag.Error {
			return nil, fmt.Errorf("the policy of %s: %s: %s", runbook, finding.Range, finding.Detail)
		}
	}
	return policy, nil
}

// mayGiveUp says why an account may not end a run of which there is no plan to go by but the
// document of the one that it began with. Where that is gone too, nothing says so.
func mayGiveUp(folder *journal.Run, began event.Run, account string, now time.Time) error {
	document, err := folder.Plan()
	if err != nil || began.VouchesForPlan(document) != nil {
		return nil //nolint:nilerr // what is not as the run began with it is nothing to go by
	}
	var planned plan.Plan
	if err := json.Unmarshal(document, &planned); err != nil {
		return fmt.Errorf("plan of run %s: %w", began.ID, err)
	}
	policy, err := people.Again(planned.People)
	if err != nil {
		return err
	}
	return denied(account, "stop run "+began.ID, policy.MayCancel(run.ActOf(&planned), account, began.Author, began.By, now))
}
