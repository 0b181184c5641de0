package wording_test

import (
	"math"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/limit"
	"github.com/gatebook/gatebook/engine/report/wording"
)

func TestHowMuchOfALimitIsUsed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line limit.Line
		most float64
		want string
	}{
		{limit.Line{Limit: limit.Changes, Max: 20, Used: 12}, 12, "12 of 20 changes"},
		{limit.Line{Limit: limit.Changes, Max: 20, Used: 18}, 21, "18 to 21 of 20 changes"},
		{limit.Line{Limit: limit.Destroys, Max: 1, Used: 2}, 2, "2 of 1 destroy"},
		{limit.Line{Limit: limit.Destroys, Max: 0, Used: 0}, 0, "0 of 0 destroys"},
		{limit.Line{Limit: limit.Targets, Max: math.MaxInt64, Used: 1}, 1, "1 of 9223372036854776000 targets"},
		{limit.Line{Limit: limit.Duration, Max: float64(time.Hour), Used: float64(time.Minute)}, float64(time.Minute), "1m of 1h"},
		{limit.Line{Limit: limit.Cost, Unit: "usd", Max: 1.5, Used: 0.1}, 0.1, "0.1 of 1.5 usd"},
	} {
		if got := wording.Limit(c.line, c.most); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
