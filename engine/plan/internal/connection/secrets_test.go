package connection_test

import (
	"testing"

	"github.com/gatebook/gatebook/engine/plan/internal/connection"
	"github.com/gatebook/gatebook/engine/value"
)

func TestVariablesAreSecretByTheirNames(t *testing.T) {
	t.Parallel()
	masker := value.NewMasker(connection.Secrets(map[string]string{
		"AWS_SECRET_ACCESS_KEY": "one-of-them", "github_token": "two-of-them", "PGPASSWORD": "three-of-them", "API_KEY": "four-of-them",
		"AWS_REGION": "eu-central-1", "SHORT_TOKEN": "short", "GOOGLE_APPLICATION_CREDENTIALS": "/home/ann/google.json",
	}))
	said := "one-of-them two-of-them three-of-them four-of-them eu-central-1 short /home/ann/google.json"
	want := "(secret) (secret) (secret) (secret) eu-central-1 short /home/ann/google.json"
	if got := masker.Text(said); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
