package layout

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// cell is what a person sees as one sign, with its dress.
type cell struct {
	dress, text string
	width       int
}

// Fold breaks dressed text into lines of a number of columns, at blanks where it can; with 0
// columns it stays one line.
func Fold(text string, columns int) []string {
	if columns <= 0 || len(text) <= columns { // no sign is wider than it has bytes
		return []string{text}
	}
	cells := cellsOf(text)
	var lines []string
	for len(cells) > 0 {
		end, next := lineOf(cells, columns)
		lines = append(lines, dressed(cells[:end]))
		cells = cells[next:]
	}
	return lines
}

// lineOf says where the first line of cells ends, and where the next one begins: behind the
// blank at which it was broken.
func lineOf(cells []cell, columns int) (end, next int) {
	width, blank := 0, 0
	for i, c := range cells {
		if c.text == " " && i > 0 && cells[i-1].text != " " {
			blank = i
		}
		width += c.width
		switch {
		case width <= columns:
		case blank > 0:
			next = blank
			for next < len(cells) && cells[next].text == " " {
				next++
			}
			return blank, next
		default:
			return max(i, 1), max(i, 1)
		}
	}
	return len(cells), len(cells)
}

func cellsOf(text string) []cell {
	var cells []cell
	for _, p := range pieces(text) {
		signs := displaywidth.StringGraphemes(p.text)
		for signs.Next() {
			cells = append(cells, cell{p.dress, signs.Value(), signs.Width()})
		}
	}
	return cells
}

// dressed writes cells with as few dresses as there are.
func dressed(cells []cell) string {
	var b strings.Builder
	for i := 0; i < len(cells); {
		dress, from := cells[i].dress, i
		var plain strings.Builder
		for ; i < len(cells) && cells[i].dress == dress; i++ {
			plain.WriteString(cells[i].text)
		}
		if from < i && dress != "" {
			b.WriteString(Style{Colour: true}.dress(dress, plain.String()))
			continue
		}
		b.WriteString(plain.String())
	}
	return b.String()
}
