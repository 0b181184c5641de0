package people

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/people/permission"
	"github.com/gatebook/gatebook/engine/people/signature"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

// FileName is what the file of a policy is called.
const FileName = "gatebook.policy.yaml"

// Policy says who may do what. A nil policy lets everybody do everything, and asks for no
// signature.
type Policy struct {
	kept     event.Policy
	requires model.Requires
	signed   bool // answers must be
	signers  signature.Signers
	groups   map[string][]string // the people of each
	accounts map[string]string   // whose each is
	never    []string
	start    []permission.Rule
	approve  []permission.Rule
	cancel   []permission.Rule
	override []permission.Rule
}

// Open reads a file that a policy names, as it names it.
type Open func(name string) (*source.File, error)

// Read reads a policy, and finds everything that is wrong with it and with its file of allowed
// signers. With errors among the findings nobody may go by it. version is gatebook's own.
func Read(file *source.File, open Open, version string) (*Policy, diag.List) {
	tree, found := syntax.Parse(file)
	if tree == nil {
		return nil, found.Sorted()
	}
	decoded, more := model.DecodePolicy(tree)
	found = append(found, more...)
	if decoded == nil {
		return nil, found.Sorted()
	}
	r := reader{policy: &Policy{kept: event.Policy{File: keep(file)}, requires: decoded.Requires, groups: make(map[string][]string), accounts: make(map[string]string)}, found: found}
	if !decoded.Requires.Allows(version) {
		r.add(diag.WrongGatebook.At(decoded.Requires.Gatebook.Range(), "This is gatebook %s.", version))
	}
	r.signers(decoded, open)
	r.people(decoded)
	compiler := permission.NewCompiler()
	r.policy.start = r.rules(compiler, decoded.Start)
	r.policy.approve = r.rules(compiler, decoded.Approve)
	r.policy.cancel = r.rules(compiler, decoded.Cancel)
	r.policy.override = r.rules(compiler, decoded.Override)
	return r.policy, r.found.Sorted()
}

// Again reads a policy that a plan has kept; nil: it has none, and there is none.
func Again(k *event.Policy) (*Policy, error) {
	if k == nil {
		return nil, nil //nolint:nilnil // a nil policy is one that asks for nothing
	}
	policy, found := Read(source.NewFile(k.File.Name, []byte(k.File.Text)), func(name string) (*source.File, error) {
		if k.Signers == nil {
			return nil, fmt.Errorf("the plan has no %s", name)
		}
		return source.NewFile(k.Signers.Name, []byte(k.Signers.Text)), nil
	}, "")
	for _, finding := range found {
		if finding.Rule.Severity == diag.Error {
			return nil, fmt.Errorf("the policy that the plan was made with cannot be read: %s: %s", finding.Range, finding.Detail)
		}
	}
	if policy == nil || policy.kept.File != k.File || policy.kept.Signers != nil && *policy.kept.Signers != *k.Signers {
		return nil, errors.New("the policy is not the one that the plan was made with")
	}
	return policy, nil
}

// Takes says why a version of gatebook must not go by the policy, which a plan has kept.
func (p *Policy) Takes(version string) error {
	if p == nil || p.requires.Allows(version) {
		return nil
	}
	return fmt.Errorf("%s asks for gatebook %s, and this is %s", p.kept.File.Name, p.requires.Gatebook.Value, version)
}

// Keep returns the policy as a plan keeps it; nil: there is none.
func (p *Policy) Keep() *event.Policy {
	if p == nil {
		return nil
	}
	return &p.kept
}

// reader reads one policy.
type reader struct {
	policy *Policy
	found  diag.List
}

func (r *reader) add(finding diag.Diagnostic) { r.found = append(r.found, finding) }

func (r *reader) signers(decoded *model.Policy, open Open) {
	named := decoded.AllowedSigners
	if named.Value == "" {
		for _, rule := range []model.Placed{decoded.NeverApprove.Placed, decoded.Approve.Placed} {
			if rule.Node != nil {
				r.add(diag.RulesUnsigned.At(rule.Range(), "The policy names no file of allowed signers."))
			}
		}
		return
	}
	r.policy.signed = true
	file, err := open(named.Value)
	if err != nil {
		r.add(diag.SignersUnread.At(named.Range(), "%s", diag.Sentence(err.Error())))
		return
	}
	kept := keep(file)
	r.policy.kept.Signers = &kept
	var faults []signature.Fault
	r.policy.signers, faults = signature.ParseSigners(file.Text())
	if len(faults) > 0 && r.policy.signers.None() {
		// It may be any file, and what is in it is nobody's business.
		r.add(diag.SignersUnread.At(named.Range(), "%s is no file of allowed signers: line %d is none of these, and no line is.", file.Name(), faults[0].Line))
		return
	}
	for _, fault := range faults {
		r.add(diag.SignerLine.At(file.Range(file.LineStart(fault.Line), file.LineEnd(fault.Line)), "%s", diag.Sentence(fault.Message)))
	}
}

func (r *reader) people(decoded *model.Policy) {
	first := map[string]model.Text{}
	for _, entry := range decoded.People.Entries {
		r.named(entry.Key)
		for _, account := range entry.Value.Accounts.Items {
			if other, taken := first[account.Value]; taken && r.policy.accounts[account.Value] != entry.Key.Value {
				r.add(diag.AccountTwice.At(account.Range(), "The account %s is that of %s too.", account.Value, r.policy.accounts[account.Value]).
					WithRelated(other.Range(), "there"))
				continue
			}
			first[account.Value], r.policy.accounts[account.Value] = account, entry.Key.Value
		}
	}
	for _, entry := range decoded.Groups.Entries {
		members := []string{}
		for _, member := range entry.Value.Items {
			r.named(member)
			if !slices.Contains(members, member.Value) {
				members = append(members, member.Value)
			}
		}
		r.policy.groups[entry.Key.Value] = members
	}
	for _, who := range decoded.NeverApprove.Items {
		r.policy.never = append(r.policy.never, who.Value)
	}
}

// named says of a person's name that nobody has it.
func (r *reader) named(name model.Text) {
	if r.policy.kept.Signers != nil && !r.policy.signers.Names(name.Value) {
		r.add(diag.NoKey.At(name.Range(), "The file of allowed signers has no line for %s.", name.Value))
	}
}

func (r *reader) rules(compiler *permission.Compiler, given model.OneOrMany[*model.Rule]) []permission.Rule {
	var rules []permission.Rule
	for _, one := range given.Items {
		rule, found := compiler.Rule(one.Expr.Node, one.Message.Value)
		r.found = append(r.found, found...)
		rules = append(rules, rule)
	}
	return rules
}

// keep is a file as a plan keeps it. A policy may name files by other separators.
func keep(file *source.File) event.PolicyFile {
	name := strings.ReplaceAll(file.Name(), `\`, "/")
	return event.PolicyFile{Name: path.Base(name), SHA256: event.Digest(file.Text()), Text: string(file.Text())}
}

// Signed reports whether answers must be signed.
func (p *Policy) Signed() bool { return p != nil && p.signed }

// Signers are those whose signatures the policy knows.
func (p *Policy) Signers() signature.Signers {
	if p == nil {
		return signature.Signers{}
	}
	return p.signers
}

// PersonOf returns whose an account is; empty: nobody's that the policy knows.
func (p *Policy) PersonOf(account string) string {
	if p == nil {
		return ""
	}
	return p.accounts[account]
}

// Of returns the people of some groups, each once, in the order of their names; the error
// names a group that the policy does not have.
func (p *Policy) Of(groups []string) ([]string, error) {
	members := map[string]bool{}
	for _, group := range groups {
		if p == nil || p.groups[group] == nil {
			return nil, fmt.Errorf("there is no policy that says who is in the group %s", group)
		}
		for _, one := range p.groups[group] {
			members[one] = true
		}
	}
	return slices.Sorted(maps.Keys(members)), nil
}

// groupsOf returns the groups that a person is in.
func (p *Policy) groupsOf(name string) []string {
	var in []string
	for _, group := range slices.Sorted(maps.Keys(p.groups)) {
		if slices.Contains(p.groups[group], name) {
			in = append(in, group)
		}
	}
	return in
}

// Beginning is a run that somebody is about to start or to take up.
type Beginning struct {
	Act     permission.Act
	Account string // of who does it
	Author  string // the account of who sealed the plan; empty: it was not sealed
	Starter string // the account of who started the run; empty: who does it starts it
	Asks    bool   // whether people will be asked
}

// MayStart says why an account may not start a run.
func (p *Policy) MayStart(b Beginning, now time.Time) error {
	if p == nil {
		return nil
	}
	if b.Asks {
		for _, who := range []struct{ role, account string }{{"starter", b.Account}, {"author", b.Author}} {
			if who.account != "" && slices.Contains(p.never, who.role) && p.PersonOf(who.account) == "" {
				return fmt.Errorf("the policy does not let the %s approve, and knows no person whose account is %s: say whose it is, under people of %s",
					who.role, who.account, p.kept.File.Name)
			}
		}
	}
	return permission.Allows(p.start, b.Act, p.account(b.Account, b.Author, cmp.Or(b.Starter, b.Account)), now)
}

// MayCancel says why an account may not have a run paused, cancelled or rolled back.
func (p *Policy) MayCancel(act permission.Act, account, author, starter string, now time.Time) error {
	if p == nil {
		return nil
	}
	return permission.Allows(p.cancel, act, p.account(account, author, starter), now)
}

// MayOverride says why an account may not have the window of an act count as open in a run.
func (p *Policy) MayOverride(act permission.Act, account, author, starter string, now time.Time) error {
	if p == nil {
		return nil
	}
	return permission.Allows(p.override, act, p.account(account, author, starter), now)
}

// MayLeaveOut says why an account may not leave out the approval that an act names. Unlike other
// things it takes a rule that allows it, and one that speaks of the step: who wrote rules about
// windows alone has not thought of approvals.
func (p *Policy) MayLeaveOut(act permission.Act, account string, now time.Time) error {
	if p == nil || !slices.ContainsFunc(p.override, func(r permission.Rule) bool { return r.SpeaksOf("step") }) {
		return fmt.Errorf("there is no %s whose rules under override speak of the step", FileName)
	}
	return permission.Allows(p.override, act, p.account(account, "", account), now)
}

// account is the person whose an account is.
func (p *Policy) account(account, author, starter string) permission.Person {
	name := p.PersonOf(account)
	return permission.Person{
		Name: name, Groups: p.groupsOf(name),
		Author: account == author || name != "" && name == p.PersonOf(author), Starter: account == starter || name != "" && name == p.PersonOf(starter),
	}
}
