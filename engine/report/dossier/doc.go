// Package dossier writes a plan for those who decide on it: as text, as Markdown for a
// pull request, as a page for a browser, and as JSON for programs.
//
// What a plan comes to is worked out in the package review, and how lines look is in
// layout; here is in which order a reviewer wants to read it. The same plan always gives
// the same bytes. Floor 7.
package dossier
