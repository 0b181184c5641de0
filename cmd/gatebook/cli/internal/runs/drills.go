package runs

import (
	"cmp"
	"slices"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/report/history"
)

// Drills returns of each runbook its last drill and its last good one, of the runs that pass the
// filter, the runbook with the newest drill first, and at most limit of them; and the runs that cannot be read, which may have been drills.
func (r *Runs) Drills(filter history.Filter, limit int) (drilled []history.Drilled, unread []string, err error) {
	all, err := r.Engine.Store().List()
	if err != nil {
		return nil, nil, console.Usage("", "%v", err)
	}
	rows := map[string]*history.Drilled{}
	for entry := range all {
		began, good, err := engine.GoodDrill(entry)
		if err != nil {
			unread = append(unread, entry.Run.ID())
			continue
		}
		if !began.IsDrill() || !filter.Keep(r.record(entry)) {
			continue
		}
		row, known := rows[began.Runbook]
		if known && (good == nil || row.Good != nil && !row.Good.Measured.At.Before(good.At)) {
			continue
		}
		drill, err := r.drill(entry)
		if err != nil {
			unread = append(unread, entry.Run.ID())
			continue
		}
		if !known {
			row = &history.Drilled{Runbook: began.Runbook, Last: drill}
			rows[began.Runbook] = row
		}
		if good != nil {
			row.Good = &drill
		}
	}
	drilled = make([]history.Drilled, 0, len(rows))
	for _, row := range rows {
		drilled = append(drilled, *row)
	}
	slices.SortFunc(drilled, func(a, b history.Drilled) int {
		return cmp.Or(b.Last.Date.Compare(a.Last.Date), cmp.Compare(a.Runbook, b.Runbook))
	})
	if limit > 0 && len(drilled) > limit {
		drilled = drilled[:limit]
	}
	return drilled, unread, nil
}

// drill reads a run as a whole: how long it waited is in no other place.
func (r *Runs) drill(entry journal.Entry) (history.Drill, error) {
	found, err := r.look(entry.Run)
	if err != nil {
		return history.Drill{}, err
	}
	return history.DrillOf(found.Status, r.Now()), nil
}
