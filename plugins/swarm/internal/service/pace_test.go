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
	two, none, hour, at := uint64(2), 0.0, schema.Duration(time.Hour), schema.Duration(0)
	own := swarm.UpdateConfig{Parallelism: 3, Delay: time.Second, FailureAction: "continue", Monitor: time.Minute, MaxFailureRatio: 0.5, Order: "start-first"}
	with := func(change func(*swarm.UpdateConfig)) *swarm.UpdateConfig {
		made := own
		change(&made)
		return &made
	}
	usual := &swarm.UpdateConfig{Parallelism: 1, FailureAction: "pause", Monitor: 5 * time.Second, Order: "stop-first"}
	for name, c := range map[string]struct {
		pace      service.Pace
		canary    uint64 // that the service has had since
		was, want *swarm.UpdateConfig
	}{
		"nothing, of none":      {service.Pace{}, 0, nil, nil},
		"nothing, of its own":   {service.Pace{}, 0, &own, &own},
		"one thing, of none":    {service.Pace{Parallelism: &two}, 0, nil, &swarm.UpdateConfig{Parallelism: 2, FailureAction: "pause", Monitor: 5 * time.Second, Order: "stop-first"}},
		"one thing of its own":  {service.Pace{Delay: &hour}, 0, &own, with(func(c *swarm.UpdateConfig) { c.Delay = time.Hour })},
		"no delay":              {service.Pace{Delay: &at}, 0, &own, with(func(c *swarm.UpdateConfig) { c.Delay = 0 })},
		"all of it":             {service.Pace{&two, &hour, "stop-first", schema.Duration(time.Second), "pause", &none}, 0, &own, &swarm.UpdateConfig{Parallelism: 2, Delay: time.Hour, FailureAction: "pause", Monitor: time.Second, Order: "stop-first"}},
		"after a canary":        {service.Pace{}, 1, &own, &own},
		"after one of a usual":  {service.Pace{}, 1, nil, usual},
		"one thing, after that": {service.Pace{Parallelism: &two}, 1, &own, with(func(c *swarm.UpdateConfig) { c.Parallelism = 2 })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := swarm.ServiceSpec{UpdateConfig: c.was}
			if c.canary > 0 {
				service.SetCanary(&spec, 2, "earlier")
				service.SetCanary(&spec, c.canary, "run") // the pace from before the first counts
				if spec.UpdateConfig.Parallelism != c.canary || spec.UpdateConfig.Delay < 24*time.Hour {
					t.Fatalf("the canary has %+v", spec.UpdateConfig)
				}
			}
			c.pace.Set(&spec)
			if got := spec.UpdateConfig; (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if len(spec.Labels) > 0 {
				t.Errorf("the labels %v stay", spec.Labels)
			}
		})
	}
}

// Who has the update behind a canary go on, as the errors say, changes its delay and no more: the next update
// goes at the pace from before the canary. What he has set for himself stays.
func TestThePaceFromBeforeOutlivesAnUpdateThatGoesOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		was, since, want swarm.UpdateConfig
		label            string // as an earlier gatebook has written it; empty: as it is
	}{
		"no delay":           {swarm.UpdateConfig{Parallelism: 4, Delay: time.Minute}, swarm.UpdateConfig{Parallelism: 2}, swarm.UpdateConfig{Parallelism: 4, Delay: time.Minute}, ""},
		"of the usual":       {swarm.UpdateConfig{Parallelism: 1}, swarm.UpdateConfig{Parallelism: 2}, swarm.UpdateConfig{Parallelism: 1}, ""},
		"a delay":            {swarm.UpdateConfig{Parallelism: 4, Delay: time.Minute}, swarm.UpdateConfig{Parallelism: 2, Delay: time.Second}, swarm.UpdateConfig{Parallelism: 4, Delay: time.Second}, ""},
		"a pace":             {swarm.UpdateConfig{Parallelism: 4, Delay: time.Minute}, swarm.UpdateConfig{Parallelism: 3}, swarm.UpdateConfig{Parallelism: 3}, ""},
		"an earlier label":   {swarm.UpdateConfig{Parallelism: 1}, swarm.UpdateConfig{Parallelism: 2, Delay: 30 * 24 * time.Hour}, swarm.UpdateConfig{Parallelism: 4, Delay: time.Minute}, "4 1m0s"},
		"a label of nothing": {swarm.UpdateConfig{Parallelism: 1}, swarm.UpdateConfig{Parallelism: 2, Delay: 30 * 24 * time.Hour}, swarm.UpdateConfig{Parallelism: 1}, "4 minutes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := swarm.ServiceSpec{UpdateConfig: &c.was}
			service.SetCanary(&spec, 2, "run")
			*spec.UpdateConfig = c.since
			if c.label != "" {
				spec.Labels = map[string]string{"gatebook.dev/pace": c.label}
			}
			service.Pace{}.Set(&spec)
			if *spec.UpdateConfig != c.want || len(spec.Labels) > 0 {
				t.Errorf("got %+v and the labels %v, want %+v", spec.UpdateConfig, spec.Labels, c.want)
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
	var canary swarm.ServiceSpec
	service.SetCanary(&canary, 1, "")
	for name, c := range map[string]struct {
		pace *swarm.UpdateConfig
		want time.Duration
	}{
		"one after the other": {nil, 35 * time.Second},
		"two at a time":       {&swarm.UpdateConfig{Parallelism: 2, Delay: 10 * time.Second, Monitor: time.Minute}, 98 * time.Second},
		"all at once":         {&swarm.UpdateConfig{Monitor: time.Second}, 7 * time.Second},
		"a canary":            {canary.UpdateConfig, 11 * time.Second},
	} {
		if got := service.Estimate(of(c.pace)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
