package document_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/steps/internal/document"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text  string
		want  any
		fault string
	}{
		{text: ` {"a": [12345678901234567890]}` + "\n", want: map[string]any{"a": []any{json.Number("12345678901234567890")}}},
		{text: "null"},
		{text: " \n", fault: "it is empty"},
		{text: "[1", fault: "unexpected EOF"},
		{text: "hello", fault: "invalid character"},
		{text: "{} {}", fault: "something follows"},
		{text: "5]", fault: "something follows"},
		{text: `{"a": 1} trailing`, fault: "something follows"},
	} {
		var got any
		err := document.Read([]byte(tt.text), &got)
		if tt.fault != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("%q: error %v, want %q", tt.text, err, tt.fault)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", tt.text, err, diff)
		}
	}
}
