package service_test

import (
	"testing"
	"time"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/swarm/internal/service"
	"github.com/gatebook/gatebook/schema"
)

// What is not given stays as the service has it, and what a canary has set for itself does not stay.
func TestAPaceChangesWhatIsGiven(t *testing.T) {
	t.Parallel()
	two, none, hour, atOnce := uint64(2), 0.0, schema.Duration(time.Hour), schema.Duration(0)
	own := &swarm.UpdateConfig{Parallelism: 3, Delay: time.Second, FailureAction: "continue", Monitor: time.Minute, MaxFailureRatio: 0.5, Order: "start-first"}
	canary := service.Canary(own, 1)
	for name, c := range map[string]struct {
		pace      service.Pace
		was, want *swarm.UpdateConfig
	}{
		"nothing, of none":     {service.Pace{}, nil, nil},
		"nothing, of its own":  {service.Pace{}, own, own},
		"one thing, of none":   {service.Pace{Parallelism: &two}, nil, &swarm.UpdateConfig{Parallelism: 2, FailureAction: "pause", Monitor: 5 * time.Second, Order: "stop-first"}},
		"one thing of its own": {service.Pace{Delay: &hour}, own, &swarm.UpdateConfig{Parallelism: 3, Delay: time.Hour, FailureAction: "continue", Monitor: time.Minute, MaxFailureRatio: 0.5, Order: "start-first"}},
		"no delay any more":    {service.Pace{Delay: &atOnce}, own, &swarm.UpdateConfig{Parallelism: 3, FailureAction: "continue", Monitor: time.Minute, MaxFailureRatio: 0.5, Order: "start-first"}},
		"all of it": {
			service.Pace{&two, &hour, "stop-first", schema.Duration(time.Second), "pause", &none},
			own,
			&swarm.UpdateConfig{Parallelism: 2, Delay: time.Hour, FailureAction: "pause", Monitor: time.Second, Order: "stop-first"},
		},
		"after a canary": {service.Pace{}, canary, &swarm.UpdateConfig{Parallelism: 1, FailureAction: "continue", Monitor: time.Minute, MaxFailureRatio: 0.5, Order: "start-first"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := c.pace.Of(c.was)
			if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestAnEstimateCountsBatches(t *testing.T) {
	t.Parallel()
	five := uint64(5)
	of := func(pace *swarm.UpdateConfig) swarm.ServiceSpec {
		return swarm.ServiceSpec{Mode: swarm.ServiceMode{Replicated: &swarm.ReplicatedService{Replicas: &five}}, UpdateConfig: pace}
	}
	for name, c := range map[string]struct {
		pace *swarm.UpdateConfig
		want time.Duration
	}{
		"one after the other": {nil, 35 * time.Second},
		"two at a time":       {&swarm.UpdateConfig{Parallelism: 2, Delay: 10 * time.Second, Monitor: time.Minute}, 98 * time.Second},
		"all at once":         {&swarm.UpdateConfig{Monitor: time.Second}, 7 * time.Second},
		"a canary":            {service.Canary(nil, 1), 11 * time.Second},
	} {
		if got := service.Estimate(of(c.pace)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
