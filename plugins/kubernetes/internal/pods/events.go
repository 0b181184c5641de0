package pods

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// EventsInput is what events is given.
type EventsInput struct {
	Namespace string          `json:"namespace" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"shop" doc:"Namespace of the events; without it, the connection's. Those about what has no namespace, as nodes, are in default."`
	Kind      string          `json:"kind" example:"Pod" doc:"Kind of the objects that they are about; without it, any."`
	Name      string          `json:"name" pattern:"^[^/%]*$" example:"web-0" doc:"Name of the object that they are about; without it, any."`
	Type      string          `json:"type" enum:"Normal,Warning" doc:"Normal or Warning; without it, both."`
	Reasons   []string        `json:"reasons" example:"[\"FailedScheduling\",\"BackOff\"]" doc:"Reasons that are asked for; without it, any."`
	Since     schema.Duration `json:"since" min:"0s" example:"15m" doc:"How far back they are asked for; without it, all that the cluster still has, which is mostly an hour."`
	Limit     int             `json:"limit" default:"100" min:"1" max:"1000" unit:"events" doc:"How many the output holds, the newest of them."`
}

// Event is something that happened to an object.
type Event struct {
	Time    time.Time `json:"time" required:"true" doc:"When it happened last."`
	Type    string    `json:"type" required:"true" doc:"Normal or Warning."`
	Reason  string    `json:"reason" required:"true" doc:"One word that says why."`
	Kind    string    `json:"kind" required:"true" doc:"Kind of the object that it is about."`
	Name    string    `json:"name" required:"true" doc:"Name of the object that it is about."`
	Message string    `json:"message" required:"true" doc:"A sentence that says what happened."`
	Count   int32     `json:"count" required:"true" unit:"times" doc:"How often it happened."`
	Source  string    `json:"source" required:"true" doc:"Who says so."`
}

// EventsOutput is what events returns.
type EventsOutput struct {
	Events   []Event        `json:"events" required:"true" doc:"What happened, the oldest first."`
	Total    int            `json:"total" required:"true" unit:"events" doc:"How many there are, also those that limit left out."`
	Warnings int            `json:"warnings" required:"true" unit:"events" doc:"How many of them are warnings."`
	ByReason map[string]int `json:"byReason" required:"true" doc:"How many there are of each reason."`
	Cut      bool           `json:"cut" required:"true" doc:"Whether limit left out any."`
}

func (p pods) events() sdk.Action[EventsInput, EventsOutput] {
	return sdk.Action[EventsInput, EventsOutput]{
		Name:    "events",
		Summary: "Read what happened to objects of a namespace",
		Description: "Reads events, sorts them by time and counts them by reason. An event that happened often is one event with a count. " +
			"All are counted, and the newest `limit` of them returned.",
		Effect:     sdk.Read,
		Idempotent: true,
		InPlan:     true,
		Examples: []schema.Example{
			{Title: "Whether anything went wrong since: in a verify, with expr: observed.warnings == 0", With: map[string]any{
				"namespace": "shop", "type": "Warning", "since": "10m",
			}},
			{Title: "About one pod", With: map[string]any{"namespace": "shop", "kind": "Pod", "name": "db-0"}},
		},
		Plan: func(ctx context.Context, call *sdk.Call[EventsInput]) (sdk.Preview, error) {
			if !call.Knows("namespace") {
				return sdk.Preview{Summary: "would read the events of a namespace that is not known yet"}, nil
			}
			namespace := p.In(call.Input.Namespace)
			lacking, err := p.Lacking(ctx, cluster.Right{Verb: "list", Resource: "events", Namespace: namespace})
			return sdk.Preview{Summary: "would read the events of " + namespace, Blockers: lacking}, err
		},
		Apply: func(ctx context.Context, call *sdk.Call[EventsInput]) (EventsOutput, error) {
			out, err := p.readEvents(ctx, call.Input, time.Now())
			if out.Total > 0 {
				call.Progressf("%s", out.summary())
			}
			return out, err
		},
	}
}

func (p pods) readEvents(ctx context.Context, in EventsInput, now time.Time) (EventsOutput, error) {
	namespace := p.In(in.Namespace)
	options := metav1.ListOptions{FieldSelector: in.fieldSelector(), Limit: cluster.PageSize}
	out := EventsOutput{ByReason: map[string]int{}}
	for {
		page, err := p.Kube.CoreV1().Events(namespace).List(ctx, options)
		if err != nil {
			return EventsOutput{}, cluster.FaultIn(ctx, err, "list the events of %s", namespace)
		}
		for _, found := range page.Items {
			event := told(found)
			if in.wants(event, now) {
				out.count(event)
			}
		}
		if options.Continue = page.Continue; options.Continue == "" {
			break
		}
	}
	slices.SortStableFunc(out.Events, func(a, b Event) int { return a.Time.Compare(b.Time) })
	out.Cut = out.Total > in.Limit
	out.Events = out.Events[max(0, out.Total-in.Limit):]
	return out, nil
}

func (o *EventsOutput) count(event Event) {
	o.Events = append(o.Events, event)
	o.Total++
	o.ByReason[event.Reason]++
	if event.Type == corev1.EventTypeWarning {
		o.Warnings++
	}
}

// fieldSelector is what the server sorts out by itself.
func (in EventsInput) fieldSelector() string {
	asked := fields.Set{}
	for field, value := range map[string]string{
		"involvedObject.kind": in.Kind, "involvedObject.name": in.Name, "type": in.Type,
	} {
		if value != "" {
			asked[field] = value
		}
	}
	return asked.AsSelector().String()
}

func (in EventsInput) wants(event Event, now time.Time) bool {
	if in.Since > 0 && event.Time.Before(now.Add(-in.Since.Std())) {
		return false
	}
	return len(in.Reasons) == 0 || slices.Contains(in.Reasons, event.Reason)
}

// told is an event of either of the API's two ways to say how often it happened.
func told(e corev1.Event) Event {
	event := Event{
		Time: cluster.LastTime(e).UTC(), Type: e.Type, Reason: e.Reason, Kind: e.InvolvedObject.Kind, Name: e.InvolvedObject.Name,
		Message: strings.TrimSpace(e.Message), Count: max(1, e.Count), Source: e.Source.Component,
	}
	if event.Source == "" {
		event.Source = e.ReportingController
	}
	if e.Series != nil {
		event.Count = max(1, e.Series.Count)
	}
	return event
}

// summary is "3 BackOff, 1 Failed", for a person.
func (o EventsOutput) summary() string {
	var counts []string
	for _, reason := range slices.Sorted(maps.Keys(o.ByReason)) {
		counts = append(counts, fmt.Sprintf("%d %s", o.ByReason[reason], reason))
	}
	return strings.Join(counts, ", ")
}
