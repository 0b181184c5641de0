package wire

import (
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// FromRequest writes one use of an action; timeout is what is left of its time, 0
// for no limit. The trace context is not in it: see [MetadataTraceParent].
func FromRequest(action string, r sdk.Request, timeout time.Duration) *pluginv1.Call {
	m := &pluginv1.Call{
		Action: action, Params: r.Params, Unknown: r.Unknown, Key: r.Key, Attempt: int32(r.Attempt), //nolint:gosec // attempts are few
		Undo: r.Undo, Before: r.Before, Outputs: r.Outputs, Timeout: optional(timeout), InPlan: r.InPlan, Run: r.Run,
	}
	if len(r.Notes) > 0 {
		m.Notes = make(map[string][]byte, len(r.Notes))
		for name, fact := range r.Notes {
			m.Notes[name] = fact
		}
	}
	m.Seen = fromSeen(r.Seen)
	return m
}

// ToRequest reads one use of an action.
func ToRequest(m *pluginv1.Call) sdk.Request {
	r := sdk.Request{
		Params: m.GetParams(), Unknown: m.GetUnknown(), Key: m.GetKey(), Attempt: int(m.GetAttempt()),
		Undo: m.GetUndo(), Before: m.GetBefore(), Outputs: m.GetOutputs(), InPlan: m.GetInPlan(), Run: m.GetRun(),
	}
	if len(m.GetNotes()) > 0 {
		r.Notes = make(map[string]json.RawMessage, len(m.GetNotes()))
		for name, fact := range m.GetNotes() {
			r.Notes[name] = fact
		}
	}
	r.Seen = toSeen(m.GetSeen())
	return r
}

// FromTarget writes what a connection reached; of a plugin that cannot tell it is nil.
func FromTarget(t sdk.Target) *pluginv1.Target {
	if t.ID == "" {
		return nil
	}
	return &pluginv1.Target{Id: t.ID, Title: t.Title, Also: t.Also}
}

// ToTarget reads what a connection reached. What has no title, as a plugin without the sdk
// may send it, is called by its id.
func ToTarget(m *pluginv1.Target) sdk.Target {
	return sdk.Target{ID: m.GetId(), Title: cmp.Or(m.GetTitle(), m.GetId()), Also: m.GetAlso()}
}

// FromError writes an error; nil is nil. Its message is text, whatever the program wrote
// that it quotes, and no longer than a line.
func FromError(err error) *pluginv1.Error {
	if err == nil {
		return nil
	}
	typed := sdk.AsError(err)
	message, _ := Cut([]byte(typed.Message), false, MaxLine)
	return &pluginv1.Error{
		Class: classes().number(typed.Class), Field: typed.Field, Message: strings.ToValidUTF8(string(message), "\uFFFD"), Unchanged: typed.Unchanged, Outdated: typed.Outdated,
		Unsupported: errors.Is(err, sdk.ErrUnsupported),
	}
}

// ToError reads an error; nil is nil.
func ToError(m *pluginv1.Error) error {
	switch {
	case m == nil:
		return nil
	case m.GetUnsupported():
		return sdk.ErrUnsupported
	}
	err := sdk.Errorf(classes().word(m.GetClass()), "%s", m.GetMessage())
	err.Field, err.Unchanged, err.Outdated = m.GetField(), m.GetUnchanged(), m.GetOutdated()
	return err
}

// FromPreview writes a preview.
func FromPreview(p sdk.Preview) *pluginv1.Preview {
	m := &pluginv1.Preview{Summary: p.Summary, Warnings: p.Warnings, Blockers: p.Blockers, Estimate: optional(p.Estimate), Cost: p.Cost}
	for _, change := range p.Changes {
		m.Changes = append(m.Changes, &pluginv1.Delta{Target: change.Target, Kind: change.Kind, Op: change.Op, Diff: change.Diff})
	}
	m.Observed = fromSeen(p.Observed)
	return m
}

// ToPreview reads a preview.
func ToPreview(m *pluginv1.Preview) sdk.Preview {
	p := sdk.Preview{
		Summary: m.GetSummary(), Warnings: m.GetWarnings(), Blockers: m.GetBlockers(), Estimate: m.GetEstimate().AsDuration(),
		Cost: m.GetCost(),
	}
	for _, change := range m.GetChanges() {
		p.Changes = append(p.Changes, sdk.Delta{
			Target: change.GetTarget(), Kind: change.GetKind(), Op: change.GetOp(), Diff: change.GetDiff(),
		})
	}
	p.Observed = toSeen(m.GetObserved())
	return p
}

// fromSeen writes what a plan was made from.
func fromSeen(seen []sdk.Seen) []*pluginv1.Seen {
	var m []*pluginv1.Seen
	for _, s := range seen {
		m = append(m, &pluginv1.Seen{Kind: s.Kind, Name: s.Name, Version: s.Version, Id: s.ID, Changes: s.Changes})
	}
	return m
}

// toSeen reads what a plan was made from.
func toSeen(m []*pluginv1.Seen) []sdk.Seen {
	var seen []sdk.Seen
	for _, s := range m {
		seen = append(seen, sdk.Seen{Kind: s.GetKind(), Name: s.GetName(), Version: s.GetVersion(), ID: s.GetId(), Changes: s.GetChanges()})
	}
	return seen
}

// FromObservation writes the answer of an Observe.
func FromObservation(o sdk.Observation) *pluginv1.Observation {
	return &pluginv1.Observation{Done: states().number(o.State), Outputs: o.Outputs, Detail: o.Detail}
}

// ToObservation reads the answer of an Observe.
func ToObservation(m *pluginv1.Observation) sdk.Observation {
	return sdk.Observation{State: states().word(m.GetDone()), Outputs: m.GetOutputs(), Detail: m.GetDetail()}
}

// FromQuestion writes what an action asks of people.
func FromQuestion(q sdk.Question) (*pluginv1.Question, error) {
	m := &pluginv1.Question{Message: q.Message, Expires: optional(q.Expires), From: q.From, Quorum: count(q.Quorum), Attachments: count(q.Attachments)}
	if q.Fields == nil {
		return m, nil
	}
	var err error
	m.Fields, err = json.Marshal(q.Fields)
	return m, err
}

// count writes a number of people or files.
func count(n int) int32 { return int32(min(n, math.MaxInt32)) }

// ToQuestion reads what an action asks of people.
func ToQuestion(m *pluginv1.Question) (sdk.Question, error) {
	q := sdk.Question{
		Message: m.GetMessage(), Expires: m.GetExpires().AsDuration(), From: m.GetFrom(), Quorum: int(m.GetQuorum()), Attachments: int(m.GetAttachments()),
	}
	if len(m.GetFields()) == 0 {
		return q, nil
	}
	var err error
	q.Fields, err = toSchema(m.GetFields())
	return q, err
}

// FromAnswer writes what a person said.
func FromAnswer(call *pluginv1.Call, a sdk.Answer) *pluginv1.AnswerRequest {
	m := &pluginv1.AnswerRequest{
		Call: call, Approved: a.Approved, By: a.By, At: timestamppb.New(a.At), Comment: a.Comment, Fields: a.Fields,
	}
	for _, file := range a.Attachments {
		m.Attachments = append(m.Attachments, &pluginv1.Attachment{Name: file.Name, Size: file.Size, Sha256: file.SHA256})
	}
	for _, voice := range a.Earlier {
		m.Earlier = append(m.Earlier, &pluginv1.Voice{By: voice.By, At: timestamppb.New(voice.At), Comment: voice.Comment})
	}
	return m
}

// ToAnswer reads what a person said.
func ToAnswer(m *pluginv1.AnswerRequest) sdk.Answer {
	a := sdk.Answer{
		Approved: m.GetApproved(), By: m.GetBy(), At: m.GetAt().AsTime(), Comment: m.GetComment(), Fields: m.GetFields(),
	}
	for _, file := range m.GetAttachments() {
		a.Attachments = append(a.Attachments, sdk.Attachment{Name: file.GetName(), Size: file.GetSize(), SHA256: file.GetSha256()})
	}
	for _, voice := range m.GetEarlier() {
		a.Earlier = append(a.Earlier, sdk.Voice{By: voice.GetBy(), At: voice.GetAt().AsTime(), Comment: voice.GetComment()})
	}
	return a
}

// optional writes a duration of which 0 means that there is none.
func optional(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}
