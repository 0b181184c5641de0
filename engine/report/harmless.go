package report

import "github.com/gatebook/gatebook/engine/event"

// harmless returns an event in which the names that came from outside (of people,
// hosts, files, fields) cannot steer a terminal. It is done once, where events are
// taken in, so that no printer can forget it. Texts of several lines (messages,
// reasons, expressions) stay, and are made lines of where they are printed.
func harmless(e event.Event) event.Event {
	e.By, e.Name, e.Action = Line(e.By), Line(e.Name), Line(e.Action)
	if e.Run != nil {
		run := *e.Run
		for _, name := range []*string{&run.ID, &run.Runbook, &run.Version, &run.File, &run.Digest, &run.PlanDigest, &run.Gatebook, &run.By, &run.Lock} {
			*name = Line(*name)
		}
		run.Process = harmlessProcess(run.Process)
		e.Run = &run
	}
	if e.Process != nil {
		process := harmlessProcess(*e.Process)
		e.Process = &process
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
	p.Host, p.User, p.Version = Line(p.Host), Line(p.User), Line(p.Version)
	return p
}

func harmlessFailure(f *event.Failure) *event.Failure {
	if f == nil || Line(f.Field) == f.Field {
		return f
	}
	clean := *f
	clean.Field = Line(f.Field)
	return &clean
}
