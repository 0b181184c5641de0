package layout

import _ "embed"

//go:embed palette.css
var palette string

// Palette is the colours of pages and pictures, by day and by night, as a style sheet that
// gives them names. Each that text has is read well on each ground that it may stand on.
func Palette() string { return palette }
