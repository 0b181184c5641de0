package data

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/value"
)

// ItemError says why an item cannot name an instance.
type ItemError struct {
	Place int // of the item, from 0
	why   string
}

// Error says why.
func (e *ItemError) Error() string { return e.why }

func newItemError(place int, format string, args ...any) *ItemError {
	return &ItemError{place, fmt.Sprintf(format, args...)}
}

// Item is one of what a loop is done for.
type Item struct {
	Key   string
	Value value.Value
}

// maxInstances bounds a loop, so that a list that somebody else returned cannot fill the
// memory; maxKey bounds the name of an instance, in bytes.
const (
	maxInstances = 100_000
	maxKey       = 253
)

// Items returns what a loop is done for, in the order in which it is: of a list its items,
// named by what they are where they are text or numbers, and no secret, and else by their
// places, from 0; of a map its entries, sorted by their keys, which name them.
func Items(over value.Value) ([]Item, error) {
	var items []Item
	switch over.Kind() {
	case value.KindList:
		for i, v := range over.Items() {
			items = append(items, Item{keyOf(i, v), v})
		}
	case value.KindObject:
		for i, m := range over.Members() {
			if over.IsSecret() {
				m.Name = strconv.Itoa(i)
			}
			items = append(items, Item{m.Name, m.Value})
		}
	default:
		return nil, fmt.Errorf("it is %s, and neither a list nor a map", diag.Article(over.Kind().String()))
	}
	if err := namesFit(items); err != nil {
		return items, err
	}
	return items, nil
}

// keyOf is the key of an item of a list.
func keyOf(place int, v value.Value) string {
	if v.IsSecret() {
		return strconv.Itoa(place)
	}
	switch v.Kind() {
	case value.KindString:
		text, _ := v.AsString()
		return text
	case value.KindInt, value.KindFloat, value.KindBool:
		return v.String()
	default:
		return strconv.Itoa(place)
	}
}

// namesFit says why instances cannot be named by the keys of their items.
func namesFit(items []Item) *ItemError {
	if len(items) > maxInstances {
		return newItemError(maxInstances, "it has %d items, and %d are the most", len(items), maxInstances)
	}
	places := make(map[string]int, len(items))
	for i, item := range items {
		first, taken := places[item.Key]
		switch {
		case taken:
			return newItemError(i, "the items %d and %d are both called %q", first, i, diag.Clean(item.Key))
		case item.Key == "":
			return newItemError(i, "the item %d has no name: it is empty", i)
		case len(item.Key) > maxKey, !utf8.ValidString(item.Key), diag.Clean(item.Key) != item.Key, strings.ContainsFunc(item.Key, unicode.IsControl):
			return newItemError(i, "the item %d cannot name an instance: a key is one line of at most %d bytes", i, maxKey)
		}
		places[item.Key] = i
	}
	return nil
}
