package change_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/change"
)

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	made := &unstructured.Unstructured{}
	if err := utiljson.Unmarshal([]byte(text), &made.Object); err != nil {
		t.Fatal(err)
	}
	return made
}

// What one object became, and somebody made of it since, is taken back as far as nobody
// changed the same fields.
func TestWhatChangedIsTakenBack(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ from, to, live, patch, meddled string }{
		"nothing":                                   {`{"a":1}`, `{"a":1}`, `{"a":1}`, `{}`, `[]`},
		"a value":                                   {`{"a":{"b":1,"c":2}}`, `{"a":{"b":3,"c":2}}`, `{"a":{"b":3,"c":9}}`, `{"a":{"b":1}}`, `[]`},
		"one that was added":                        {`{"a":{"b":1}}`, `{"a":{"b":1,"c":2}}`, `{"a":{"b":1,"c":2}}`, `{"a":{"c":null}}`, `[]`},
		"one that went":                             {`{"a":{"b":{"c":[1]}}}`, `{"a":{}}`, `{"a":{"x":1}}`, `{"a":{"b":{"c":[1]}}}`, `[]`},
		"an object that was made":                   {`{}`, `{"a":{"b":{"c":1}}}`, `{"a":{"b":{"c":1}}}`, `{"a":null}`, `[]`},
		"an object that was made, and is used":      {`{}`, `{"a":{"b":{"c":1}}}`, `{"a":{"b":{"c":1},"x":1}}`, `{"a":{"b":null}}`, `[]`},
		"an empty object that was made":             {`{}`, `{"a":{}}`, `{"a":{}}`, `{"a":null}`, `[]`},
		"null is nothing":                           {`{"a":null}`, `{}`, `{"a":null}`, `{}`, `[]`},
		"a list counts as one field":                {`{"a":[1,2]}`, `{"a":[1,3]}`, `{"a":[1,3,4]}`, `{}`, `[[a]]`},
		"large whole numbers stay whole":            {`{"a":9007199254740993}`, `{"a":1}`, `{"a":1}`, `{"a":9007199254740993}`, `[]`},
		"somebody changed it":                       {`{"a":1,"b":1}`, `{"a":2,"b":2}`, `{"a":3,"b":2}`, `{"b":1}`, `[[a]]`},
		"it is taken back already":                  {`{"a":1}`, `{"a":2}`, `{"a":1}`, `{}`, `[]`},
		"what it was in is no object any more":      {`{"a":{"b":1}}`, `{"a":{"b":2}}`, `{"a":"x"}`, `{}`, `[[a b]]`},
		"what the server keeps is left to it":       {`{"metadata":{"uid":"1"}}`, `{"metadata":{"uid":"2"},"status":{"a":1}}`, `{"metadata":{"uid":"2"}}`, `{}`, `[]`},
		"a name that has dots is one name":          {`{"a":{"b.c/d":"1"}}`, `{"a":{"b.c/d":"2"}}`, `{"a":{"b.c/d":"2"}}`, `{"a":{"b.c/d":"1"}}`, `[]`},
		"a value that became an object comes back":  {`{"a":1}`, `{"a":{"b":1}}`, `{"a":{"b":1}}`, `{"a":1}`, `[]`},
		"an object that became a value comes back":  {`{"a":{"b":1}}`, `{"a":1}`, `{"a":1}`, `{"a":{"b":1}}`, `[]`},
		"an object that went altogether comes back": {`{"a":{"b":1,"c":{"d":2}}}`, `{}`, `{}`, `{"a":{"b":1,"c":{"d":2}}}`, `[]`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields, err := change.Between(object(t, c.from), object(t, c.to))
			if err != nil {
				t.Fatal(err)
			}
			// They come back from a journal.
			text, err := json.Marshal(fields)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, &fields); err != nil {
				t.Fatal(err)
			}
			patch, meddled, err := change.Back(object(t, c.live), fields, func([]string) bool { return false })
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(patch)
			if err != nil || string(got) != c.patch || fmt.Sprint(meddled) != c.meddled {
				t.Errorf("the patch is %s, meddled with is %v (%v); want %s and %s", got, meddled, err, c.patch, c.meddled)
			}
		})
	}
}

func TestBeyondAreChangesThatBeginElsewhere(t *testing.T) {
	t.Parallel()
	between := func(from, to string) []change.Field {
		fields, err := change.Between(object(t, from), object(t, to))
		if err != nil {
			t.Fatal(err)
		}
		return fields
	}
	known := between(`{"a":1,"b":1}`, `{"a":2,"b":2,"c":{"d":1}}`)
	for now, want := range map[string]string{
		`{"a":1,"b":1}`:       "[]",
		`{"a":2,"b":1}`:       "[]",    // half done
		`{"a":3,"b":1}`:       "[[a]]", // somebody changed it
		`{"a":1,"b":1,"e":1}`: "[[e]]", // which was not to be changed
	} {
		got, err := change.Beyond(between(now, `{"a":2,"b":2,"c":{"d":1}}`), known)
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("from %s: got %v, %v, want %s", now, got, err, want)
		}
	}
}
