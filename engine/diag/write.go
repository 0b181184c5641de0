package diag

import (
	"fmt"
	"io"
	"strings"
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
func Write(w io.Writer, format string, list List, options Options) error {
	document := list.Document()
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
