package render

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
)

// The part of SARIF 2.1.0 that gatebook writes.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations,omitempty"`
		ColumnKind  string            `json:"columnKind"`
		Results     []sarifResult     `json:"results"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Version        string      `json:"version,omitempty"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string    `json:"id"`
		Short   sarifText `json:"shortDescription"`
		Full    sarifText `json:"fullDescription"`
		Help    sarifText `json:"help"`
		HelpURI string    `json:"helpUri"`
		Default struct {
			Level string `json:"level"`
		} `json:"defaultConfiguration"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifResult struct {
		RuleID              string            `json:"ruleId"`
		RuleIndex           int               `json:"ruleIndex"`
		Level               string            `json:"level"`
		Message             sarifText         `json:"message"`
		Locations           []sarifLocation   `json:"locations,omitempty"`
		RelatedLocations    []sarifLocation   `json:"relatedLocations,omitempty"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		ID       int           `json:"id,omitempty"`
		Physical sarifPhysical `json:"physicalLocation"`
		Message  *sarifText    `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int        `json:"startLine"`
		StartColumn int        `json:"startColumn"`
		EndLine     int        `json:"endLine"`
		EndColumn   int        `json:"endColumn"`
		Snippet     *sarifText `json:"snippet,omitempty"`
	}
)

const (
	sarifSchema = "https://json.schemastore.org/sarif-2.1.0.json"
	projectURI  = "https://github.com/gatebook/gatebook"
	helpURI     = projectURI + "/blob/main/docs/diagnostics.md"
)

func writeSARIF(w io.Writer, document Document, options Options) error {
	rules := document.rules()
	run := sarifRun{
		Tool: sarifTool{Driver: sarifDriver{
			Name: "gatebook", InformationURI: projectURI, Version: options.Version, Rules: make([]sarifRule, 0, len(rules)),
		}},
		ColumnKind: "unicodeCodePoints",
		Results:    make([]sarifResult, 0, len(document.Diagnostics)),
	}
	if document.Omitted > 0 {
		told := sarifNotification{Level: "warning", Message: sarifText{Text: document.counts()}}
		run.Invocations = []sarifInvocation{{Successful: true, Notifications: []sarifNotification{told}}}
	}
	for _, rule := range rules {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifOf(rule))
	}
	seen := map[string]int{}
	for i := range document.Diagnostics {
		r := &document.Diagnostics[i]
		result := r.sarif(slices.Index(rules, r.rule))
		finger := r.fingerprint()
		seen[finger]++
		result.PartialFingerprints = map[string]string{"gatebook/v1": fmt.Sprintf("%s:%d", finger, seen[finger])}
		run.Results = append(run.Results, result)
	}
	return writeJSON(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

// rules returns the rules that the findings are of, by code.
func (d Document) rules() []*diag.Rule {
	var rules []*diag.Rule
	for i := range d.Diagnostics {
		if rule := d.Diagnostics[i].rule; !slices.Contains(rules, rule) {
			rules = append(rules, rule)
		}
	}
	slices.SortFunc(rules, func(a, b *diag.Rule) int { return strings.Compare(a.Code, b.Code) })
	return rules
}

func sarifOf(r *diag.Rule) sarifRule {
	rule := sarifRule{
		ID: r.Code, Short: sarifText{Text: r.Summary}, Full: sarifText{Text: r.Why},
		Help:    sarifText{Text: r.Why + "\n\n" + r.Mend, Markdown: r.Markdown()},
		HelpURI: helpURI + "#" + strings.ToLower(r.Code),
	}
	rule.Default.Level = string(r.Severity)
	return rule
}

func (r *Record) sarif(rule int) sarifResult {
	message := r.Detail
	if r.Hint != "" {
		message += "\nHint: " + r.Hint
	}
	result := sarifResult{RuleID: r.Code, RuleIndex: rule, Level: string(r.Severity), Message: sarifText{Text: message}}
	if r.File != "" {
		result.Locations = []sarifLocation{r.Place.sarif()}
	}
	for i, related := range r.Related {
		if related.File == "" {
			continue
		}
		location := related.Place.sarif()
		location.ID = i + 1
		location.Message = &sarifText{Text: related.Message}
		result.RelatedLocations = append(result.RelatedLocations, location)
	}
	return result
}

func (p Place) sarif() sarifLocation {
	uri := url.URL{Path: filepath.ToSlash(p.File)}
	if strings.HasPrefix(uri.Path, "/") {
		uri.Scheme = "file"
	}
	location := sarifLocation{Physical: sarifPhysical{Artifact: sarifArtifact{URI: uri.String()}}}
	if p.Start != nil {
		location.Physical.Region = region(*p.Start, *p.End, p.Source)
	}
	return location
}

func region(start, end source.Position, lines []SourceLine) *sarifRegion {
	r := &sarifRegion{StartLine: start.Line, StartColumn: start.Column, EndLine: end.Line, EndColumn: end.Column}
	if len(lines) > 0 {
		r.Snippet = &sarifText{Text: lines[0].Text}
	}
	return r
}

// fingerprint is the same when the finding has only moved to another line.
func (r *Record) fingerprint() string {
	hash := sha256.New()
	fmt.Fprintf(hash, "%s\x00%s\x00%s\x00", r.Code, r.File, r.Detail)
	if len(r.Source) > 0 {
		fmt.Fprint(hash, strings.TrimSpace(r.Source[0].Text))
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}
