package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
)

// document is the file of a sealed plan. Spaces between its words do not count; everything
// else is held by the seal.
type document struct {
	Format string          `json:"format"`
	Digest string          `json:"digest"`
	Key    string          `json:"key"` // the name of the key
	Seal   string          `json:"seal"`
	Plan   json.RawMessage `json:"plan"` // an enclosed
}

// enclosed is what is sealed.
type enclosed struct {
	Covered json.RawMessage `json:"covered"` // an Essence, as it is hashed
	Notes   Notes           `json:"notes"`
}

// Seal completes a plan of an essence, and returns it with the bytes of its file.
func Seal(made Essence, notes Notes, key Key) (*Plan, []byte, error) {
	covered, err := json.Marshal(made)
	if err != nil {
		return nil, nil, fmt.Errorf("write the sealed plan: %w", err)
	}
	inside, err := json.Marshal(enclosed{covered, notes})
	if err != nil {
		return nil, nil, fmt.Errorf("write the sealed plan: %w", err)
	}
	digest := digestOf(covered)
	text, err := json.MarshalIndent(document{Format, digest, key.Name(), sealOf(digest, inside, key), inside}, "", "  ")
	if err != nil {
		return nil, nil, fmt.Errorf("write the sealed plan: %w", err)
	}
	return &Plan{digest, made, notes}, append(text, '\n'), nil
}

func digestOf(covered []byte) string {
	sum := sha256.New()
	_, _ = io.WriteString(sum, Format+"\n") // a hash never fails
	sum.Write(covered)
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

func sealOf(digest string, inside []byte, key Key) string {
	return hex.EncodeToString(key.hash(forFile, Format, digest, string(inside)))
}

// start is within how many bytes of a file its format stands.
const start = 256

// Is reports whether a text is the file of a sealed plan, or was one before it was cut off:
// what else begins so is no runbook.
func Is(text []byte) bool {
	head := string(text[:min(len(text), start)])
	head = strings.TrimLeft(head, " \t\r\n")
	head, isObject := strings.CutPrefix(head, "{")
	head, hasFormat := strings.CutPrefix(strings.TrimLeft(head, " \t\r\n"), `"format"`)
	head, hasValue := strings.CutPrefix(strings.TrimLeft(head, " \t\r\n"), ":")
	return isObject && hasFormat && hasValue && strings.HasPrefix(strings.TrimLeft(head, " \t\r\n"), `"`+formats)
}

// Read reads the file of a sealed plan, and finds out whether it is as it was when the key
// sealed it. It is nil where there are findings.
func Read(file *source.File, key Key) (*Plan, diag.List) {
	r := reader{file}
	var form struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(file.Text(), &form); err != nil {
		return nil, r.unreadable(err)
	}
	if form.Format != Format {
		return nil, r.found(diag.SealFormat, "It is of the format %q, and this gatebook reads %q.", form.Format, Format)
	}
	var outside document
	strict := json.NewDecoder(bytes.NewReader(file.Text()))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&outside); err != nil {
		return nil, r.unreadable(err)
	}
	if !written(file.Text(), outside) {
		return nil, r.found(diag.SealBroken, "A key of its outer object stands there twice, is spelt otherwise, or has another place.")
	}
	var inside, covered bytes.Buffer
	var parts enclosed
	err := json.Compact(&inside, outside.Plan)
	if err == nil {
		err = json.Unmarshal(inside.Bytes(), &parts)
	}
	if err == nil {
		err = json.Compact(&covered, parts.Covered)
	}
	if err != nil {
		return nil, r.unreadable(err)
	}
	read := &Plan{Digest: outside.Digest, Notes: parts.Notes}
	if err := json.Unmarshal(covered.Bytes(), &read.Essence); err != nil {
		return nil, r.unreadable(err)
	}
	if is := digestOf(covered.Bytes()); is != outside.Digest {
		return nil, r.found(diag.SealBroken, "It says that its digest is %s, and what it holds comes to %s.", short(outside.Digest), short(is))
	}
	if outside.Key != key.Name() {
		return nil, r.found(diag.SealForeign, "It was sealed by the key %s, and the key here is %s.", outside.Key, key.Name())
	}
	if !hmac.Equal([]byte(sealOf(outside.Digest, inside.Bytes(), key)), []byte(outside.Seal)) {
		return nil, r.found(diag.SealBroken, "Its seal does not fit what it holds.")
	}
	return read, nil
}

// written reports whether a text is what is written of a document, but for the spaces between
// its words. JSON lets a key stand there twice or in capital letters, and who reads the text by
// another program must not see another plan than the one that the seal holds.
func written(text []byte, of document) bool {
	var is bytes.Buffer
	should, err := json.Marshal(of)
	return err == nil && json.Compact(&is, text) == nil && bytes.Equal(is.Bytes(), should)
}

// reader reports what is wrong with a file.
type reader struct{ file *source.File }

// found makes a finding about the file as a whole, which stands at its beginning.
func (r reader) found(rule *diag.Rule, format string, args ...any) diag.List {
	return mend(rule.At(r.file.Range(0, 0), "%s", diag.Clean(fmt.Sprintf(format, args...))))
}

// unreadable makes a finding of where the file can be read no further.
func (r reader) unreadable(err error) diag.List {
	at := 0
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = int(wrong.Offset)
	}
	if end := len(r.file.Text()); errors.Is(err, io.ErrUnexpectedEOF) || at >= end {
		return mend(diag.SealBroken.At(r.file.Range(end, end), "It is cut off: its end is missing."))
	}
	at = max(at-1, 0) // the offset is that behind the byte at fault
	return mend(diag.SealBroken.At(r.file.Range(at, at+1), "It cannot be read: %s.", diag.Clean(err.Error())))
}

// mend adds what to do.
func mend(found diag.Diagnostic) diag.List {
	hint := "get the file anew from whoever made it, or make the plan again: gatebook plan RUNBOOK --out FILE"
	switch found.Rule {
	case diag.SealFormat:
		hint = "carry it out with the gatebook that made it, or make the plan again with this one"
	case diag.SealForeign:
		hint = "make the plan again here, or have both state folders share one key: the file plans/key"
	}
	return diag.List{found.WithHint("%s", hint)}
}
