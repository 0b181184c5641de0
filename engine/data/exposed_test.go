package data_test

import (
	"testing"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

func TestExposedNamesWhatOthersCanRead(t *testing.T) {
	t.Parallel()
	text := &schema.Schema{Type: schema.TypeString}
	shape := &schema.Schema{Type: schema.TypeObject, Properties: []schema.Property{
		{Name: "argv", Schema: &schema.Schema{Type: schema.TypeArray, Items: text, NoSecret: true}},
		{Name: "env", Schema: &schema.Schema{Type: schema.TypeObject, Additional: text, TakesSecrets: true}},
		{Name: "note", Schema: text},
	}}
	plain, secret := value.String("plain"), value.String("hunter22").Secret()
	member := func(name string, v value.Value) value.Value { return value.Object(value.Member{Name: name, Value: v}) }
	for name, c := range map[string]struct {
		shape  *schema.Schema
		params value.Value
		want   string
	}{
		"no secret at all":               {shape, member("argv", value.List(plain, plain)), ""},
		"one of several arguments":       {shape, member("argv", value.List(plain, secret)), "argv[1]"},
		"all of them, as one":            {shape, member("argv", value.List(plain).Secret()), "argv[0]"},
		"an empty list that is secret":   {shape, member("argv", value.List().Secret()), "argv"},
		"what is kept":                   {shape, member("env", member("TOKEN", secret)), ""},
		"what is neither kept nor shown": {shape, member("note", secret), ""},
		"what nothing is known of":       {nil, member("argv", secret), ""},
	} {
		field, found := data.Exposed(c.shape, c.params)
		if found != (c.want != "") || found && field != c.want {
			t.Errorf("%s: %q, %t, want %q", name, field, found, c.want)
		}
	}
}
