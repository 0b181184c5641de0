// Package sdktest is the contract suite that every action passes, built-in or
// foreign, and a host for tests of one's own.
//
// The author of an action describes a few uses of it, each with a small world of
// its own to act on, and the suite does the rest:
//
//	func TestScaleKeepsTheContract(t *testing.T) {
//		handler, err := scale.Handler()
//		if err != nil {
//			t.Fatal(err)
//		}
//		sdktest.Run(t, handler, sdktest.Case{
//			Name: "scale up",
//			World: func(t testing.TB) sdktest.World {
//				shop := newShop(t) // a fresh one for each check
//				return sdktest.World{
//					Params: map[string]any{"endpoint": shop.URL, "name": "web", "replicas": 5},
//					Probe:  func() string { return shop.State() },
//				}
//			},
//		})
//	}
//
// What it holds an action to:
//   - its description is complete: every field has a sentence, every example
//     satisfies the schema, every rule says what is wrong, and what it says of taking
//     back does not contradict itself;
//   - Plan has no effect;
//   - what may be applied in a plan only reads there: it ends soon by itself, changes nothing
//     and keeps nothing;
//   - Apply refuses nothing by what its own Plan saw, where that is as it was;
//   - the state before is saved before anything changes, and Undo restores it;
//   - an idempotent action applied twice with one key has one effect, and the same outputs;
//   - Observe does not say done before Apply, and does not ask for a second Apply
//     that would do harm after it;
//   - a call whose context ends returns promptly;
//   - outputs satisfy their schema, errors have a class;
//   - parameters that do not satisfy theirs are refused, and the field named;
//   - a secret parameter, or what a case names as one, as a password of the connection,
//     appears in no output, line, note, state or error.
//
// [RunPlugin] holds the plugin around the actions to its part of the contract: each field of
// its connections has a sentence, a bad configuration is refused and the field named, its
// target stays the same, reaching for it ends when it is cancelled, and no secret is told.
//
// It leaves out the rules across fields, which are CEL: `gatebook plugins lock` reads them
// and holds examples against them. Floor 2: it imports plugins/sdk and schema.
package sdktest
