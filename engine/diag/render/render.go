// Package render writes findings: as text for people, as JSON, as SARIF for code
// scanning and as the annotations of a workflow; and the page that documents the rules.
//
// The [Document] is the truth, and every form is rendered from it, so that a machine
// never knows less than a person. Which findings there are, and in what words, is
// [diag]'s business. Floor 2.
package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
)

// Options say how findings are written.
type Options struct {
	Color   bool   // text: with colours, for a terminal
	Width   int    // text: columns to wrap at; 0: 100
	Version string // sarif: of gatebook
}

// Formats returns the names that [Write] knows.
func Formats() []string { return []string{"text", "json", "sarif", "github"} }

// Write writes the findings, sorted, in the named format: text for people, json
// (a [Document]), sarif (2.1.0) for code scanning, or github for the annotations of a
// workflow. Nothing that it writes can control a terminal but the colours asked for.
func Write(w io.Writer, format string, list diag.List, options Options) error {
	document := NewDocument(list)
	switch format {
	case "text":
		return writeText(w, document, options)
	case "json":
		return writeJSON(w, document)
	case "sarif":
		return writeSARIF(w, document, options)
	case "github":
		return writeGitHub(w, document)
	default:
		return fmt.Errorf("unknown format %q: the formats are %s", format, strings.Join(Formats(), ", "))
	}
}
