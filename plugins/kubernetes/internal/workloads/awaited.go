package workloads

import (
	"encoding/json"
	"fmt"
	"hash/fnv"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/revision"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// awaitedNote keeps over a resume which template a rollout waits for. It is taken away when
// it is told that there is another, since a person who resumes then means that one.
const awaitedNote = "template"

// awaited is the template that a rollout was begun to wait for.
type awaited struct {
	UID        types.UID         `json:"uid"`
	Generation int64             `json:"generation"`
	Hash       string            `json:"hash"`
	Images     map[string]string `json:"images"`
}

func (w *workload) awaited() (awaited, error) {
	hash, err := w.hash()
	return awaited{w.GetUID(), w.GetGeneration(), hash, w.images()}, err
}

// hash tells templates apart. It is a short one, as in the names of ReplicaSets: there may
// be a secret in a template, which nobody shall find by trying.
func (w *workload) hash() (string, error) {
	text, err := json.Marshal(w.template)
	if err != nil {
		return "", fmt.Errorf("the template of the %s: %w", w, err)
	}
	sum := fnv.New32a()
	_, _ = sum.Write(text) // a hash takes all
	return fmt.Sprintf("%08x", sum.Sum32()), nil
}

// awaits returns the template that the step waits for: the one that its first attempt saw.
func awaits(call *sdk.Call[RolloutInput], first *workload) (awaited, error) {
	template, noted, err := sdk.LoadNote[awaited](call, awaitedNote)
	if err != nil || noted {
		return template, err
	}
	if template, err = first.awaited(); err != nil {
		return template, err
	}
	return template, call.Note(awaitedNote, template)
}

// stands says whose change made of the awaited template another. The number of pods is not
// of it, and what a newer API server fills in makes no new generation.
func (a awaited) stands(found *workload) error {
	if found.GetUID() != a.UID {
		return sdk.Errorf(sdk.Conflict, "the %s is not the one whose rollout was waited for, but a new one of that name", found)
	}
	hash, err := found.hash()
	if err != nil || hash == a.Hash || found.GetGeneration() == a.Generation {
		return err
	}
	who, what := "somebody", ""
	paths := revision.ImageFields(a.Images, found.images())
	if len(paths) > 0 {
		what = fmt.Sprintf(", from the images %s to %s", labels.FormatLabels(a.Images), labels.FormatLabels(found.images()))
	}
	for _, path := range append(paths, []string{"f:spec", "f:template"}) {
		if owners := cluster.Owners(found.GetManagedFields(), path...); len(owners) > 0 {
			who = owners[0]
			break
		}
	}
	if who == cluster.Manager {
		who = "another step or run of " + who
	}
	return sdk.Errorf(sdk.Conflict, "%s changed the template of the %s while its rollout was waited for%s; "+
		"set again what it shall be, or resume to wait for what it is now", who, found, what)
}
