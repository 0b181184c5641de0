package dossier

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"io"
	"strings"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/graph"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
)

// pageStyle is how a plan looks in a browser, in the colours of [layout.Palette].
//
//go:embed page.css
var pageStyle string

// HTML writes a plan as one page that needs nothing else: no network and no script. The
// steps are drawn, and each box leads to the section of its step.
func HTML(w io.Writer, p *plan.Plan, r *review.Review) error {
	picture, err := graph.Draw(Graph(p, r))
	if err != nil {
		return err
	}
	out := newPage(layout.Style{Colour: true}) // dresses become spans
	html := &htmlPage{}
	html.begin("Plan of "+p.Runbook.Name+" "+p.Runbook.Version, layout.Palette()+pageStyle+graph.Style()+scaled(picture))
	drawn, whole := len(p.Steps) == 0, false
	for i, s := range out.plan(p, r) {
		if s.step != nil && !drawn {
			html.picture(picture)
			drawn = true
		}
		switch {
		case i == 0:
			html.head(s)
		case s.step != nil:
			html.step(s)
		case len(s.nodes)+len(s.lines) > 0 && s.title != out.Bold(firstToLookAt):
			if !whole {
				html.Linef(`<h2 id="whole">the steps together</h2>`)
				whole = true
			}
			html.folded(s)
		default:
			html.open(s)
		}
	}
	html.Linef("</main>\n</body>\n</html>")
	return html.Print(w)
}

type htmlPage struct{ layout.Page }

// begin opens the page. Its style is the only one that it may have, and it may load nothing.
func (h *htmlPage) begin(title, style string) {
	style = "\n" + style
	sum := sha256.Sum256([]byte(style))
	h.Linef(`<!doctype html>`)
	h.Linef(`<html lang="en">`)
	h.Linef(`<head>`)
	h.Linef(`<meta charset="utf-8">`)
	h.Linef(`<meta name="viewport" content="width=device-width, initial-scale=1">`)
	h.Linef(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-%s'">`, base64.StdEncoding.EncodeToString(sum[:]))
	h.Linef(`<title>%s</title>`, layout.HTML(title))
	h.Linef("<style>%s</style>", style)
	h.Linef("</head>\n<body>\n<main>")
}

// head is what a reader sees first.
func (h *htmlPage) head(s section) {
	h.Linef(`<header>`)
	h.Linef(`<h1>%s</h1>`, layout.HTML(s.title))
	h.lines(s.lines)
	h.Linef(`</header>`)
}

// open is a section that is seen at once.
func (h *htmlPage) open(s section) {
	h.Linef(`<section>`)
	h.Linef(`<h2>%s</h2>`, layout.HTML(s.title))
	h.lines(s.lines)
	h.nodes(s.nodes)
	h.Linef(`</section>`)
}

// step is the section of a step, to which its box in the picture leads: a browser that is
// led into what is folded unfolds it.
func (h *htmlPage) step(s section) {
	h.Linef(`<details class="step %s"><summary>%s</summary>`, s.step.Effect, layout.HTML(s.title))
	h.Linef(`<div class="inside" id="%s">`, layout.HTML(graph.Anchor(s.step.ID)))
	h.nodes(s.nodes)
	h.Linef(`<p><a href="#picture">where it stands in the picture</a></p>`)
	h.Linef(`</div>`)
	h.Linef(`</details>`)
}

// folded is a section of which the title is seen at first; the browser unfolds it, by mouse
// and by keyboard.
func (h *htmlPage) folded(s section) {
	h.Linef(`<details class="part"><summary>%s</summary>`, layout.HTML(s.title))
	h.lines(s.lines)
	h.nodes(s.nodes)
	h.Linef(`</details>`)
}

func (h *htmlPage) lines(lines []string) {
	for _, line := range lines {
		text := strings.TrimLeft(line, " ")
		h.Linef(`<p class="in%d">%s</p>`, (len(line)-len(text))/2, layout.HTML(text))
	}
}

func (h *htmlPage) nodes(nodes []layout.Node) {
	if len(nodes) == 0 {
		return
	}
	h.Linef(`<ul>`)
	for _, n := range nodes {
		h.Linef(`<li>%s`, layout.HTML(n.Text))
		if len(n.Lines) > 0 {
			lines := make([]string, len(n.Lines))
			for i, line := range n.Lines {
				lines[i] = layout.HTML(line)
			}
			h.Linef("<pre>%s</pre>", strings.Join(lines, "\n"))
		}
		h.nodes(n.Parts)
		h.Linef(`</li>`)
	}
	h.Linef(`</ul>`)
}
