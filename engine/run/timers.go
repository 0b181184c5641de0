package run

import (
	"container/heap"
	"time"

	"github.com/gatebook/gatebook/engine/event"
)

// timers are the timers that the machine has asked for, the next one first.
type timers struct{ pending timerHeap }

func (t *timers) add(timer event.Timer) { heap.Push(&t.pending, timer) }

// pop returns the next timer that is due.
func (t *timers) pop(now time.Time) (event.Timer, bool) {
	if len(t.pending) == 0 || t.pending[0].At.After(now) {
		return event.Timer{}, false
	}
	return heap.Pop(&t.pending).(event.Timer), true
}

// untilNext returns how long it is to the next timer; an hour where there is none.
func (t *timers) untilNext(now time.Time) time.Duration {
	if len(t.pending) == 0 {
		return time.Hour
	}
	return max(t.pending[0].At.Sub(now), 0)
}

type timerHeap []event.Timer

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].At.Before(h[j].At) }
func (h timerHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push adds a timer; container/heap calls it.
func (h *timerHeap) Push(x any) { *h = append(*h, x.(event.Timer)) }

// Pop removes the last timer; container/heap calls it.
func (h *timerHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
