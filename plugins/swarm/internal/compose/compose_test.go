package compose_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/swarm/internal/compose"
)

var update = flag.Bool("update", false, "write the golden files anew")

// web is a service as a stack has it, with most of what there is to say.
func web() swarm.ServiceSpec {
	return swarm.ServiceSpec{
		Annotations: swarm.Annotations{Name: "shop_web", Labels: map[string]string{"com.docker.stack.namespace": "shop"}},
		TaskTemplate: swarm.TaskSpec{
			ContainerSpec: &swarm.ContainerSpec{
				Image: "demo:v1", Command: []string{"/demo"}, Args: []string{"--token", "t0p", "--level=info", "--password=s3cret"},
				Env:  []string{"DB=postgres://web:hunter2@db/shop", "DB_PASSWORD=hunter2", "LEVEL=info", "TLS_KEY_FILE=/run/secrets/key"},
				User: "1000", Init: new(true), ReadOnly: true, Hosts: []string{"10.0.0.7 db"},
				StopGracePeriod: new(90 * time.Second),
				Healthcheck:     &container.HealthConfig{Test: []string{"CMD", "/demo", "health"}, Interval: 5 * time.Second, Retries: 3},
				Mounts: []mount.Mount{
					{Type: mount.TypeVolume, Source: "shop_data", Target: "/data", VolumeOptions: &mount.VolumeOptions{DriverConfig: &mount.Driver{Name: "nfs", Options: map[string]string{"o": "addr=nas,password=s3cret", "secret": "s3cret"}}}},
					{Type: mount.TypeTmpfs, Target: "/tmp", TmpfsOptions: &mount.TmpfsOptions{SizeBytes: 1 << 20, Mode: 0o1777}},
				},
				Secrets: []*swarm.SecretReference{{SecretID: "s1", SecretName: "shop_key", File: &swarm.SecretReferenceFileTarget{Name: "key", UID: "0", GID: "0", Mode: 0o444}}},
				Configs: []*swarm.ConfigReference{{ConfigID: "c1", ConfigName: "shop_site", File: &swarm.ConfigReferenceFileTarget{Name: "/etc/site", UID: "0", GID: "0", Mode: 0o444}}},
				Ulimits: []*container.Ulimit{{Name: "nofile", Soft: 1024, Hard: 2048}},
			},
			Resources: &swarm.ResourceRequirements{
				Limits:       &swarm.Limit{NanoCPUs: 1_500_000_000, MemoryBytes: 512 << 20},
				Reservations: &swarm.Resources{NanoCPUs: 250_000_000, MemoryBytes: 1000, GenericResources: []swarm.GenericResource{{DiscreteResourceSpec: &swarm.DiscreteGenericResource{Kind: "gpu", Value: 2}}}},
			},
			RestartPolicy: &swarm.RestartPolicy{Condition: swarm.RestartPolicyConditionOnFailure, Delay: new(5 * time.Second), MaxAttempts: new(uint64(3))},
			Placement:     &swarm.Placement{Constraints: []string{"node.role==worker"}, Preferences: []swarm.PlacementPreference{{Spread: &swarm.SpreadOver{SpreadDescriptor: "node.labels.zone"}}}, MaxReplicas: 2},
			Networks:      []swarm.NetworkAttachmentConfig{{Target: "shop_back", Aliases: []string{"web"}}, {Target: "shop_default"}},
			LogDriver:     &swarm.Driver{Name: "splunk", Options: map[string]string{"splunk-token": "s3cret", "tag": "web"}},
			ForceUpdate:   3,
		},
		Mode:           swarm.ServiceMode{Replicated: &swarm.ReplicatedService{Replicas: new(uint64(3))}},
		UpdateConfig:   &swarm.UpdateConfig{Parallelism: 0, Delay: 10 * time.Second, FailureAction: swarm.UpdateFailureActionRollback, MaxFailureRatio: 0.2, Order: swarm.UpdateOrderStartFirst},
		RollbackConfig: &swarm.UpdateConfig{Parallelism: 1, Monitor: time.Minute},
		EndpointSpec:   &swarm.EndpointSpec{Mode: swarm.ResolutionModeDNSRR, Ports: []swarm.PortConfig{{TargetPort: 80, PublishedPort: 8080, Protocol: "tcp", PublishMode: swarm.PortConfigPublishModeHost}}},
	}
}

// alike says whether two specs mean one service, by their forms and by what is printed of them.
func alike(a, b swarm.ServiceSpec) bool {
	one, other := compose.Form(a), compose.Form(b)
	alike := reflect.DeepEqual(one, other)
	if alike != (asJSON(one) == asJSON(other)) {
		panic(fmt.Sprintf("%v and %v are alike: %t, by what is printed they are not", one, other, alike))
	}
	return alike
}

// changes are what may be done to the service, and what is said of it.
var changes = map[string]struct {
	do   func(*swarm.ServiceSpec)
	want string
}{
	"nothing":             {func(*swarm.ServiceSpec) {}, ""},
	"image":               {func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Image = "demo:v2" }, "image is demo:v2, was demo:v1"},
	"replicas":            {func(s *swarm.ServiceSpec) { s.Mode.Replicated.Replicas = new(uint64(0)) }, "deploy.replicas is 0, was 3"},
	"global":              {func(s *swarm.ServiceSpec) { s.Mode = swarm.ServiceMode{Global: &swarm.GlobalService{}} }, "deploy.mode is global, was not set; deploy.replicas is not set, was 3"},
	"a job":               {func(s *swarm.ServiceSpec) { s.Mode = swarm.ServiceMode{ReplicatedJob: &swarm.ReplicatedJob{}} }, "deploy.mode is replicated-job, was not set; deploy.replicas is 1, was 3; x-spec.Mode.ReplicatedJob.MaxConcurrent is 1, was not set"},
	"memory":              {func(s *swarm.ServiceSpec) { s.TaskTemplate.Resources.Limits.MemoryBytes = 1 << 30 }, "deploy.resources.limits.memory is 1G, was 512M"},
	"a variable":          {func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Env[2] = "LEVEL=debug" }, "environment.LEVEL is debug, was info"},
	"a password":          {func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Env[1] = "DB_PASSWORD=other" }, "environment.DB_PASSWORD is another one"},
	"a password in a URL": {func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Env[0] = "DB=postgres://web:other@db/shop" }, "environment.DB is postgres://web:***@db/shop (after), was postgres://web:***@db/shop (before)"},
	"a token of a command": {
		func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Args[1] = "t1p" },
		`command is ["--token","*** (after)","--level=info","--password=***"], was ["--token","*** (before)","--level=info","--password=***"]`,
	},
	"a token of the log": {func(s *swarm.ServiceSpec) { s.TaskTemplate.LogDriver.Options["splunk-token"] = "other" }, "logging.options.splunk-token is another one"},
	"a new secret": {
		func(s *swarm.ServiceSpec) {
			s.TaskTemplate.ContainerSpec.Env = append(s.TaskTemplate.ContainerSpec.Env, "API_TOKEN=hunter3")
		},
		"environment.API_TOKEN is ***, was not set",
	},
	"the order of variables": {
		func(s *swarm.ServiceSpec) { slices.Reverse(s.TaskTemplate.ContainerSpec.Env) },
		`environment is ["TLS_KEY_FILE=/run/secrets/key","LEVEL=info","DB_PASSWORD=***","DB=postgres://web:***@db/shop"], was ["DB=postgres://web:***@db/shop","DB_PASSWORD=***","LEVEL=info","TLS_KEY_FILE=/run/secrets/key"]`,
	},
	"the order of networks": {
		func(s *swarm.ServiceSpec) { slices.Reverse(s.TaskTemplate.Networks) },
		`networks is [{"name":"shop_default"},{"aliases":["web"],"name":"shop_back"}], was {"shop_back":{"aliases":["web"]},"shop_default":{}}`,
	},
	"a port": {func(s *swarm.ServiceSpec) { s.EndpointSpec.Ports[0].PublishedPort = 80 }, "ports.80.published is 80, was 8080"},
	"another secret": {func(s *swarm.ServiceSpec) {
		s.TaskTemplate.ContainerSpec.Secrets[0].SecretName, s.TaskTemplate.ContainerSpec.Secrets[0].SecretID = "shop_key_2", "s2"
	}, "secrets.key.id is s2, was s1; secrets.key.source is shop_key_2, was shop_key"},
	"a mode of a file": {func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Configs[0].File.Mode = 0o400 }, "configs./etc/site.mode is 0400, was 0444"},
	"what no word is for": {func(s *swarm.ServiceSpec) {
		s.TaskTemplate.ForceUpdate = 4
		s.TaskTemplate.Placement.Platforms = []swarm.Platform{{OS: "linux"}}
	}, `x-spec.TaskTemplate.ForceUpdate is 4, was 3; x-spec.TaskTemplate.Placement.Platforms is [{"OS":"linux"}], was not set`},
	"more than a sentence says": {
		func(s *swarm.ServiceSpec) { s.UpdateConfig, s.RollbackConfig = nil, nil },
		"deploy.rollback_config.monitor is not set, was 1m0s; deploy.rollback_config.parallelism is not set, was 1; deploy.update_config.delay is not set, was 10s; " +
			"deploy.update_config.failure_action is not set, was rollback; deploy.update_config.max_failure_ratio is not set, was 0.2; and 2 more",
	},
}

func TestWhatChangesIsSaid(t *testing.T) {
	t.Parallel()
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			was, is := web(), web()
			change.do(&is)
			if got := compose.Sentence(compose.Changed(was, is)); got != change.want {
				t.Errorf("it says\n%s, want\n%s", got, change.want)
			}
			golden(t, strings.ReplaceAll(name, " ", "-"), compose.Diff("web", was, is))
			if got := compose.Diff("web", was, is); strings.Contains(got, "hunter") || strings.Contains(got, "s3cret") || strings.Contains(got, "t0p") {
				t.Errorf("a secret is shown: %s", got)
			}
			if alike := alike(was, is); alike != (change.want == "") {
				t.Errorf("they are alike: %t", alike)
			}
		})
	}
}

func TestAServiceThatIsMadeIsShownWhole(t *testing.T) {
	t.Parallel()
	golden(t, "made", compose.Diff("web", swarm.ServiceSpec{}, web()))
	golden(t, "gone", compose.Diff("web", web(), swarm.ServiceSpec{}))
}

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".diff")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant:\n%s", path, got, want)
	}
}

// What a plan saw of a service is held against it as it is, and holds no value of what may be secret.
func TestWhatIsAnotherSinceAPlan(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do   func(*swarm.ServiceSpec)
		want string
	}{
		"nothing":  {func(*swarm.ServiceSpec) {}, ""},
		"replicas": {func(s *swarm.ServiceSpec) { s.Mode.Replicated.Replicas = new(uint64(5)) }, "deploy.replicas is 5, was 3"},
		"values": {func(s *swarm.ServiceSpec) {
			s.TaskTemplate.ContainerSpec.Env = []string{"DB=postgres://web:other@db/shop", "DB_PASSWORD=other", "LEVEL=debug", "MORE=1"}
		}, "environment.DB is postgres://web:***@db/shop, was another; environment.DB_PASSWORD is ***, was another; environment.LEVEL is debug, was another; environment.MORE is 1, was not set; environment.TLS_KEY_FILE is not set, was set"},
		"an argument": {func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Args[2] = "--level=debug" }, `command is ["--token","***","--level=debug","--password=***"], was another`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parts, is := compose.Parts("id", web()), web()
			for path, said := range parts {
				if strings.Contains(said, "hunter") || strings.Contains(said, "s3cret") || strings.Contains(said, "t0p") || strings.Contains(said, "info") {
					t.Errorf("of %s it says %s", path, said)
				}
			}
			test.do(&is)
			if got := compose.Sentence(compose.Since("id", parts, is)); got != test.want {
				t.Errorf("it says\n%s, want\n%s", got, test.want)
			}
			if of := compose.Parts("another", web()); of["command"] == parts["command"] && of["entrypoint"] == parts["entrypoint"] && of["environment.LEVEL"] == parts["environment.LEVEL"] {
				t.Error("of another service the same values have the same marks")
			}
		})
	}
}
