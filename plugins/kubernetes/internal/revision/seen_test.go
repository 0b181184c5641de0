package revision_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/revision"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// What a rollout notes of a template is of no use to find a password in it by trying: who
// has guessed right cannot see it without the note's own salt, nor that two notes are of
// the same one.
func TestANoteOfATemplateIsSalted(t *testing.T) {
	t.Parallel()
	of := func(generation int64, password string) revision.Of {
		env := []corev1.EnvVar{{Name: "PASSWORD", Value: password}}
		return revision.Of{
			Object:   &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{UID: "1", Generation: generation}},
			Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "web:1", Env: env}}}},
		}
	}
	one, err := revision.See(of(1, "guess"))
	lab.Must(t, err)
	other, err := revision.See(of(1, "guess"))
	lab.Must(t, err)
	if one.Hash == other.Hash || one.Salt == other.Salt {
		t.Errorf("two notes of one template are %+v and %+v", one, other)
	}
	lab.Must(t, one.Stands(of(2, "guess"))) // scaled, say
	if one.Generation != 2 {
		t.Errorf("the generation %d is the newest that is known to have it, want 2", one.Generation)
	}
	lab.Fails(t, one.Stands(of(3, "another")), sdk.Conflict, "changed the template")
}
