package plan

import (
	"math"
	"time"
)

// maxWait is the longest that one wait between attempts can be.
const maxWait = float64(math.MaxInt64 / 2)

// Wait is how long to wait for the next attempt when so many were made: exponential, and
// bounded. A run takes a random part of it, between half and all.
func (r Retry) Wait(made int) time.Duration {
	// Step by step, as a power may overflow, and has another last bit elsewhere.
	wait, longest := float64(r.Delay), r.longestWait()
	for n := 1; n < made && 0 < wait && wait < longest; n++ {
		wait *= max(r.Factor, 1)
	}
	return time.Duration(min(wait, longest))
}

// oneByOne is how many waits are counted one by one: who writes down a million attempts is
// not to wait for that.
const oneByOne = 1000

// Waits is how long all waits between the attempts take together at most, which may be more
// than a [time.Duration] holds: then it is the longest that it does.
func (r Retry) Waits() time.Duration {
	total, left := 0.0, r.Attempts-1
	for made := 1; made <= min(left, oneByOne); made++ {
		total += float64(r.Wait(made))
	}
	if left > oneByOne {
		last := min(float64(r.Delay)*math.Pow(max(r.Factor, 1), float64(left-1)), r.longestWait())
		if r.Delay == 0 {
			last = 0 // and not as often as infinity
		}
		total += last * float64(left-oneByOne) // none of them is longer
	}
	if total >= maxWait {
		return math.MaxInt64
	}
	return time.Duration(total)
}

func (r Retry) longestWait() float64 {
	if r.MaxDelay > 0 {
		return float64(r.MaxDelay)
	}
	return maxWait
}
