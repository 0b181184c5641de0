package placement

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
)

func TestDagreIsAsItWasPublished(t *testing.T) {
	t.Parallel()
	if sum := sha256.Sum256([]byte(dagre)); hex.EncodeToString(sum[:]) != dagreSHA256 {
		t.Errorf("dagre.min.js has the checksum %x; that of the version %s is %s", sum, dagreVersion, dagreSHA256)
	}
}

func TestNothingIsPlacedNowhere(t *testing.T) {
	t.Parallel()
	drawing, err := Of(nil, nil, Gaps{})
	if err != nil || drawing.Width != 0 || drawing.Height != 0 {
		t.Errorf("got %+v, %v", drawing, err)
	}
}

// random makes boxes, and lines of which none leads back.
func random(seed uint64) (boxes []Box, lines []Line) {
	by := rand.New(rand.NewPCG(seed, seed))
	for to := range 1 + by.IntN(8) {
		boxes = append(boxes, Box{Width: 1 + by.IntN(300), Height: 1 + by.IntN(100)})
		for from := range to {
			if by.IntN(3) == 0 {
				lines = append(lines, Line{From: from, To: to, Length: by.IntN(3)})
			}
		}
	}
	return boxes, lines
}

// Of any boxes without a cycle: none covers another, each is below those that lead to it,
// all are within the drawing, lines too, which begin and end at their boxes.
func TestBoxesAreBelowThoseThatLeadToThem(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			boxes, lines := random(seed)
			drawing, err := Of(boxes, lines, Gaps{Beside: 10, Below: 20})
			if err != nil {
				t.Fatal(err)
			}
			for i, box := range boxes {
				at := drawing.Boxes[i]
				if at.X-box.Width/2 < -1 || at.Y-box.Height/2 < -1 || at.X+box.Width/2 > drawing.Width+1 || at.Y+box.Height/2 > drawing.Height+1 {
					t.Errorf("box %d at %v of %v is outside of %d × %d", i, at, box, drawing.Width, drawing.Height)
				}
				for j, other := range boxes[:i] {
					there := drawing.Boxes[j]
					if 2*abs(at.X-there.X)+2 < box.Width+other.Width && 2*abs(at.Y-there.Y)+2 < box.Height+other.Height {
						t.Errorf("box %d at %v of %v covers box %d at %v of %v", i, at, box, j, there, other)
					}
				}
			}
			for i, line := range lines {
				points := drawing.Lines[i]
				from, to := drawing.Boxes[line.From], drawing.Boxes[line.To]
				if to.Y <= from.Y || points[0].Y < from.Y || points[len(points)-1].Y > to.Y {
					t.Errorf("line %+v leads from %v to %v by %v", line, from, to, points)
				}
				for _, p := range points {
					if p.X < 0 || p.X > drawing.Width || p.Y < 0 || p.Y > drawing.Height {
						t.Errorf("line %+v leads by %v, outside of %d × %d", line, p, drawing.Width, drawing.Height)
					}
				}
			}
		})
	}
}

func TestTheSameBoxesAreAlwaysAtTheSamePlaces(t *testing.T) {
	t.Parallel()
	boxes := []Box{{80, 20}, {60, 30}, {100, 20}, {40, 40}}
	lines := []Line{{From: 0, To: 2}, {From: 1, To: 2}, {From: 0, To: 3}, {From: 1, To: 3, Length: 2}}
	first, err := Of(boxes, lines, Gaps{Beside: 10, Below: 20})
	if err != nil {
		t.Fatal(err)
	}
	second, err := Of(boxes, lines, Gaps{Beside: 10, Below: 20})
	if err != nil || !reflect.DeepEqual(first, second) {
		t.Errorf("first %+v, then %+v, %v", first, second, err)
	}
}

func abs(n int) int { return max(n, -n) }
