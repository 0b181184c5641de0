package setting_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/setting"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	gatebook "github.com/gatebook/gatebook/schema"
)

// paintInput and paintOutput are of the action paint, which sets the color of a house.
type paintInput struct {
	House string `json:"house" required:"true" doc:"Name of the house."`
	Color string `json:"color" required:"true" doc:"Color of the house."`
}

type paintOutput struct {
	Color   string `json:"color" required:"true" doc:"Color of the house."`
	Before  string `json:"before" required:"true" doc:"Its color before."`
	Changed bool   `json:"changed" required:"true" doc:"Whether it changed."`
}

// house is an API server with one object, as far as settings need one.
type house struct {
	mu   sync.Mutex
	wall *corev1.ConfigMap
	// lost is how many changes are made whose answer does not arrive.
	lost int
	// meanwhile happens once between a look and the change that follows it.
	meanwhile func()
	// admits, where it is not nil, is what admission makes of a color.
	admits func(color string) string
	writes int
}

var walls = schema.GroupResource{Resource: "configmaps"}

// street has houses by their name.
type street struct{ houses sync.Map }

// build makes a red house.
func (s *street) build(name string) *house {
	h := &house{wall: &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: name, Name: "wall", UID: "1", ResourceVersion: "1"},
		Data:       map[string]string{"color": "red"},
	}}
	s.houses.Store(name, h)
	return h
}

func (s *street) get(_ context.Context, in paintInput) (*corev1.ConfigMap, error) {
	found, built := s.houses.Load(in.House)
	if !built {
		return nil, apierrors.NewNotFound(walls, "wall")
	}
	h := found.(*house)
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.wall.DeepCopy(), nil
}

func (s *street) put(_ context.Context, live *corev1.ConfigMap, to string, dryRun []string) (*corev1.ConfigMap, error) {
	found, _ := s.houses.Load(live.Namespace)
	return found.(*house).put(live, to, len(dryRun) > 0)
}

func (h *house) put(live *corev1.ConfigMap, to string, dry bool) (*corev1.ConfigMap, error) {
	if between := h.meanwhile; between != nil {
		h.meanwhile = nil
		between()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.wall.ResourceVersion != live.ResourceVersion {
		return nil, apierrors.NewConflict(walls, "wall", errors.New("it was changed"))
	}
	if h.admits != nil {
		to = h.admits(to)
	}
	changed := h.wall.DeepCopy()
	changed.Data = map[string]string{"color": to}
	if dry {
		return changed, nil
	}
	changed.ResourceVersion += "+"
	changed.ManagedFields = managed(cluster.Manager)
	h.wall = changed
	h.writes++
	if h.lost > 0 {
		h.lost--
		return nil, errors.New("connection reset by peer")
	}
	return changed, nil
}

// paint is what somebody else does.
func (h *house) paint(who, color string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wall = h.wall.DeepCopy()
	h.wall.Data["color"], h.wall.ManagedFields = color, managed(who)
	h.wall.ResourceVersion += "*"
}

// strip makes of it a house that takes no color.
func (h *house) strip() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wall = h.wall.DeepCopy()
	delete(h.wall.Data, "color")
	h.wall.ResourceVersion += "-"
}

// touch is a change beside the setting, as of a controller.
func (h *house) touch() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wall = h.wall.DeepCopy()
	h.wall.ResourceVersion += "."
}

func (h *house) color() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.wall.Data["color"]
}

func managed(by string) []metav1.ManagedFieldsEntry {
	return []metav1.ManagedFieldsEntry{{Manager: by, Operation: metav1.ManagedFieldsOperationUpdate, FieldsV1: metav1.NewFieldsV1(`{"f:data":{"f:color":{}}}`)}}
}

// action is paint, in the street.
func (s *street) action(t testing.TB) sdk.Handler {
	t.Helper()
	kube := fake.NewClientset()
	kube.PrependReactor("create", "selfsubjectaccessreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, &authorizationv1.SelfSubjectAccessReview{Status: authorizationv1.SubjectAccessReviewStatus{Allowed: true}}, nil
	})
	paint := setting.Setting[paintInput, paintOutput, *corev1.ConfigMap, string]{
		Cluster: &cluster.Cluster{Kube: kube},
		Names:   []string{"house"},
		Params:  []string{"color"},
		Verb:    "paint",
		Name:    func(in paintInput) string { return "ConfigMap " + in.House + "/wall" },
		Rights:  func(paintInput) []cluster.Right { return []cluster.Right{{Verb: "get", Resource: "configmaps"}} },
		Get:     s.get,
		Value: func(_ paintInput, live *corev1.ConfigMap) (string, error) {
			color, has := live.Data["color"]
			if !has {
				return "", sdk.FieldErrorf("color", "the house takes none")
			}
			return color, nil
		},
		Want:   func(in paintInput, _ string) string { return in.Color },
		Put:    s.put,
		Fields: func(string, string) [][]string { return [][]string{{"f:data", "f:color"}} },
		State:  func(color string) string { return "is " + color },
		Summary: func(_ paintInput, c setting.Change[*corev1.ConfigMap, string]) string {
			return "would paint it " + c.Want
		},
		Outputs: func(_ paintInput, c setting.Change[*corev1.ConfigMap, string]) paintOutput {
			return paintOutput{Color: c.Live.Data["color"], Before: c.Was, Changed: c.Changed()}
		},
		Guard: func(_ context.Context, _ paintInput, _ *corev1.ConfigMap, to string) error {
			if to == "pink" {
				return sdk.Errorf(sdk.Denied, "nothing is painted pink").NothingChanged()
			}
			return nil
		},
	}
	handler, err := paint.Action(sdk.Action[paintInput, paintOutput]{
		Name: "paint", Summary: "Paint a house", Description: "Paints a house.",
		Examples: []gatebook.Example{{Title: "Green", With: map[string]any{"house": "mine", "color": "green"}}},
	}).Handler()
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

func request(t testing.TB, house, color string) sdk.Request {
	t.Helper()
	params, err := json.Marshal(paintInput{house, color})
	if err != nil {
		t.Fatal(err)
	}
	return sdk.Request{Params: params, Key: "run-step-0-do", Attempt: 1}
}

func TestActionsOnSettingsKeepTheContract(t *testing.T) {
	t.Parallel()
	s := &street{}
	to := func(color string) func(testing.TB) sdktest.World {
		return func(t testing.TB) sdktest.World {
			h := s.build(t.Name())
			return sdktest.World{Params: map[string]any{"house": t.Name(), "color": color}, Probe: h.color}
		}
	}
	sdktest.Run(t, s.action(t),
		sdktest.Case{Name: "another value", World: to("green")},
		sdktest.Case{Name: "the value that is there", World: to("red")},
		sdktest.Case{Name: "a value that is refused", World: to("pink"), Fails: sdk.Denied},
		sdktest.Case{Name: "no object", Fails: sdk.Permanent, World: func(testing.TB) sdktest.World {
			return sdktest.World{Params: map[string]any{"house": "of cards", "color": "green"}}
		}})
}

// Whoever takes back what an earlier attempt is known to have set is not overruled.
func TestWhatSomebodyTookBackStays(t *testing.T) {
	t.Parallel()
	s, host := &street{}, &sdktest.Host{}
	h, handler, req := s.build("mine"), s.action(t), request(t, "mine", "green")
	if _, err := handler.Apply(t.Context(), req, host); err != nil {
		t.Fatal(err)
	}
	h.paint("ann", "red")
	req.Before, req.Notes, req.Attempt = host.StateBefore(), host.Notes(), 2
	_, err := handler.Apply(t.Context(), req, host)
	lab.Fails(t, err, sdk.Conflict, "ann changed")
	if got := h.color(); got != "red" {
		t.Errorf("it is %s", got)
	}
}

// What happens between the look and the change is looked at again, by all that change.
func TestWhatComesBetweenLookAndChange(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		meanwhile func(*house)
		says      string
		color     string // after
	}{
		"another field":    {(*house).touch, "", "green"},
		"the same setting": {func(h *house) { h.paint("ann", "blue") }, "ann changed", "blue"},
		"a new object": {func(h *house) {
			h.touch()
			h.wall.UID = "2"
		}, "a new one of that name", "red"},
	}
	moments := map[string]func(h *house, then func()){
		"before it is foretold": func(h *house, then func()) { h.meanwhile = then },
		"after that":            func(h *house, then func()) { h.meanwhile = func() { h.meanwhile = then } },
	}
	for name, c := range cases {
		for when, arm := range moments {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				s := &street{}
				h, handler := s.build("mine"), s.action(t)
				arm(h, func() { c.meanwhile(h) })
				_, err := handler.Apply(t.Context(), request(t, "mine", "green"), &sdktest.Host{})
				if c.says == "" && err != nil {
					t.Fatal(err)
				}
				if c.says != "" {
					lab.Fails(t, err, sdk.Conflict, c.says)
					if !sdk.AsError(err).Unchanged {
						t.Error("it does not say that nothing was changed")
					}
				}
				if got := h.color(); got != c.color {
					t.Errorf("it is %s, want %s", got, c.color)
				}
			})
		}
	}
}

// That the object changes between any look and the change is no conflict with anybody.
func TestAnObjectThatIsNeverAtRestMayBeLater(t *testing.T) {
	t.Parallel()
	s := &street{}
	h, handler := s.build("mine"), s.action(t)
	var busy func()
	busy = func() { h.touch(); h.meanwhile = busy }
	h.meanwhile = busy
	_, err := handler.Apply(t.Context(), request(t, "mine", "green"), &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Transient || !sdk.AsError(err).Unchanged || h.color() != "red" {
		t.Errorf("it is %s, and got %v", h.color(), err)
	}
}

// An undo takes back what the step did, and what it did not do it leaves alone.
func TestUndoTakesBackOnlyItsOwn(t *testing.T) {
	t.Parallel()
	s, host := &street{}, &sdktest.Host{}
	h, handler, req := s.build("mine"), s.action(t), request(t, "mine", "red")
	if err := handler.Undo(t.Context(), req, host); err != nil {
		t.Errorf("with nothing saved: %v", err)
	}
	if _, err := handler.Apply(t.Context(), req, host); err != nil {
		t.Fatal(err)
	}
	h.paint("ann", "blue")
	req.Before = host.StateBefore()
	if err := handler.Undo(t.Context(), req, host); err != nil || h.color() != "blue" {
		t.Errorf("after a step that changed nothing: %v, and it is %s", err, h.color())
	}

	req = request(t, "mine", "green")
	if _, err := handler.Apply(t.Context(), req, host); err != nil {
		t.Fatal(err)
	}
	req.Before = host.StateBefore()
	s.houses.Delete("mine")
	lab.Fails(t, handler.Undo(t.Context(), req, host), sdk.Conflict, "was deleted meanwhile")
	req.Attempt = 2
	_, err := handler.Apply(t.Context(), req, host)
	lab.Fails(t, err, sdk.Conflict, "was deleted meanwhile")
	if sdk.AsError(err).Unchanged {
		t.Error("it says that nothing was changed, by an attempt after one that did")
	}
	for _, req.Undo = range []bool{false, true} {
		seen, err := handler.Observe(t.Context(), req, host)
		if err != nil || seen.State != sdk.NotDone || !strings.Contains(seen.Detail, "was deleted meanwhile") {
			t.Errorf("of a house that is gone it is seen %+v (%v)", seen, err)
		}
		seen, err = handler.Observe(t.Context(), request(t, "mine", "green"), host)
		if err != nil || seen.State != sdk.Untouched {
			t.Errorf("of a step that came as far as nothing it is seen %+v (%v)", seen, err)
		}
	}
}

func TestPlanShowsTheChange(t *testing.T) {
	t.Parallel()
	s := &street{}
	h, handler := s.build("mine"), s.action(t)
	h.meanwhile = h.touch // the dry run meets it too
	preview, err := handler.Plan(t.Context(), request(t, "mine", "green"))
	if err != nil {
		t.Fatal(err)
	}
	if len(preview.Changes) != 1 || !strings.Contains(preview.Changes[0].Diff, "-  color: red\n+  color: green\n") {
		t.Errorf("the plan is %+v", preview)
	}
	preview, err = handler.Plan(t.Context(), request(t, "mine", "red"))
	if err != nil || preview.Summary != "nothing to do: the ConfigMap mine/wall is red" || len(preview.Changes) > 0 {
		t.Errorf("the plan is %+v (%v)", preview, err)
	}
	preview, err = handler.Plan(t.Context(), sdk.Request{Params: json.RawMessage(`{"house":"mine"}`), Unknown: []string{"color"}})
	if err != nil || preview.Summary != "would paint the ConfigMap mine/wall, by values that are not known yet" {
		t.Errorf("the plan is %+v (%v)", preview, err)
	}
	preview, err = handler.Plan(t.Context(), sdk.Request{Params: json.RawMessage(`{"color":"green"}`), Unknown: []string{"house"}})
	if err != nil || preview.Summary != "would paint what is not known yet" {
		t.Errorf("the plan is %+v (%v)", preview, err)
	}
	preview, err = handler.Plan(t.Context(), request(t, "of cards", "green")) // which an earlier step may build
	if err != nil || preview.Summary != "would paint the ConfigMap of cards/wall" || len(preview.Blockers) != 1 ||
		preview.Blockers[0] != "There is no ConfigMap of cards/wall." {
		t.Errorf("the plan is %+v (%v)", preview, err)
	}
}

// An object that was made anew since people agreed to a plan is not the one that they saw. What
// else has moved in the one that they saw is no matter.
func TestAnObjectIsTheOneThatThePlanSaw(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		seen  sdk.Seen
		says  string
		color string
	}{
		"it":          {sdk.Seen{Kind: "ConfigMap", Name: "mine/wall", Version: "generation 7", ID: "1"}, "", "green"},
		"another":     {sdk.Seen{Kind: "ConfigMap", Name: "mine/wall", Version: "generation 1", ID: "0"}, "not the one that the plan saw, but a new one of that name", "red"},
		"of no names": {sdk.Seen{Kind: "ConfigMap", Name: "yours/wall", Version: "generation 1", ID: "0"}, "", "green"},
	} {
		s := &street{}
		h, req := s.build("mine"), request(t, "mine", "green")
		req.Seen = []sdk.Seen{c.seen}
		_, err := s.action(t).Apply(t.Context(), req, &sdktest.Host{})
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.says != "":
			lab.Fails(t, err, sdk.Conflict, c.says)
			if !sdk.AsError(err).Unchanged {
				t.Errorf("%s: it does not say that nothing was changed", name)
			}
		}
		if got := h.color(); got != c.color {
			t.Errorf("%s: it is %s, want %s", name, got, c.color)
		}
	}
}
