package apply_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/keeping"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// hides wants none of the words in a text, plain or encoded.
func hides(t testing.TB, where, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		encoded := base64.StdEncoding.EncodeToString([]byte(word))
		if strings.Contains(text, word) || strings.Contains(text, encoded) {
			t.Errorf("%s shows %s: %s", where, word, text)
		}
	}
}

func TestSecretsAreShownNowhere(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	words := []string{"opensesame-before", "opensesame-after", "opensesame-pruned"}
	applied(t, in(namespace, pruning(secret("key", map[string]any{"word": words[0]}), secret("old", map[string]any{"word": words[2]}))))
	req, host := lab.Request(t, in(namespace, pruning(secret("key", map[string]any{"word": words[1]})))), &sdktest.Host{}
	preview, err := h.Plan(t.Context(), req)
	if err != nil || len(preview.Changes) != 2 || !strings.Contains(preview.Changes[0].Diff, "word: '*** (after)'") {
		t.Errorf("the plan is %+v, %v", preview, err)
	}
	hides(t, "the plan", fmt.Sprintf("%+v", preview), words...)
	out, err := h.Apply(t.Context(), req, host)
	lab.Must(t, err)
	hides(t, "the output", string(out), words...)
	hides(t, "the state before", string(host.StateBefore()), words...)
	hides(t, "the progress", fmt.Sprint(host.ProgressTold(), host.Lines(), host.Notes()), words...)
	req.Before = host.StateBefore()
	seen, err := h.Observe(t.Context(), req, host)
	if err != nil || seen.State != sdk.Done {
		t.Errorf("got %+v, %v", seen, err)
	}
	hides(t, "the observation", fmt.Sprintf("%+v", seen), words...)
}

func TestFaultsShowNoSecret(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	word := "opensesame-" + namespace
	typed := func(field string, values map[string]any) map[string]any {
		made := secret("key", nil)
		delete(made, "stringData")
		made[field] = values
		return made
	}
	immutable := secret("fixed", map[string]any{"word": "old-" + word})
	immutable["immutable"] = true
	applied(t, in(namespace, manifest(immutable)))
	for says, object := range map[string]map[string]any{
		"the value word of the Secret key is not base64":             typed("data", map[string]any{"word": word}),
		"the values of the Secret key in stringData must be strings": typed("stringData", map[string]any{"word": map[string]any{"is": word}}),
		"field is immutable":      secret("fixed", map[string]any{"word": word}),
		"a valid config key":      secret("key", map[string]any{"no name": word}),
		"metadata.annotations of": {"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "key", "annotations": word}},
	} {
		req, host := lab.Request(t, in(namespace, manifest(object))), &sdktest.Host{}
		_, err := h.Apply(t.Context(), req, host)
		if err == nil || sdk.AsError(err).Field != "manifest[0]" || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want it to say %q", err, says)
			continue
		}
		hides(t, "the error", err.Error()+string(host.StateBefore()), word, "old-"+word)
	}
}

// What is short may be anywhere in what the server says, which then is left out: a text with
// holes would tell no more than what stood in them.
func TestFaultsOfSecretsWithShortValuesCanBeRead(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	incomplete := secret("key", map[string]any{"flag": "e"})
	incomplete["type"] = "kubernetes.io/tls"
	_, err := h.Apply(t.Context(), lab.Request(t, in(namespace, manifest(incomplete))), &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "apply the Secret "+namespace+"/key: Invalid, data[tls.crt]", "may hold values of the Secret")
}

// A Secret that somebody changed since is left alone, and so is what a later step did.
func TestUndoOfASecretOverwritesNobody(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	live := shared.Kube.CoreV1().Secrets(namespace)
	apply := func(key, word string) sdk.Request {
		req, host := lab.Request(t, in(namespace, manifest(secret("key", map[string]any{"word": word})))), &sdktest.Host{}
		req.Key = key
		outputs(t, req, host)
		req.Before = host.StateBefore()
		return req
	}
	word := func() string {
		found, err := live.Get(t.Context(), "key", metav1.GetOptions{})
		lab.Must(t, err)
		return string(found.Data["word"])
	}
	apply("first", "word-1")
	second := apply("second", "word-2")
	third := apply("third", "word-3")
	lab.Fails(t, h.Undo(t.Context(), second, &sdktest.Host{}), sdk.Conflict, "another step or run of gatebook (third) applied the Secret "+namespace+"/key since")
	for _, back := range []struct {
		req  sdk.Request
		word string
	}{{third, "word-2"}, {second, "word-1"}, {second, "word-1"}} { // as a rollback goes, and once more
		lab.Must(t, h.Undo(t.Context(), back.req, &sdktest.Host{}))
		if word() != back.word {
			t.Errorf("the word is %s, want %s", word(), back.word)
		}
	}

	fourth := apply("fourth", "word-4")
	change, err := json.Marshal(corev1.Secret{Data: map[string][]byte{"word": []byte("word-5")}})
	lab.Must(t, err)
	_, err = live.Patch(t.Context(), "key", "application/merge-patch+json", change, metav1.PatchOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
	err = h.Undo(t.Context(), fourth, &sdktest.Host{})
	lab.Fails(t, err, sdk.Conflict, "somebody-else changed data.word of the Secret "+namespace+"/key")
	hides(t, "the error", err.Error(), "word-3", "word-4", "word-5")
	if word() != "word-5" {
		t.Errorf("the word is %s", word())
	}
}

// A backup that somebody deleted is told, and not taken for a Secret that is as it was.
func TestUndoOfASecretWithoutItsBackup(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	live := shared.Kube.CoreV1().Secrets(namespace)
	applied(t, in(namespace, manifest(secret("key", map[string]any{"word": "word-1"}))))
	changed := secret("key", map[string]any{"word": "word-2", "more": "word-3"})
	changed["metadata"] = map[string]any{"name": "key", "labels": map[string]any{"by": "us"}}
	req, host := lab.Request(t, in(namespace, manifest(changed))), &sdktest.Host{}
	outputs(t, req, host)
	req.Before = host.StateBefore()
	found, err := live.List(t.Context(), metav1.ListOptions{FieldSelector: "type=gatebook.dev/before"})
	lab.Must(t, err)
	if len(found.Items) != 1 {
		t.Fatalf("there are %d backups", len(found.Items))
	}
	lab.Must(t, live.Delete(t.Context(), found.Items[0].Name, metav1.DeleteOptions{}))
	err = h.Undo(t.Context(), req, &sdktest.Host{})
	lab.Fails(t, err, sdk.Conflict, "data.word of the Secret "+namespace+"/key cannot be put back: somebody deleted the backup "+found.Items[0].Name)
	hides(t, "the error", err.Error(), "word-1", "word-2", "word-3")
	now, err := live.Get(t.Context(), "key", metav1.GetOptions{})
	lab.Must(t, err)
	if len(now.Data) != 1 || string(now.Data["word"]) != "word-2" || len(now.Labels) != 0 {
		t.Errorf("what could be taken back was not: %v", now.Labels)
	}
	change, err := json.Marshal(corev1.Secret{Data: map[string][]byte{"word": []byte("word-1")}})
	lab.Must(t, err)
	_, err = live.Patch(t.Context(), "key", "application/merge-patch+json", change, metav1.PatchOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
	lab.Must(t, h.Undo(t.Context(), req, &sdktest.Host{})) // somebody has put it back by hand
}

// What the server says of a Secret may also quote the values that it has.
func TestFaultsShowNoSecretThatIsThere(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	applied(t, in(namespace, manifest(secret("key", map[string]any{"word": "opensesame-there"}))))
	c := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if r.Method != http.MethodPatch {
			api.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(w).Encode(metav1.Status{
			TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden,
			Message: "the hook forbids to change opensesame-there to opensesame-new",
		})
	})
	_, err := handler(t, c).Apply(t.Context(), lab.Request(t, in(namespace, manifest(secret("key", map[string]any{"word": "opensesame-new"})))), &sdktest.Host{})
	lab.Fails(t, err, sdk.Denied, "the hook forbids to change (secret) to (secret)")
	hides(t, "the error", err.Error(), "opensesame-there", "opensesame-new")
}

// What a step keeps to be undone is no leftover of it: a later step that prunes does not
// delete it, and a person finds it by its label.
func TestALaterPruneLeavesTheBackupsOfAnEarlierOne(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	live := shared.Kube.CoreV1().Secrets(namespace)
	applied(t, in(namespace, pruning(configMap("web", nil), secret("old", map[string]any{"word": "word-1"}), secret("older", map[string]any{"word": "word-2"}))))
	prune := func(key string, objects ...any) sdk.Request {
		req, host := lab.Request(t, in(namespace, pruning(objects...))), &sdktest.Host{}
		req.Key = key
		outputs(t, req, host)
		req.Before = host.StateBefore()
		return req
	}
	second := prune("second", configMap("web", nil), secret("older", map[string]any{"word": "word-2"}))
	third := prune("third", configMap("web", nil))
	fourth := prune("fourth", configMap("web", nil))
	kept, err := live.List(t.Context(), metav1.ListOptions{LabelSelector: keeping.BackupLabel})
	lab.Must(t, err)
	if len(kept.Items) != 2 {
		t.Errorf("there are %d backups", len(kept.Items))
	}
	for _, req := range []sdk.Request{fourth, third, second} { // as a person takes back one run after the other
		lab.Must(t, h.Undo(t.Context(), req, &sdktest.Host{}))
	}
	for name, word := range map[string]string{"old": "word-1", "older": "word-2"} {
		if found, err := live.Get(t.Context(), name, metav1.GetOptions{}); err != nil || string(found.Data["word"]) != word {
			t.Errorf("the Secret %s is %+v, %v", name, found, err)
		}
	}
	if kept, err = live.List(t.Context(), metav1.ListOptions{LabelSelector: keeping.BackupLabel}); err != nil || len(kept.Items) != 0 {
		t.Errorf("there are backups left: %d, %v", len(kept.Items), err)
	}
}
