package wording

import (
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// Harmless returns an event in which the names that came from outside (of people,
// hosts, files, fields) cannot steer a terminal. It is done once, where events are
// taken in, so that no printer can forget it. Texts of several lines (messages,
// reasons, expressions) stay, and are made lines of where they are printed.
func Harmless(e event.Event) event.Event {
	e.By, e.Name, e.Action = layout.Line(e.By), layout.Line(e.Name), layout.Line(e.Action)
	if e.Run != nil {
		run := *e.Run
		for _, name := range []*string{&run.ID, &run.Runbook, &run.Version, &run.File, &run.Digest, &run.PlanDigest, &run.Seal, &run.Gatebook, &run.By, &run.Lock} {
			*name = layout.Line(*name)
		}
		run.Process = harmlessProcess(run.Process)
		e.Run = &run
	}
	if e.Process != nil {
		process := harmlessProcess(*e.Process)
		e.Process = &process
	}
	if e.Target != nil {
		target := *e.Target
		for _, name := range []*string{&target.Connection, &target.Plugin, &target.ID, &target.Title} {
			*name = layout.Line(*name)
		}
		e.Target = &target
	}
	e.Failure = harmlessFailure(e.Failure)
	if e.Result != nil && e.Result.Failure != nil {
		result := *e.Result
		result.Failure = harmlessFailure(result.Failure)
		e.Result = &result
	}
	return e
}

func harmlessProcess(p event.Process) event.Process {
	p.Host, p.User, p.Version = layout.Line(p.Host), layout.Line(p.User), layout.Line(p.Version)
	return p
}

func harmlessFailure(f *event.Failure) *event.Failure {
	if f == nil {
		return nil
	}
	clean := *f
	clean.Field, clean.Connection = layout.Line(f.Field), layout.Line(f.Connection)
	if f.Place != nil {
		place := *f.Place
		place.File = layout.Line(place.File)
		clean.Place = &place
	}
	return &clean
}
