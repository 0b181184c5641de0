package host

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// exactKeys refuses what [json.Unmarshal] passes over in a lock: a key that is there twice,
// as after a merge of two branches, of which it takes the last where a reader believes the
// first; and one of ours in other letters. The text is that of a lock otherwise.
func exactKeys(text []byte) error {
	return exactIn(json.NewDecoder(bytes.NewReader(text)), "", [][]string{{"version", "plugins"}, nil, {"version", "sha256"}, nil})
}

// exactIn reads a value, and the keys in it as far as it is an object. known are those that
// there may be, level by level; nil: any.
func exactIn(decoder *json.Decoder, at string, known [][]string) error {
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return err
	}
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		switch {
		case seen[key]:
			return fmt.Errorf("not a lock: %s%s is there twice", at, key)
		case known[0] != nil && !slices.Contains(known[0], key):
			return fmt.Errorf("not a lock: unknown field %q", at+key)
		}
		seen[key] = true
		if err := exactIn(decoder, at+key+".", known[1:]); err != nil {
			return err
		}
	}
	_, err := decoder.Token() // its end
	return err
}
