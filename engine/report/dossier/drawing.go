package dossier

import (
	"fmt"

	"github.com/gatebook/gatebook/engine/report/graph"
	"github.com/gatebook/gatebook/engine/report/layout"
)

const (
	// least is how far a picture is made smaller, in hundredths; a screen that is smaller
	// still shows a part of it.
	least = 75
	// onScreen is how high a picture may be to be made small enough for a screen.
	onScreen = 1100
)

// scaled is what the size of a picture adds to the style of its page.
func scaled(p graph.Picture) string {
	rules := fmt.Sprintf("min-width: %dpx;", p.Width*least/100)
	if p.Height <= onScreen {
		rules += fmt.Sprintf(" max-height: max(92vh, %dpx);", p.Height*least/100)
	}
	return ".picture .graph { " + rules + " }\n"
}

// picture shows the steps as a picture, and below it those that it does not name.
func (h *htmlPage) picture(p graph.Picture) {
	h.Linef(`<section class="picture" id="picture">`)
	h.Linef(`<h2 id="order">what waits for what</h2>`)
	h.Linef(`<a class="skip" href="#steps">past the picture, to the steps</a>`)
	h.Linef(`<div class="scroll" role="region" aria-labelledby="order" tabindex="0">`)
	h.Linef("%s", p.Markup)
	h.Linef(`</div>`)
	h.Linef(`<div class="groups">`)
	for _, g := range p.Groups {
		h.group(g)
	}
	h.Linef(`</div>`)
	h.Linef(`</section>`)
	h.Linef(`<h2 id="steps">the steps</h2>`)
	h.Linef(`<p><a href="#whole">what comes behind them: what happens if one fails, how long they take, what they touch</a></p>`)
}

// group names the steps of a box that does not.
func (h *htmlPage) group(g graph.Group) {
	h.Linef(`<details class="group"><summary>%s</summary>`, layout.HTML(g.Title))
	h.Linef(`<div class="inside" id="%s">`, g.Anchor)
	for _, level := range g.Levels {
		h.Linef(`<ul class="chips">`)
		for _, n := range level {
			effect := string(n.Effect)
			if n.Skip != "" {
				effect += ", " + string(n.Skip)
			}
			h.Linef(`<li><a class="%s" href="#%s">%s <span class="effect">%s</span></a></li>`,
				n.Effect, layout.HTML(graph.Anchor(n.ID)), layout.HTML(n.ID), effect)
		}
		h.Linef(`</ul>`)
	}
	h.Linef(`</div>`)
	h.Linef(`</details>`)
}
