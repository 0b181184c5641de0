package sdk

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/gatebook/gatebook/schema"
)

// What one call is given does not become another's default.
func TestDefaultsOfListsAreNobodysToChange(t *testing.T) {
	t.Parallel()
	type input struct {
		Plain    []int             `json:"plain" default:"[1,2,3]" doc:"Numbers."`
		Times    []schema.Duration `json:"times" default:"[\"1s\",\"2s\"]" doc:"Times."`
		Pointers []*int            `json:"pointers" default:"[1,2]" doc:"Numbers."`
	}
	s, err := schema.Of(reflect.TypeFor[input]())
	if err != nil {
		t.Fatal(err)
	}
	d, err := newDecoder[input](s)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`{"plain":[7],"times":["9s"],"pointers":[7]}`, `{"plain":[],"times":[],"pointers":[]}`} {
		var in input
		if err := d.into(&in, json.RawMessage(text)); err != nil {
			t.Fatal(err)
		}
		in.Plain = append(in.Plain, 5, 5, 5, 5)
	}
	var in input
	if err := d.into(&in, nil); err != nil {
		t.Fatal(err)
	}
	in.Plain[0]++ // and what an action does with its own
	if err := d.into(&in, nil); err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(in)
	if want := `{"plain":[1,2,3],"times":["1s","2s"],"pointers":[1,2]}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
