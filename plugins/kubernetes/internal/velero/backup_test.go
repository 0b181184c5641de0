package velero_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/velero"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// backing is a world with a Velero that has no backups, for one that goes a certain way.
func backing(way string, more map[string]any) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		namespace := home(t, nil)
		params := map[string]any{"velero": namespace, "includedNamespaces": []any{way}}
		maps.Copy(params, more)
		return sdktest.World{Params: params, Probe: func() string { return names(t, "Backup", namespace) }}
	}
}

func TestBackupKeepsTheContract(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, action(t, shared.Connect(t), "velero_backup"),
		sdktest.Case{Name: "a namespace", World: backing(works, nil)},
		sdktest.Case{Name: "with all that can be said", World: backing(works, map[string]any{
			"name": "nightly", "storageLocation": "default", "ttl": "720h", "snapshotVolumes": true, "snapshotMoveData": false, "fsBackup": true,
			"excludedNamespaces": []any{"kube-system"}, "includedResources": []any{"deployments"}, "labels": map[string]any{"app": "web"},
		})},
		sdktest.Case{Name: "a part of it, where that will do", World: backing(partial, map[string]any{"allowPartial": true})},
		sdktest.Case{Name: "a part of it", World: backing(partial, nil), Fails: sdk.Permanent},
		sdktest.Case{Name: "it fails", World: backing(fails, nil), Fails: sdk.Permanent},
		sdktest.Case{Name: "it is refused", World: backing(invalid, nil), Fails: sdk.Permanent},
		sdktest.Case{Name: "it goes on", World: backing(hangs, nil), Blocks: true},
		sdktest.Case{Name: "its timeout", World: backing(hangs, map[string]any{"timeout": "1s"}), Fails: sdk.Transient})
}

// made applies an action, and returns what it gave out.
func made(t *testing.T, name string, req sdk.Request, host *sdktest.Host) (velero.Result, error) {
	t.Helper()
	text, err := action(t, shared.Connect(t), name).Apply(t.Context(), req, host)
	var out velero.Result
	if err == nil {
		lab.Must(t, json.Unmarshal(text, &out))
	}
	return out, err
}

func TestBackupSaysHowItWent(t *testing.T) {
	t.Parallel()
	for way, says := range map[string]string{
		works:   "",
		partial: "failed in part, with 2 errors and 3 warnings; velero backup logs ",
		fails:   "failed: the bucket is gone",
		invalid: "failed: no such storage location",
		hangs:   "seen last: InProgress, 1 of 7 items",
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			world, host := backing(way, map[string]any{"timeout": "20s"})(t), &sdktest.Host{}
			if way == hangs {
				world.Params["timeout"] = "2s"
			}
			out, err := made(t, "velero_backup", lab.Request(t, world.Params), host)
			switch {
			case says != "" && (err == nil || !strings.Contains(err.Error(), says)):
				t.Errorf("got %v, want %q", err, says)
			case says == "" && (err != nil || out.Phase != "Completed" || out.Items != 7 || out.TotalItems != 7 || out.Completed == ""):
				t.Errorf("got %+v, %v", out, err)
			}
		})
	}
	world := backing(partial, map[string]any{"allowPartial": true})(t)
	out, err := made(t, "velero_backup", lab.Request(t, world.Params), &sdktest.Host{})
	if err != nil || out.Phase != "PartiallyFailed" || out.Errors != 2 || out.Warnings != 3 {
		t.Errorf("got %+v, %v", out, err)
	}
}

// The first attempt dies before it makes anything, the answer of the second is lost, and
// the third finds its backup; undoing deletes that one alone, by Velero.
func TestAllAttemptsMakeOneBackup(t *testing.T) {
	t.Parallel()
	world, host := backing(works, nil)(t), &sdktest.Host{}
	req := lab.Request(t, world.Params)
	dying, die := context.WithCancel(t.Context())
	host.OnBefore = die
	handler := action(t, shared.Connect(t), "velero_backup")
	if _, err := handler.Apply(dying, req, host); err == nil {
		t.Fatal("it did not die")
	}
	host.OnBefore = nil
	req.Attempt, req.Before = 2, host.StateBefore()
	_, err := action(t, shared.LosingNew(t, "backups"), "velero_backup").Apply(t.Context(), req, host)
	first := world.Probe()
	if err == nil || sdk.AsError(err).Class != sdk.Transient || first == "" {
		t.Fatalf("the second attempt ended with %v, and there is %q", err, first)
	}
	req.Attempt, req.Before = 3, host.StateBefore()
	out, err := made(t, "velero_backup", req, host)
	lab.Must(t, err)
	if got := world.Probe(); out.Name != first || got != first {
		t.Errorf("the third attempt returned %s, and there are %s, where there was %s", out.Name, got, first)
	}
	other := req
	other.Key, other.Before = "run-other-0-do", nil
	another, err := made(t, "velero_backup", other, &sdktest.Host{})
	lab.Must(t, err)
	req.Key, req.Attempt = "run-step-0-undo", 1 // of which an undo has its own
	lab.Must(t, handler.Undo(t.Context(), req, host))
	if left := world.Probe(); left != another.Name || left == first {
		t.Errorf("after the undo there are %s", left)
	}
}

func TestUndoOfBackupSaysWhatVeleroSays(t *testing.T) {
	t.Parallel()
	world, host := backing(sticks, nil)(t), &sdktest.Host{}
	req := lab.Request(t, world.Params)
	_, err := made(t, "velero_backup", req, host)
	lab.Must(t, err)
	req.Before = host.StateBefore()
	for req.Attempt = 1; req.Attempt <= 2; req.Attempt++ { // each asks anew
		err = action(t, shared.Connect(t), "velero_backup").Undo(t.Context(), req, host)
		if err == nil || !strings.Contains(err.Error(), "the bucket is read-only") {
			t.Errorf("got %v", err)
		}
	}
	if asked := strings.Fields(names(t, "DeleteBackupRequest", world.Params["velero"].(string))); len(asked) != 2 {
		t.Errorf("it asked by %v", asked)
	}
}

func TestPlanOfBackupKnowsWhatStandsInItsWay(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "velero_backup")
	world := backing(works, map[string]any{"ttl": "720h"})(t)
	preview, err := handler.Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if len(preview.Blockers) != 0 || preview.Summary != "would back up the namespaces works by Velero" ||
		len(preview.Changes) != 1 || !strings.Contains(preview.Changes[0].Diff, "+  ttl: 720h0m0s\n") {
		t.Errorf("the plan is %+v", preview)
	}
	away := map[string]any{"velero": home(t, map[string]any{"phase": "Unavailable", "message": "no such bucket."})}
	preview, err = handler.Plan(t.Context(), lab.Request(t, away))
	lab.Must(t, err)
	if want := "The BackupStorageLocation default is unavailable: no such bucket."; len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
	preview, err = handler.Plan(t.Context(), lab.Request(t, map[string]any{"velero": world.Params["velero"], "storageLocation": "none"}))
	lab.Must(t, err)
	if want := fmt.Sprintf("There is no BackupStorageLocation none in %s.", world.Params["velero"]); len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
	shared.Allow(t, "backup-reader", rbacv1.PolicyRule{APIGroups: []string{"velero.io"}, Resources: []string{"backups", "restores"}, Verbs: []string{"get"}})
	limited := action(t, shared.ConnectAs(t, "backup-reader"), "velero_backup")
	preview, err = limited.Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	want := fmt.Sprintf("[You may not create backups in %[1]s. You may not create deletebackuprequests in %[1]s.]", world.Params["velero"])
	if got := fmt.Sprint(preview.Blockers); got != want {
		t.Errorf("the blockers are %s, want %s", got, want)
	}
	_, err = limited.Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Denied {
		t.Errorf("got %v, want a denied error", err)
	}
}
