package dossier

import (
	_ "embed"
	"io"
	"strings"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
)

// planStyle is how a plan looks in a browser, by day and by night.
//
//go:embed plan.css
var planStyle string

// HTML writes a plan as one page that needs nothing else: no network, no script.
func HTML(w io.Writer, p *plan.Plan, r *review.Review) error {
	out := newPage(layout.Style{Colour: true}) // dresses become spans
	sections := out.plan(p, r)
	html := &htmlPage{}
	html.Linef(`<!doctype html>`)
	html.Linef(`<html lang="en">`)
	html.Linef(`<head>`)
	html.Linef(`<meta charset="utf-8">`)
	html.Linef(`<meta name="viewport" content="width=device-width, initial-scale=1">`)
	html.Linef(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`)
	html.Linef(`<title>%s</title>`, layout.HTML("Plan of "+p.Runbook.Name+" "+p.Runbook.Version))
	html.Linef("<style>\n%s</style>", planStyle)
	html.Linef(`</head>`)
	html.Linef(`<body>`)
	html.Linef(`<main>`)
	for i, s := range sections {
		switch {
		case i == 0:
			html.head(s)
		case s.step, len(s.nodes)+len(s.lines) > 0 && s.title != out.Bold(firstToLookAt):
			html.folded(s)
		default:
			html.open(s)
		}
	}
	html.Linef(`</main>`)
	html.Linef(`</body>`)
	html.Linef(`</html>`)
	return html.Print(w)
}

type htmlPage struct{ layout.Page }

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

// folded is a section of which the title is seen at first; the browser unfolds it, by mouse
// and by keyboard.
func (h *htmlPage) folded(s section) {
	class := "part"
	if s.step {
		class = "step"
	}
	h.Linef(`<details class="%s"><summary>%s</summary>`, class, layout.HTML(s.title))
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
