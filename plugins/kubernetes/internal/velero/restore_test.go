package velero_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// backed is a world with the backup nightly, for a restore that goes a certain way.
func backed(way string, more map[string]any) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		world := backing(works, map[string]any{"name": "nightly"})(t)
		_, err := action(t, shared.Connect(t), "velero_backup").Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
		lab.Must(t, err)
		namespace := world.Params["velero"].(string)
		params := map[string]any{"velero": namespace, "backup": "nightly", "includedNamespaces": []any{way}}
		maps.Copy(params, more)
		return sdktest.World{Params: params, Probe: func() string { return names(t, "Restore", namespace) }}
	}
}

func TestRestoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, action(t, shared.Connect(t), "velero_restore"),
		sdktest.Case{Name: "a backup", World: backed(works, nil)},
		sdktest.Case{Name: "with all that can be said", World: backed(works, map[string]any{
			"name": "again", "namespaceMapping": map[string]any{"works": "works-restored"}, "restoreVolumes": true, "existing": "update",
			"excludedResources": []any{"events"},
		})},
		sdktest.Case{Name: "a part of it, where that will do", World: backed(partial, map[string]any{"allowPartial": true})},
		sdktest.Case{Name: "a part of it", World: backed(partial, nil), Fails: sdk.Permanent},
		sdktest.Case{Name: "it fails", World: backed(fails, nil), Fails: sdk.Permanent},
		sdktest.Case{Name: "no backup", World: backed(works, map[string]any{"backup": "none"}), Fails: sdk.Permanent},
		sdktest.Case{Name: "it goes on", World: backed(hangs, nil), Blocks: true})
}

func TestAllAttemptsMakeOneRestore(t *testing.T) {
	t.Parallel()
	world, host := backed(works, nil)(t), &sdktest.Host{}
	req := lab.Request(t, world.Params)
	for req.Attempt = 1; req.Attempt <= 2; req.Attempt++ {
		out, err := made(t, "velero_restore", req, host)
		if err != nil || out.Phase != "Completed" || out.Items != 7 || world.Probe() != out.Name {
			t.Errorf("attempt %d made %+v, %v, and there are %s", req.Attempt, out, err, world.Probe())
		}
	}
	seen, err := action(t, shared.Connect(t), "velero_restore").Observe(t.Context(), req, host)
	if err != nil || seen.State != sdk.Done {
		t.Errorf("it observes %+v, %v", seen, err)
	}
}

// A Restore that is gone may have restored all that it should.
func TestARestoreThatIsGoneIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	world, host := backed(works, nil)(t), &sdktest.Host{}
	req, handler := lab.Request(t, world.Params), action(t, shared.Connect(t), "velero_restore")
	out, err := made(t, "velero_restore", req, host)
	lab.Must(t, err)
	lab.Must(t, shared.Connect(t).Objects(kind(t, "Restore"), world.Params["velero"].(string)).Delete(t.Context(), out.Name, metav1.DeleteOptions{}))
	req.Notes, req.Attempt = host.Notes(), 2
	seen, err := handler.Observe(t.Context(), req, host)
	if err != nil || seen.State != sdk.CannotTell || handler.Describe().Idempotent {
		t.Errorf("it observes %+v, %v, and may be applied again: %t", seen, err, handler.Describe().Idempotent)
	}
	_, err = made(t, "velero_restore", req, &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Permanent || !strings.Contains(err.Error(), "was made, and is gone") || world.Probe() != "" {
		t.Errorf("the next attempt says %v, and there are %q", err, world.Probe())
	}
}

func TestPlanOfRestoreKnowsWhatStandsInItsWay(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "velero_restore")
	world := backed(works, map[string]any{"existing": "update"})(t)
	preview, err := handler.Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if len(preview.Blockers) != 0 || len(preview.Warnings) != 1 || len(preview.Changes) != 1 ||
		!strings.Contains(preview.Changes[0].Diff, "+  existingResourcePolicy: update\n") {
		t.Errorf("the plan is %+v", preview)
	}
	hanging := backing(hangs, map[string]any{"name": "half", "velero": world.Params["velero"], "timeout": "1s"})(t)
	_, err = made(t, "velero_backup", lab.Request(t, hanging.Params), &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Transient {
		t.Fatalf("got %v", err)
	}
	params := maps.Clone(world.Params)
	params["backup"] = "half"
	preview, err = handler.Plan(t.Context(), lab.Request(t, params))
	lab.Must(t, err)
	if want := `The backup half is not completed; its phase is "InProgress".`; len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
	params["backup"] = "none"
	preview, err = handler.Plan(t.Context(), lab.Request(t, params))
	lab.Must(t, err)
	if want := "There is no Backup " + params["velero"].(string) + "/none."; len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
}

// Where the backup is made by an earlier step, its phase is seen by no plan.
func TestRestoreTakesNoBackupThatIsNotCompleted(t *testing.T) {
	t.Parallel()
	world := backed(works, nil)(t)
	for _, c := range []struct{ name, way, phase string }{
		{"half", hangs, "InProgress"},
		{"broken", fails, "Failed"},
		{"partly", partial, ""},
	} {
		backup := backing(c.way, map[string]any{"name": c.name, "velero": world.Params["velero"], "timeout": "1s"})(t)
		if out, err := made(t, "velero_backup", lab.Request(t, backup.Params), &sdktest.Host{}); err == nil {
			t.Fatalf("%s: got %+v", c.name, out)
		}
		params, host := maps.Clone(world.Params), &sdktest.Host{}
		params["backup"] = c.name
		_, err := made(t, "velero_restore", lab.Request(t, params), host)
		switch {
		case c.phase == "": // a part may be what is left
			lab.Must(t, err)
			if said := fmt.Sprint(host.Lines()); !strings.Contains(said, "not all is in it") {
				t.Errorf("%s: it told %s", c.name, said)
			}
		case err == nil || !sdk.AsError(err).Unchanged || world.Probe() != "":
			t.Errorf("%s: got %v, and there are %q", c.name, err, world.Probe())
		default:
			lab.Fails(t, err, sdk.Permanent, fmt.Sprintf("the backup %s is not completed; its phase is %q", c.name, c.phase))
		}
	}
}
