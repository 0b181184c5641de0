package main

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// remembered is how many of the last latencies count.
const remembered = 1000

// Traffic is what was seen of a number of requests.
type Traffic struct {
	Requests  int     `json:"requests"`
	Failed    int     `json:"failed"`
	ErrorRate float64 `json:"errorRate"` // of all requests, 0 to 1
	P50Ms     float64 `json:"p50Ms"`     // half of the last thousand were faster
	P95Ms     float64 `json:"p95Ms"`     // 95 % of the last thousand were faster
}

// String says it in one line.
func (t Traffic) String() string {
	return fmt.Sprintf("%d requests, %d failed; half within %.0f ms, 95 %% within %.0f ms", t.Requests, t.Failed, t.P50Ms, t.P95Ms)
}

// meter counts requests. It is safe for concurrent use; its zero value is ready.
type meter struct {
	mu        sync.Mutex
	requests  int
	failed    int
	latencies []time.Duration // a ring, once it is full
}

func (m *meter) add(took time.Duration, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.latencies) < remembered {
		m.latencies = append(m.latencies, took)
	} else {
		m.latencies[m.requests%remembered] = took
	}
	m.requests++
	if !ok {
		m.failed++
	}
}

// reset forgets everything, so that a new release is judged by itself alone.
func (m *meter) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests, m.failed, m.latencies = 0, 0, nil
}

func (m *meter) traffic() Traffic {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := Traffic{Requests: m.requests, Failed: m.failed}
	if t.Requests == 0 {
		return t
	}
	t.ErrorRate = float64(t.Failed) / float64(t.Requests)
	sorted := slices.Sorted(slices.Values(m.latencies))
	t.P50Ms, t.P95Ms = milliseconds(percentile(sorted, 50)), milliseconds(percentile(sorted, 95))
	return t
}

// percentile returns the smallest value that p percent of the sorted ones do not exceed.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[(len(sorted)*p+99)/100-1]
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Round(10*time.Microsecond)) / float64(time.Millisecond)
}
