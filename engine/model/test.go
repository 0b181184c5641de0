package model

import (
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/schema"
)

// TestSchemaID is where the JSON Schema of test files says it lives.
const TestSchemaID = "https://gatebook.github.io/schema/test-v1.json"

// Test is the test file of a runbook: what is supposed of the world where nothing is done.
type Test struct {
	Node       *syntax.Node      `doc:"The test file of a runbook: what is supposed of the world in which a drill rehearses it."`
	APIVersion Text              `key:"apiVersion" required:"true" const:"gatebook/v1" doc:"The version of the file format."`
	Kind       Text              `key:"kind" required:"true" const:"Test" doc:"What the file describes."`
	Steps      Map[*Supposition] `key:"steps" required:"true" names:"step" doc:"What is supposed of steps, by their ids in the plan: such as web.drain where web takes in a runbook, for each of its instances."`
}

// Supposition is what is supposed of one step, and of each of its instances.
type Supposition struct {
	Node     *syntax.Node `doc:"What is supposed of a step, and of each of its instances."`
	Outputs  Value        `key:"outputs" doc:"What its action gives back. What it does not say may be anything."`
	Items    List[Text]   `key:"items" min:"1" doc:"What a step with foreach is done for, where that is known in a run alone."`
	Provides List[Text]   `key:"provides" doc:"Things that are there once the step is done, until it is taken back." examples:"backup"`
	Needs    List[Text]   `key:"needs" doc:"Things without which its action fails; of a step that asks people, without which nobody answers." examples:"backup"`
	Removes  List[Text]   `key:"removes" doc:"Things that other steps provide and that are not there any more once the step is done, until it is taken back." examples:"backup"`
	Takes    List[Text]   `key:"takes" doc:"Things that it holds once it is done, as a lock or a silence of alarms." examples:"maintenance"`
	Releases List[Text]   `key:"releases" doc:"Things that it gives back, which another step has taken." examples:"maintenance"`
	Gate     *Need        `key:"gate" doc:"What its gate waits for."`
	Rollback *Need        `key:"rollback" doc:"What it takes to take it back."`
}

// Need names things that must be there.
type Need struct {
	Node  *syntax.Node `doc:"Things that must be there."`
	Needs List[Text]   `key:"needs" required:"true" min:"1" doc:"Things that other steps provide." examples:"backup"`
}

// KindTest is what a test file says that it describes.
const KindTest = "Test"

// IsTest reports whether a tree is that of a test file, and not of a runbook.
func IsTest(node *syntax.Node) bool {
	return node.Kind() == syntax.Map && node.Get("kind").Text() == KindTest
}

// DecodeTest reads a tree as the test file of a runbook, as [Decode] does a runbook.
func DecodeTest(node *syntax.Node) (*Test, diag.List) {
	return decode[Test](node, "a map with apiVersion, kind and steps")
}

// TestSchema returns the JSON Schema of test files.
func TestSchema() *schema.Schema {
	return describe[Test](TestSchemaID, "The test file of a runbook of gatebook")
}
