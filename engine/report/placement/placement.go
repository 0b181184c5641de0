package placement

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/dop251/goja"
)

// What of dagre is embedded: the file of its package that browsers load, byte for byte.
const (
	dagreVersion = "3.1.3"
	dagreSHA256  = "54a503e346f93ca0bb10abe7999587e037262935687aca45eb4e4b0f64bbb578"
)

//go:embed dagre/dagre.min.js
var dagre string

// place hands boxes and lines to dagre and takes what it found back.
//
//go:embed place.js
var place string

// maxCalls is how deep dagre may call: it walks along the longest way, which is as long as
// there are boxes. The interpreter's own stack has no other end.
const maxCalls = 20_000

// Box is the size of something to be placed.
type Box struct {
	Width  int `json:"width"`
	Height int `json:"height"`
}

// Line leads from one box down to another, each given by its place in the list of boxes.
// There are no two lines between the same boxes, and no way leads back to where it began.
type Line struct {
	From int `json:"from"`
	To   int `json:"to"`
	// Length is how many layers the line spans at least; 0 means 1.
	Length int `json:"length,omitempty"`
}

// Gaps is how far boxes are kept from each other.
type Gaps struct {
	Beside int `json:"beside"`
	Below  int `json:"below"`
}

// Point is a place in the drawing, whose upper left corner is the origin.
type Point struct {
	X int `json:"x"`
	Y int `json:"y"`
}

// Drawing is where everything goes.
type Drawing struct {
	Width  int       `json:"width"`
	Height int       `json:"height"`
	Boxes  []Point   `json:"boxes"` // their centres, in the order in which they were given
	Lines  [][]Point `json:"lines"` // their ends and bends, likewise
}

// Of places boxes and the lines between them.
func Of(boxes []Box, lines []Line, gaps Gaps) (Drawing, error) {
	given, err := json.Marshal(map[string]any{"boxes": boxes, "lines": lines, "gaps": gaps})
	if err != nil {
		return Drawing{}, fmt.Errorf("place the boxes of a drawing: %w", err)
	}
	found, err := run(string(given))
	if err != nil {
		return Drawing{}, fmt.Errorf("place %d boxes and %d lines with dagre %s: %w", len(boxes), len(lines), dagreVersion, err)
	}
	var drawing Drawing
	if err := json.Unmarshal([]byte(found), &drawing); err != nil {
		return Drawing{}, fmt.Errorf("read where dagre %s places boxes: %w", dagreVersion, err)
	}
	return drawing, nil
}

// run calls the function of place.js, from JSON to JSON. Each call has an interpreter of
// its own: they may not be shared.
func run(given string) (string, error) {
	vm := goja.New()
	vm.SetMaxCallStackSize(maxCalls)
	if _, err := vm.RunScript("dagre.min.js", dagre); err != nil {
		return "", err
	}
	function, err := vm.RunScript("place.js", place)
	if err != nil {
		return "", err
	}
	call, ok := goja.AssertFunction(function)
	if !ok {
		return "", fmt.Errorf("place.js is %s and not a function", function)
	}
	found, err := call(goja.Undefined(), vm.ToValue(given))
	if err != nil {
		return "", err
	}
	return found.String(), nil
}
