package dossier

import "github.com/gatebook/gatebook/engine/report/layout"

// page is a document of a plan, to which each file adds what it knows.
type page struct{ layout.Page }

func newPage(style layout.Style) *page { return &page{layout.Page{Style: style}} }
