package vault_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/request"
	"github.com/gatebook/gatebook/plugins/swarm/internal/vault"
)

// swarmed is an engine with configs of some ages, one of which is in use.
type swarmed struct {
	made, removed []string
}

func (s *swarmed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	switch r.Method {
	case http.MethodPost:
		s.made = append(s.made, id)
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"ID":"new"}`)
	case http.MethodGet:
		config := func(id string, age time.Duration) string {
			return fmt.Sprintf(`{"ID":%q,"CreatedAt":%q}`, id, time.Now().Add(-age).Format(time.RFC3339))
		}
		const month = 30 * 24 * time.Hour
		fmt.Fprintf(w, "[%s,%s,%s]", config("used", 13*month), config("old", 13*month), config("awaited", 6*month))
	case http.MethodDelete:
		if id == "used" {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"message":"config 'used' is in use by the following service: web"}`)
			return
		}
		s.removed = append(s.removed, id)
		w.WriteHeader(http.StatusNoContent)
	}
}

// That something old cannot be removed is told, and in the way of no step; nor of what else is old. What
// an approval may have waited for stays.
func TestTidyingIsInTheWayOfNoStep(t *testing.T) {
	t.Parallel()
	swarm := &swarmed{}
	server := httptest.NewServer(swarm)
	t.Cleanup(server.Close)
	docker, err := request.NewClient(client.WithHost("tcp://"+server.Listener.Addr().String()), client.WithAPIVersion("1.41"))
	if err != nil {
		t.Fatal(err)
	}
	var told bytes.Buffer
	v := vault.Vault{Engine: &engine.Engine{Docker: docker, Timeout: time.Minute}}
	if err := v.Keep(t.Context(), slog.New(slog.NewTextHandler(&told, nil)), "key", "service web", "hunter2"); err != nil {
		t.Errorf("the step fails: %v", err)
	}
	if len(swarm.made) != 1 || fmt.Sprint(swarm.removed) != "[old]" {
		t.Errorf("made are %v, removed %v", swarm.made, swarm.removed)
	}
	if !strings.Contains(told.String(), "in use") {
		t.Errorf("told is %q", told.String())
	}
}

// What nobody can read back says so, and is somebody's doing.
func TestWhatIsLost(t *testing.T) {
	t.Parallel()
	if err := vault.Lost("service web"); sdk.AsError(err).Class != sdk.Permanent || !strings.Contains(err.Error(), vault.Label) {
		t.Error(err)
	}
}
