package model_test

import (
	"testing"

	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/schema"
)

func TestSharesAreRoundedDown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		share     string
		all, want int
	}{
		{"25%", 3, 0},
		{"25%", 4, 1},
		{"25%", 7, 1},
		{"25%", 8, 2},
		{"33%", 3, 0},
		{"34%", 3, 1},
		{"50%", 3, 1},
		{"99%", 100, 99},
		{"99%", 10, 9},
		{"100%", 3, 3},
		{"0%", 1000, 0},
		{"1%", 99, 0},
		{"1%", 100, 1},
		{"100%", 0, 0},
		{"0", 3, 0},
		{"2", 3, 2},
		{"3", 3, 3},
		{"5", 3, 3},
		{"1", 0, 0},
	} {
		share, ok := model.ParseShare(c.share)
		if got := share.Of(c.all); !ok || got != c.want {
			t.Errorf("%s of %d is %d, want %d", c.share, c.all, got, c.want)
		}
		if share.String() != c.share {
			t.Errorf("%s is written as %s", c.share, share)
		}
	}
}

func TestOnlySharesAreShares(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "%", "1.5", "12.5%", "half", "+1", "07%", " 1%", "1 %", "1%%", "99999999999%", "0x1"} {
		if share, ok := model.ParseShare(text); ok {
			t.Errorf("%q is taken for %s", text, share)
		}
	}
}

// What says how a step goes through its instances must be the same to an editor and to
// the decoder.
func TestSchemaAgreesWithTheDecoderOnEachBatch(t *testing.T) {
	t.Parallel()
	validator, err := schema.Compile(model.Schema())
	if err != nil {
		t.Fatal(err)
	}
	for batch, fits := range map[string]bool{
		"{}": true, "{sizes: [1, 25%, 100%]}": true, "{sizes: [1%]}": true, "{sizes: []}": false, "{sizes: [0]}": false, "{sizes: [0%]}": false,
		"{sizes: [101%]}": false, "{sizes: [120%]}": false, "{sizes: ['1.5']}": false, "{sizes: [1.5]}": false, "{sizes: ['1']}": false,
		"{sizes: [-1]}": false, "{sizes: [07%]}": false, "{sizes: 5}": false,
		"{maxFailures: 0}": true, "{maxFailures: 0%}": true, "{maxFailures: 10%}": true, "{maxFailures: {total: 1, batch: 50%}}": true,
		"{maxFailures: {total: 1}}": false, "{maxFailures: -1}": false, "{maxFailures: 101%}": false, "{maxFailures: none}": false,
		"{maxParallel: 1}": true, "{maxParallel: 0}": false, "{maxParallel: 50%}": false,
		"{pause: 30s}": true, "{pause: 30}": false, "{between: {expr: a}}": true, "{between: [{expr: a}]}": true, "{between: a}": false, "{size: 1}": false,
	} {
		text := "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: n, version: 1.0.0}\nsteps:\n  - {id: a, uses: exec, foreach: [x], batch: " + batch + "}\n"
		file := source.NewFile("f.yaml", []byte(text))
		node, _ := syntax.Parse(file)
		plain, err := node.Value().Reveal()
		if err != nil {
			t.Fatal(err)
		}
		_, found := decode(file)
		if violations := validator.Validate(plain); (len(violations) == 0) != fits || found.HasErrors() == fits {
			t.Errorf("%s: the schema says %v, and the decoder %v", batch, violations, found)
		}
	}
}
