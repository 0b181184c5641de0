// Package document reads the JSON that programs, servers and people give to the built-in
// actions. It leaves out what the JSON should say. Floor 2, as a part of steps.
package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// Read reads exactly one JSON document, as a JSON parser of any other make would: what
// follows it is a fault, and not passed over. Numbers in an any keep their digits.
func Read(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(into); errors.Is(err, io.EOF) {
		return errors.New("it is empty")
	} else if err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the document")
	}
	return nil
}
