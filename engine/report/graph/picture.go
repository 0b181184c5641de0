package graph

import (
	"fmt"
	"io"
	"strings"

	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/placement"
)

// Sizes in a picture, in its own units, which are pixels where nobody scales it.
const (
	beside  = 18
	below   = 28
	margin  = 16
	inset   = 14 // from the edge of a box to its text
	line    = 17 // from line to line in a box
	top     = 19 // from the upper edge to the first line
	mono    = 7  // how wide a column of the smaller text is, or a little less
	sans    = 8  // and of the larger
	tagged  = 12 // what the word for the effect takes beside its letters
	widest  = 30 // columns of a title
	longest = 46 // columns of what is below it
	badge   = 18 // what the line below takes, where there is one
	chip    = 22 // how high the name of a step is in a box of many
	chipGap = 6
	screen  = 1160 // what is wider is drawn from left to right, where it is narrower so
	across  = 620  // how wide the names in a box become, about
	dot     = 10   // the point at which finally is joined to the others
	legend  = 34
	foot    = 14 // what the frame of finally takes below its boxes, beyond the margin
)

// named is how many steps a box of a page names itself. Of more it says how many they are,
// and leads to where they are.
const named = 12

// Picture is a graph drawn for a page, which has the steps as sections of its own.
type Picture struct {
	Markup string // an svg element; its classes are those of [Style]
	Width  int
	Height int
	Groups []Group // the boxes that do not name their steps
}

// Group is steps that are drawn as one box.
type Group struct {
	Anchor string // where the box leads
	Title  string
	Levels [][]Node // those of one level may run at one time
}

// Anchor is what the section of a step is called in a page, so that its box leads there.
func Anchor(step string) string { return "step-" + step }

// Draw draws a graph as a part of a page.
func Draw(g Graph) (Picture, error) {
	d, err := newDrawing(g, true)
	if err != nil {
		return Picture{}, err
	}
	out := &layout.Page{}
	d.write(out, "")
	p := Picture{Markup: out.Text(), Width: d.width, Height: d.height}
	for i, b := range d.boxes {
		if b.closed() {
			p.Groups = append(p.Groups, Group{Anchor: groupAnchor(i), Title: d.title(b.box), Levels: d.byLevel(b)})
		}
	}
	return p, nil
}

// SVG writes a graph as a picture that needs nothing else.
func SVG(w io.Writer, g Graph) error {
	d, err := newDrawing(g, false)
	if err != nil {
		return err
	}
	out := &layout.Page{}
	d.write(out, layout.Palette()+Style())
	return out.Print(w)
}

// drawing is a graph of which everything has its place.
type drawing struct {
	shape
	folding
	boxes  []drawn
	lines  [][]placement.Point
	seams  []seamLine
	joint  *placement.Point // where finally is joined to the others
	width  int
	height int
	paged  bool // its boxes lead to sections of the page that it is on
	// sideways says that a step stands to the right of those that it waits for, and not below.
	sideways bool
}

// drawn is a box with its size and place.
type drawn struct {
	box
	at            placement.Point // its upper left corner
	width, height int
	rows          [][]int // the steps that it names, row by row
	chip          int     // how wide each name is
}

// closed reports whether the steps of a box are named elsewhere.
func (b drawn) closed() bool { return !b.single() && b.rows == nil }

// seamLine is a line to the joint of finally or from it.
type seamLine struct {
	points []placement.Point
	arrow  bool
}

func groupAnchor(i int) string { return fmt.Sprintf("group-%d", i+1) }

// newDrawing folds a graph, measures its boxes, and has them placed.
func newDrawing(g Graph, paged bool) (*drawing, error) {
	s := shapeOf(g)
	d := &drawing{shape: s, folding: s.fold(), paged: paged}
	for _, b := range d.folding.boxes {
		d.boxes = append(d.boxes, d.measure(b))
	}
	boxes := make([]placement.Box, 0, len(d.boxes)+1)
	for _, b := range d.boxes {
		boxes = append(boxes, placement.Box{Width: b.width, Height: b.height})
	}
	lines := make([]placement.Line, 0, len(d.folding.lines))
	for _, l := range d.folding.lines {
		lines = append(lines, placement.Line{From: l.from, To: l.to})
	}
	ends, begins := d.joined(d.folding)
	if len(begins) > 0 {
		boxes = append(boxes, placement.Box{Width: dot, Height: dot})
		for _, end := range ends {
			lines = append(lines, placement.Line{From: end, To: len(d.boxes)})
		}
		for _, begin := range begins {
			lines = append(lines, placement.Line{From: len(d.boxes), To: begin, Length: 2}) // room for a heading
		}
	}
	placed, err := placement.Of(boxes, lines, placement.Gaps{Beside: beside, Below: below})
	if err != nil {
		return nil, err
	}
	if placed.Width > screen && len(boxes) <= maxSideways {
		turned, err := sideways(boxes, lines)
		if err != nil {
			return nil, err
		}
		if d.sideways = turned.Width < placed.Width; d.sideways {
			placed = turned
		}
	}
	d.take(placed, lines, len(ends))
	return d, nil
}

// maxSideways is how many boxes are placed once more, to see whether they are narrower so.
const maxSideways = 60

// sideways places boxes from left to right: as from top to bottom, on a sheet that is turned.
func sideways(boxes []placement.Box, lines []placement.Line) (placement.Drawing, error) {
	turned := make([]placement.Box, len(boxes))
	for i, b := range boxes {
		turned[i] = placement.Box{Width: b.Height, Height: b.Width}
	}
	placed, err := placement.Of(turned, lines, placement.Gaps{Beside: beside, Below: 2 * below})
	placed.Width, placed.Height = placed.Height, placed.Width
	for i, p := range placed.Boxes {
		placed.Boxes[i] = turn(p)
	}
	for _, points := range placed.Lines {
		for i, p := range points {
			points[i] = turn(p)
		}
	}
	return placed, err
}

// turn is where a point is on a sheet that is turned.
func turn(p placement.Point) placement.Point { return placement.Point{X: p.Y, Y: p.X} }

// take moves everything to where it was placed, within the margin.
func (d *drawing) take(placed placement.Drawing, lines []placement.Line, ends int) {
	narrowest := 0
	for _, m := range d.meanings() {
		narrowest += m.width()
	}
	d.width, d.height = max(placed.Width, narrowest)+2*margin, placed.Height+2*margin+legend
	aside := (d.width - placed.Width) / 2
	move := func(p placement.Point) placement.Point { return placement.Point{X: p.X + aside, Y: p.Y + margin} }
	for i := range d.boxes {
		b, at := &d.boxes[i], move(placed.Boxes[i])
		b.at = placement.Point{X: at.X - b.width/2, Y: at.Y - b.height/2}
	}
	if len(placed.Boxes) > len(d.boxes) {
		d.height += foot
		at := move(placed.Boxes[len(d.boxes)])
		d.joint = &at
	}
	for i, points := range placed.Lines {
		for j := range points {
			points[j] = move(points[j])
		}
		if len(points) == 3 {
			points = []placement.Point{points[0], points[2]} // to the next layer: no bend
		}
		d.moor(points, lines[i])
		if seam := i - len(d.folding.lines); seam >= 0 {
			d.seams = append(d.seams, seamLine{points: points, arrow: seam >= ends})
			continue
		}
		d.lines = append(d.lines, points)
	}
}

// moor has a line leave its box at the lower edge and reach the other at the upper one, where
// its next bend is nearest; sideways at the right edge, and the left one.
func (d *drawing) moor(points []placement.Point, l placement.Line) {
	if d.sideways {
		d.moorSideways(points, l)
		return
	}
	last := len(points) - 1
	towards := func(b drawn, x int) int {
		middle, reach := b.at.X+b.width/2, b.width/2-2*inset
		return min(max(x, middle-reach), middle+reach)
	}
	if l.From < len(d.boxes) {
		b := d.boxes[l.From]
		points[0] = placement.Point{X: towards(b, points[1].X), Y: b.at.Y + b.height}
	}
	if l.To < len(d.boxes) {
		b := d.boxes[l.To]
		points[last] = placement.Point{X: towards(b, points[last-1].X), Y: b.at.Y}
	}
}

func (d *drawing) moorSideways(points []placement.Point, l placement.Line) {
	last := len(points) - 1
	towards := func(b drawn, y int) int {
		middle, reach := b.at.Y+b.height/2, b.height/2-inset
		return min(max(y, middle-reach), middle+reach)
	}
	if l.From < len(d.boxes) {
		b := d.boxes[l.From]
		points[0] = placement.Point{X: b.at.X + b.width, Y: towards(b, points[1].Y)}
	}
	if l.To < len(d.boxes) {
		b := d.boxes[l.To]
		points[last] = placement.Point{X: b.at.X, Y: towards(b, points[last-1].Y)}
	}
}

// measure finds how large a box must be for what it says.
func (d *drawing) measure(b box) drawn {
	said := d.say(b)
	m := drawn{box: b, width: layout.Width(said.title)*sans + len(said.tag)*mono + tagged + 2*inset, height: top + line + 8}
	m.width = max(m.width, layout.Width(said.below)*mono+2*inset, layout.Width(strings.Join(said.badges, " · "))*mono+2*inset)
	if len(said.badges) > 0 {
		m.height += badge
	}
	if b.single() || d.paged && len(b.steps) > named {
		return m
	}
	for _, step := range b.steps {
		m.chip = max(m.chip, layout.Width(d.Nodes[step].ID)*mono+26)
	}
	m.rows = d.rows(b, max(1, across/(m.chip+chipGap)))
	most := 0
	for _, row := range m.rows {
		most = max(most, len(row))
	}
	m.width = max(m.width, most*(m.chip+chipGap)-chipGap+2*inset)
	m.height += len(m.rows)*(chip+chipGap) + 4
	return m
}

// rows arranges the steps of a box, at most so many in a row. Where some may run at one
// time each level begins a row, so that it can be seen which.
func (d *drawing) rows(b box, most int) [][]int {
	levels := d.levelsOf(b)
	if len(levels) == len(b.steps) || len(levels) == 1 {
		levels = [][]int{b.steps}
		if len(b.steps) <= named {
			most = min(most, 4)
		}
		rows := (len(b.steps) + most - 1) / most
		most = (len(b.steps) + rows - 1) / rows // no row is much shorter than the others
	}
	var rows [][]int
	for _, steps := range levels {
		for len(steps) > most {
			rows, steps = append(rows, steps[:most]), steps[most:]
		}
		rows = append(rows, steps)
	}
	return rows
}

// levelsOf are the steps of a box by their levels.
func (d *drawing) levelsOf(b box) [][]int {
	levels := make([][]int, b.last-b.first+1)
	for _, step := range b.steps {
		at := d.levels[step] - b.first
		levels[at] = append(levels[at], step)
	}
	return levels
}

func (d *drawing) byLevel(b drawn) [][]Node {
	var levels [][]Node
	for _, steps := range d.levelsOf(b.box) {
		var nodes []Node
		for _, step := range steps {
			nodes = append(nodes, d.Nodes[step])
		}
		levels = append(levels, nodes)
	}
	return levels
}
