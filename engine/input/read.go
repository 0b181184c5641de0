package input

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// read reads a given value by the input's type.
func (r *receiver) read(given Given, shape *schema.Schema) (value.Value, bool) {
	secret := data.HoldsSecret(shape)
	if secret && given.SecretSource == "" {
		r.found = append(r.found, diag.SecretInClear.At(given.Range, "The input %s is secret, and %s gives its value itself.", given.Name, given.Origin).
			WithHint("-i %s=env:VARIABLE, -i %s=file:PATH or -i %s=-", given.Name, given.Name, given.Name).Hiding())
		return value.Value{}, false
	}
	if given.Value != nil {
		return *given.Value, true
	}
	read, err := parse(given.Text, shape.Type)
	if err == nil {
		return read, true
	}
	got := ""
	if !secret {
		got = fmt.Sprintf(", got %q", short(given.Text))
	}
	r.found = append(r.found, diag.UnreadableInput.At(given.Range, "The input %s, given by %s, %v%s.", given.Name, given.Origin, err, got))
	return value.Value{}, false
}

// short cuts a text for a message.
func short(text string) string {
	const most = 60
	runes := []rune(diag.Clean(text))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most]) + "…"
}

// parse reads text as a value of a type of JSON Schema; text of any type is a string.
func parse(text, wanted string) (value.Value, error) {
	switch wanted {
	case schema.TypeInteger:
		i, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return value.Value{}, errors.New("must be a whole number")
		}
		return value.Int(i), nil
	case schema.TypeNumber:
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return value.Int(i), nil
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return value.Value{}, errors.New("must be a number")
		}
		return value.Float(f), nil
	case schema.TypeBoolean:
		if !slices.Contains([]string{"true", "false"}, text) {
			return value.Value{}, errors.New("must be true or false")
		}
		return value.Bool(text == "true"), nil
	case schema.TypeArray:
		return parseJSON(text, value.KindList, `must be a JSON list, such as ["a","b"]`)
	case schema.TypeObject:
		return parseJSON(text, value.KindObject, `must be a JSON object, such as {"a":1}`)
	default:
		return value.String(text), nil
	}
}

func parseJSON(text string, kind value.Kind, wanted string) (value.Value, error) {
	v, err := value.FromJSON([]byte(text))
	if err != nil || v.Kind() != kind {
		return value.Value{}, errors.New(wanted)
	}
	return v, nil
}
