package schema_test

import (
	"errors"
	"testing"

	"github.com/gatebook/gatebook/schema"
)

func TestAllPatternsOfASchemaAreBounded(t *testing.T) {
	t.Parallel()
	s := &schema.Schema{}
	for range 1000 {
		s.AnyOf = append(s.AnyOf, &schema.Schema{Pattern: "(?:a{100}){9}"})
	}
	if _, err := schema.Compile(s); !errors.Is(err, schema.ErrPatterns) {
		t.Errorf("got %v", err)
	}
}
