package service

import (
	"cmp"
	"time"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/schema"
)

// Pace is how an update goes. What is not given stays as the service has it.
type Pace struct {
	Parallelism     *uint64          `json:"parallelism" min:"0" unit:"tasks" example:"2" doc:"How many tasks are replaced at one time; 0 is all of them."`
	Delay           *schema.Duration `json:"delay" min:"0s" example:"10s" doc:"How long to wait between one batch and the next; 0s is not at all."`
	Order           string           `json:"order" enum:"stop-first,start-first" doc:"Whether a task is stopped before its replacement starts, or after that is healthy."`
	Monitor         schema.Duration  `json:"monitor" min:"1ms" example:"30s" doc:"How long the engine watches each new task for failure, and how long all of them must have stayed healthy at the end. Without it, as long as the service says, or else 5s."`
	FailureAction   string           `json:"failureAction" enum:"pause,continue,rollback" doc:"What the engine does when tasks fail: stop the update, go on with it, or put back by itself what was there before. The step fails in each case."`
	MaxFailureRatio *float64         `json:"maxFailureRatio" min:"0" max:"1" unit:"of the tasks" example:"0.25" doc:"How many may fail before that."`
}

// PaceParams returns the names of the parameters of a [Pace].
func PaceParams() []string {
	return []string{"parallelism", "delay", "order", "monitor", "failureAction", "maxFailureRatio"}
}

const (
	// defaultMonitor is how long an engine watches a new task where a service says nothing.
	defaultMonitor = 5 * time.Second
)

// usual is what an engine goes by where a service says nothing.
func usual() *swarm.UpdateConfig {
	return &swarm.UpdateConfig{Parallelism: 1, FailureAction: swarm.UpdateFailureActionPause, Monitor: defaultMonitor, Order: swarm.UpdateOrderStopFirst}
}

// Set gives a service this pace. What an earlier canary has set for itself is not gone on with.
func (p Pace) Set(of *swarm.ServiceSpec) {
	uncanary(of)
	if p == (Pace{}) {
		return
	}
	made := *cmp.Or(of.UpdateConfig, usual())
	if p.Parallelism != nil {
		made.Parallelism = *p.Parallelism
	}
	if p.Delay != nil {
		made.Delay = p.Delay.Std()
	}
	if p.MaxFailureRatio != nil {
		made.MaxFailureRatio = float32(*p.MaxFailureRatio)
	}
	made.Monitor = cmp.Or(p.Monitor.Std(), made.Monitor)
	made.Order = cmp.Or(swarm.UpdateOrder(p.Order), made.Order)
	made.FailureAction = cmp.Or(swarm.FailureAction(p.FailureAction), made.FailureAction)
	of.UpdateConfig = &made
}

// stop is how long the engine takes for a task to be replaced, where all goes well.
const stop = 6 * time.Second

// Estimate is how long an update takes at the pace of a spec, where all goes well: batch after
// batch, and then the watch over all.
func Estimate(of swarm.ServiceSpec) time.Duration {
	pace, tasks := cmp.Or(of.UpdateConfig, usual()), max(Replicas(of), 1)
	at := pace.Parallelism
	if at == 0 {
		at = tasks
	}
	if isCanary(pace) {
		tasks = min(at, tasks)
	}
	batches := time.Duration((tasks + at - 1) / at)
	estimate := batches*stop + Monitor(of)
	if !isCanary(pace) {
		estimate += (batches - 1) * pace.Delay
	}
	return estimate
}

// Monitor is how long a service is watched for failures.
func Monitor(of swarm.ServiceSpec) time.Duration {
	if of.UpdateConfig == nil {
		return defaultMonitor
	}
	return cmp.Or(of.UpdateConfig.Monitor, defaultMonitor)
}
