package service

import (
	"cmp"
	"fmt"
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
	// held is the delay that keeps the tasks behind a canary from being updated: longer than
	// anybody waits.
	held = 30 * 24 * time.Hour
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

// paceLabel is the label of a service with a canary that says the pace it had before, where that is not the
// engine's usual one, and of how many tasks the canary is: "2 10s 1" for two tasks at a time, ten seconds
// after each other, behind a canary of one.
const paceLabel = "gatebook.dev/pace"

// SetCanary gives a service a pace at which so many tasks are updated at once, and no more.
func SetCanary(of *swarm.ServiceSpec, tasks uint64) {
	uncanary(of)
	made := *cmp.Or(of.UpdateConfig, usual())
	if made.Parallelism != usual().Parallelism || made.Delay != usual().Delay || tasks != usual().Parallelism {
		if of.Labels == nil {
			of.Labels = map[string]string{}
		}
		of.Labels[paceLabel] = fmt.Sprintf("%d %s %d", made.Parallelism, made.Delay, tasks)
	}
	made.Parallelism, made.Delay = tasks, held
	of.UpdateConfig = &made
}

// uncanary gives a service with a canary back the pace from before. So it does where somebody has had the
// update go on as [leftByCanary] tells him to, without a delay; what else he has set since is his, and stays.
func uncanary(of *swarm.ServiceSpec) {
	was := of.Labels[paceLabel]
	delete(of.Labels, paceLabel)
	if of.UpdateConfig == nil {
		return
	}
	made, before, canary := *of.UpdateConfig, *usual(), uint64(0)
	var delay string
	read, _ := fmt.Sscan(was, &before.Parallelism, &delay, &canary)
	after, err := time.ParseDuration(delay)
	if read < 2 || err != nil {
		before.Parallelism, after = usual().Parallelism, usual().Delay
	}
	switch {
	case isCanary(&made):
		made.Parallelism, made.Delay = before.Parallelism, after
	case canary > 0 && made.Parallelism == canary:
		made.Parallelism = before.Parallelism
		if made.Delay == 0 {
			made.Delay = after
		}
	}
	of.UpdateConfig = &made
}

// isCanary says of a pace that it is one of [SetCanary].
func isCanary(pace *swarm.UpdateConfig) bool { return pace != nil && pace.Delay == held }

// leftByCanary says of a service at the pace of a canary what that means for others; empty: it has another.
func leftByCanary(of swarm.ServiceSpec) string {
	if !isCanary(of.UpdateConfig) {
		return ""
	}
	return fmt.Sprintf("the service has the pace of a canary, by which an update waits %d days behind its first tasks", held/(24*time.Hour))
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
