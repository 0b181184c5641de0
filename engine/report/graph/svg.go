package graph

import (
	_ "embed"
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/placement"
	"github.com/gatebook/gatebook/plugins/sdk"
)

//go:embed picture.css
var style string

// Style is how pictures look, in the colours of [layout.Palette].
func Style() string { return style }

// write adds the picture as an svg element; with a style it is one that stands alone.
func (d *drawing) write(out *layout.Page, style string) {
	out.Linef(`<svg xmlns="http://www.w3.org/2000/svg" class="graph" role="group" aria-label="%s" width="%d" height="%d" viewBox="0 0 %d %d">`,
		html.EscapeString("The steps of "+layout.Line(d.Name)+" and what they wait for"), d.width, d.height, d.width, d.height)
	if style != "" {
		out.Linef("<style>\n%s</style>", style)
		out.Linef(`<rect class="ground" width="%d" height="%d"/>`, d.width, d.height)
	}
	out.Linef(`<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto" markerUnits="userSpaceOnUse"><path class="arrow" d="M0 0L8 4L0 8z"/></marker></defs>`)
	d.frame(out)
	for i, l := range d.folding.lines {
		class := "edge"
		if l.follows() {
			class = "edge follows"
		}
		d.edge(out, class, l.reasons(), d.lines[i], true)
	}
	for _, s := range d.seams {
		d.edge(out, "edge seam", "finally begins when all other steps have ended, however they ended", s.points, s.arrow)
	}
	if d.joint != nil {
		out.Linef(`<circle class="joint" cx="%d" cy="%d" r="%d"/>`, d.joint.X, d.joint.Y, dot/2)
	}
	for i, b := range d.boxes {
		d.box(out, i, b)
	}
	d.legend(out)
	out.Linef(`</svg>`)
}

// frame is what the steps of finally are in. Its heading is at the lower edge, as lines come
// from above.
func (d *drawing) frame(out *layout.Page) {
	const pad, foot = 12, 26
	left, right, upper, lower := d.width, 0, d.height, 0
	for _, b := range d.boxes {
		if d.Nodes[b.steps[0]].Finally {
			left, right = min(left, b.at.X), max(right, b.at.X+b.width)
			upper, lower = min(upper, b.at.Y), max(lower, b.at.Y+b.height)
		}
	}
	if right == 0 {
		return
	}
	width := max(right-left, layout.Width(closing)*mono) + 2*pad
	left = min(max(left-pad, 2), d.width-width-2)
	out.Linef(`<rect class="frame" x="%d" y="%d" width="%d" height="%d" rx="10"/>`, left, upper-pad, width, lower-upper+pad+foot)
	out.Linef(`<text class="heading" x="%d" y="%d">%s</text>`, left+pad, lower+18, html.EscapeString(closing))
}

// edge is a line with why it is there.
func (d *drawing) edge(out *layout.Page, class, why string, points []placement.Point, arrow bool) {
	marker := ""
	if arrow {
		marker = ` marker-end="url(#arrow)"`
	}
	way := curve(points, d.sideways)
	out.Linef(`<g class="%s"><title>%s</title><path class="near" d="%s"/><path class="line" d="%s"%s/></g>`,
		class, html.EscapeString(why), way, way, marker)
}

// curve leads from point to point, straight down at each, or sideways straight on.
func curve(points []placement.Point, sideways bool) string {
	straightOn, as := "V", func(p placement.Point) placement.Point { return p }
	if sideways {
		straightOn, as = "H", turn
	}
	var b strings.Builder
	fmt.Fprintf(&b, "M%d %d", points[0].X, points[0].Y)
	at := as(points[0])
	for i := range points[1:] {
		next := as(points[i+1])
		straight := next.X == at.X
		if straight && i+2 < len(points) && as(points[i+2]).X == at.X {
			continue // a point on a straight line
		}
		if straight {
			fmt.Fprintf(&b, "%s%d", straightOn, next.Y)
		} else {
			middle := (at.Y + next.Y) / 2
			one, two, end := as(placement.Point{X: at.X, Y: middle}), as(placement.Point{X: next.X, Y: middle}), points[i+1]
			fmt.Fprintf(&b, "C%d %d %d %d %d %d", one.X, one.Y, two.X, two.Y, end.X, end.Y)
		}
		at = next
	}
	return b.String()
}

// box draws a step or a box of steps.
func (d *drawing) box(out *layout.Page, i int, b drawn) {
	first := d.Nodes[b.steps[0]]
	said, effect, about := d.say(b.box), d.worst(b.box), ""
	class := "node " + string(effect) + d.skip(b.box).class()
	switch {
	case b.single():
		about = describe(first)
		if first.Asks {
			class += " asks"
		}
	case b.alike:
		class, about = class+" many", d.title(b.box)+" · they are alike and may run at one time"
	default:
		class, about = class+" many", d.title(b.box)
	}
	open, end := d.link(b, i)
	out.Linef(`%s<g class="%s" transform="translate(%d %d)"><title>%s</title>`, open, class, b.at.X, b.at.Y, html.EscapeString(about))
	if !b.single() {
		out.Linef(`<path class="behind" d="M6 %dv4h%dv%dh-4"/>`, b.height, b.width-2, -b.height+2)
	}
	out.Linef(`<path class="shape" d="%s"/>`, outline(effect, first.Asks && b.single(), b.width, b.height))
	if effect != sdk.Read {
		out.Linef(`<path class="mark" d="%s"/>`, mark(effect, b.height))
	}
	titleClass := "title"
	if said.code {
		titleClass = "title code"
	}
	out.Linef(`<text class="%s" x="%d" y="%d">%s</text>`, titleClass, inset, top, html.EscapeString(said.title))
	out.Linef(`<text class="tag" x="%d" y="%d">%s</text>`, b.width-inset, top, html.EscapeString(said.tag))
	out.Linef(`<text class="below" x="%d" y="%d">%s</text>`, inset, top+line, html.EscapeString(said.below))
	if len(said.badges) > 0 {
		class := "badge"
		if said.closed {
			class = "badge closed"
		}
		out.Linef(`<text class="%s" x="%d" y="%d">%s</text>`, class, inset, top+line+badge, html.EscapeString(strings.Join(said.badges, " · ")))
	}
	if b.closed() || b.single() {
		out.Linef(`</g>%s`, end)
		return
	}
	out.Linef(`</g>`)
	d.chips(out, b)
}

// link is what makes a box lead somewhere: to the section of its step, or to the list of
// its steps. A box that names its steps leads nowhere: their names do.
func (d *drawing) link(b drawn, i int) (open, end string) {
	switch {
	case !d.paged || !b.single() && !b.closed():
		return "", ""
	case b.single():
		return `<a href="#` + html.EscapeString(Anchor(d.Nodes[b.steps[0]].ID)) + `">`, "</a>"
	default:
		return `<a href="#` + groupAnchor(i) + `">`, "</a>"
	}
}

// chips are the names of the steps in a box.
func (d *drawing) chips(out *layout.Page, b drawn) {
	y := b.at.Y + b.height - len(b.rows)*(chip+chipGap) - 4
	for _, row := range b.rows {
		x := b.at.X + inset
		for _, step := range row {
			n := d.Nodes[step]
			open, end := "", ""
			if d.paged {
				open, end = `<a href="#`+html.EscapeString(Anchor(n.ID))+`">`, "</a>"
			}
			out.Linef(`%s<g class="node chip %s%s" transform="translate(%d %d)"><title>%s</title><rect class="shape" width="%d" height="%d" rx="4"/>%s<text class="below" x="20" y="15">%s</text></g>%s`,
				open, n.Effect, n.Skip.class(), x, y, html.EscapeString(describe(n)), b.chip, chip, sign(n.Effect), html.EscapeString(n.ID), end)
			x += b.chip + chipGap
		}
		y += chip + chipGap
	}
}

// meaning is what a picture says of its lines and boxes.
type meaning struct {
	class string // of the line that is shown; empty: none is
	box   Skip   // of the box that is shown; empty: none is
	words string
}

// meanings says what the lines mean that there are, and the boxes of steps that may not be
// done.
func (d *drawing) meanings() []meaning {
	all := []meaning{{class: "line", words: "waits for the upper one"}}
	if d.sideways {
		all[0].words = "waits for the one to the left"
	}
	if slices.ContainsFunc(d.folding.lines, joint.follows) {
		all = append(all, meaning{class: "line follows", words: "waits for it to use a value of it"})
	}
	if d.reduced {
		all = append(all, meaning{words: leftOut})
	}
	for _, skip := range skips() {
		if slices.ContainsFunc(d.Nodes, func(n Node) bool { return n.Skip == skip }) {
			all = append(all, meaning{box: skip, words: string(skip)})
		}
	}
	return all
}

// sample is how long the line beside its meaning is, with what is between them.
const sample = 36

// width is how wide the meaning is, with what is behind it.
func (m meaning) width() int {
	width := layout.Width(m.words)*mono + margin
	if m.class != "" || m.box != "" {
		width += sample
	}
	return width
}

// legend writes what the lines mean.
func (d *drawing) legend(out *layout.Page) {
	x, y := margin, d.height-legend/2
	out.Linef(`<g class="legend">`)
	for _, m := range d.meanings() {
		at := x
		if m.class != "" {
			out.Linef(`<path class="%s" d="M%d %dh28"/>`, m.class, x, y)
			at += sample
		}
		if m.box != "" {
			out.Linef(`<g class="%s"><rect class="shape" x="%d" y="%d" width="28" height="14" rx="3"/></g>`, strings.TrimSpace(m.box.class()), x, y-7)
			at += sample
		}
		out.Linef(`<text x="%d" y="%d">%s</text>`, at, y+4, m.words)
		x += m.width()
	}
	out.Linef(`</g>`)
}

// outline is the shape of a box: round for what only looks, square for what changes
// something, with cut corners for what destroys, and pointed for what people do.
func outline(effect sdk.Effect, asks bool, w, h int) string {
	const cut, point, round = 9, 8, 9
	switch {
	case asks:
		return fmt.Sprintf("M0 0H%dL%d %dL%d %dH0L%d %dz", w, w+point, h/2, w, h, -point, h/2)
	case effect == sdk.Destroy:
		return fmt.Sprintf("M%d 0H%dL%d %dV%dL%d %dH%dL0 %dV%dz", cut, w-cut, w, cut, h-cut, w-cut, h, cut, h-cut, cut)
	case effect == sdk.Change:
		return fmt.Sprintf("M0 0H%dV%dH0z", w, h)
	default:
		return fmt.Sprintf("M%d 0H%dA%d %d 0 0 1 %d %dV%dA%d %d 0 0 1 %d %dH%dA%d %d 0 0 1 0 %dV%dA%d %d 0 0 1 %d 0z",
			round, w-round, round, round, w, round, h-round, round, round, w-round, h, round, round, round, h-round, round, round, round, round)
	}
}

// mark is the bar at the left of a box that does more than look: two of them where it
// destroys.
func mark(effect sdk.Effect, h int) string {
	if effect == sdk.Destroy {
		return fmt.Sprintf("M3 9h2.5v%dh-2.5zM7.5 6h2.5v%dh-2.5z", h-18, h-12)
	}
	return fmt.Sprintf("M0 0h5v%dh-5z", h)
}

// sign is the effect of a step beside its name, by its form.
func sign(effect sdk.Effect) string {
	switch effect {
	case sdk.Destroy:
		return `<path class="sign" d="M6 15.5L10.5 7L15 15.5z"/>`
	case sdk.Change:
		return `<path class="sign" d="M7 7.5h7v7h-7z"/>`
	default:
		return `<circle class="sign open" cx="10.5" cy="11" r="3.2"/>`
	}
}
