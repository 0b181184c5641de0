package spec_test

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/swarm"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
)

// service draws the spec of a service, of those fields whose kinds differ.
func service(t *rapid.T) swarm.ServiceSpec {
	word := rapid.StringMatching(`[a-c]{0,2}`)
	replicas := rapid.Uint64Range(0, 2).Draw(t, "replicas")
	drawn := swarm.ServiceSpec{Annotations: swarm.Annotations{Name: "web", Labels: rapid.MapOfN(rapid.StringMatching(`[a-c]`), word, 0, 3).Draw(t, "labels")}}
	drawn.TaskTemplate.ForceUpdate = rapid.Uint64Range(0, 2).Draw(t, "force")
	drawn.TaskTemplate.ContainerSpec = &swarm.ContainerSpec{
		Image: rapid.StringMatching(`[a-c]{1,2}`).Draw(t, "image"), Env: rapid.SliceOfN(rapid.StringMatching(`[A-C](=[a-c]?)?`), 0, 3).Draw(t, "env"),
		Args: rapid.SliceOfN(word, 0, 2).Draw(t, "args"), ReadOnly: rapid.Bool().Draw(t, "read only"),
	}
	if rapid.Bool().Draw(t, "global") {
		drawn.Mode.Global = &swarm.GlobalService{}
	} else {
		drawn.Mode.Replicated = &swarm.ReplicatedService{Replicas: &replicas}
	}
	if rapid.Bool().Draw(t, "placed") {
		drawn.TaskTemplate.Placement = &swarm.Placement{Constraints: rapid.SliceOfN(word, 0, 2).Draw(t, "constraints")}
	}
	return drawn
}

// What leads back is kept as JSON, and leads exactly there: in the order of the variables, too, and to what is
// there and empty.
func TestAPatchLeadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		was, is := service(t), service(t)
		text, err := json.Marshal(spec.Exact(is).To(spec.Exact(was)))
		if err != nil {
			t.Fatal(err)
		}
		var kept spec.Patch
		if err := json.Unmarshal(text, &kept); err != nil {
			t.Fatal(err)
		}
		var back swarm.ServiceSpec
		if err := spec.Exact(is).With(kept).Into(&back); err != nil {
			t.Fatal(err)
		}
		if !spec.Alike(back, was) || !reflect.DeepEqual(spec.Exact(back), spec.Exact(was)) {
			t.Fatalf("%s made of\n%+v\n%+v, want\n%+v", text, spec.Exact(is), spec.Exact(back), spec.Exact(was))
		}
		if (back.Mode.Global != nil) != (was.Mode.Global != nil) || !slices.Equal(back.TaskTemplate.ContainerSpec.Env, was.TaskTemplate.ContainerSpec.Env) {
			t.Fatalf("%+v is not %+v", back, was)
		}
		if alike := spec.Alike(was, is); alike != (len(spec.Of(is).To(spec.Of(was))) == 0) {
			t.Fatalf("%+v and %+v are alike: %t, by the patch they are not", was, is, alike)
		}
	})
}

// A copy is the same by the letter: to the engine, an empty part is another than one that is absent.
func TestACopyKeepsWhatIsEmpty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		was := service(t)
		made, err := spec.Copy(was)
		if err != nil {
			t.Fatal(err)
		}
		if (made.TaskTemplate.Placement == nil) != (was.TaskTemplate.Placement == nil) || !reflect.DeepEqual(spec.Exact(made), spec.Exact(was)) {
			t.Fatalf("the copy of\n%+v is\n%+v", spec.Exact(was), spec.Exact(made))
		}
	})
}

// A change of one variable does not carry the values of the others.
func TestAPatchHoldsNoOtherVariables(t *testing.T) {
	t.Parallel()
	of := func(env ...string) spec.Form {
		return spec.Of(swarm.ServiceSpec{TaskTemplate: swarm.TaskSpec{ContainerSpec: &swarm.ContainerSpec{Env: env}}})
	}
	text, err := json.Marshal(of("MODE=b", "PASSWORD=hunter2").To(of("MODE=a", "PASSWORD=hunter2")))
	if err != nil || strings.Contains(string(text), "hunter2") || !strings.Contains(string(text), "=a") {
		t.Errorf("%s, %v", text, err)
	}
}

// Empty and absent are one, and that there are to be no replicas is not nothing.
func TestWhatIsAlike(t *testing.T) {
	t.Parallel()
	none, one := uint64(0), uint64(1)
	base := func() swarm.ServiceSpec { return swarm.ServiceSpec{Annotations: swarm.Annotations{Name: "web"}} }
	for name, test := range map[string]struct {
		change func(*swarm.ServiceSpec)
		alike  bool
	}{
		"nothing":           {func(*swarm.ServiceSpec) {}, true},
		"empty labels":      {func(s *swarm.ServiceSpec) { s.Labels = map[string]string{} }, true},
		"an empty part":     {func(s *swarm.ServiceSpec) { s.TaskTemplate.Placement = &swarm.Placement{} }, true},
		"no replicas":       {func(s *swarm.ServiceSpec) { s.Mode.Replicated = &swarm.ReplicatedService{Replicas: &none} }, false},
		"for each node":     {func(s *swarm.ServiceSpec) { s.Mode.Global = &swarm.GlobalService{} }, false},
		"a replica":         {func(s *swarm.ServiceSpec) { s.Mode.Replicated = &swarm.ReplicatedService{Replicas: &one} }, false},
		"a forced update":   {func(s *swarm.ServiceSpec) { s.TaskTemplate.ForceUpdate = 1 }, false},
		"an empty argument": {func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec = &swarm.ContainerSpec{Args: []string{""}} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := base()
			test.change(&other)
			if alike := spec.Alike(base(), other); alike != test.alike {
				t.Errorf("alike: %t, want %t: %v", alike, test.alike, spec.Of(other))
			}
		})
	}
}

// A patch that was kept leads back to numbers as they were, however large.
func TestAPatchKeepsNumbers(t *testing.T) {
	t.Parallel()
	of := func(hard int64) swarm.ServiceSpec {
		return swarm.ServiceSpec{TaskTemplate: swarm.TaskSpec{ContainerSpec: &swarm.ContainerSpec{Ulimits: []*container.Ulimit{{Name: "memlock", Hard: hard}}}}}
	}
	was, is := of(math.MaxInt64), of(1)
	text, err := json.Marshal(spec.Of(is).To(spec.Of(was)))
	if err != nil {
		t.Fatal(err)
	}
	var kept spec.Patch
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	var back swarm.ServiceSpec
	if err := spec.Of(is).With(kept).Into(&back); err != nil || !spec.Alike(back, was) {
		t.Errorf("%s leads to %+v, %v", text, spec.Of(back), err)
	}
	var prints spec.Prints
	if prints.Of("web", spec.Of(is).With(kept)) != prints.Of("web", spec.Of(was)) {
		t.Error("what leads back from the disk has another print")
	}
}

// A print tells specs apart, and things; and costs too much to try many passwords by it.
func TestPrints(t *testing.T) {
	t.Parallel()
	var prints spec.Prints
	web := spec.Of(swarm.ServiceSpec{Annotations: swarm.Annotations{Name: "web"}})
	print := prints.Of("web", web)
	if again := prints.Of("web", web); again != print {
		t.Errorf("it is %s, and then %s", print, again)
	}
	var elsewhere spec.Prints
	if again := elsewhere.Of("web", web); again != print {
		t.Errorf("it is %s, and in another process %s", print, again)
	}
	if prints.Of("api", web) == print || prints.Of("web", spec.Form{}) == print {
		t.Error("something else has the same print")
	}
	if version := prints.Version("web", web); version != "spec "+print {
		t.Errorf("its version is %s", version)
	}
}
