package automation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/automation"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// shared is the cluster of all tests here; TestMain sets it once.
var shared *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) { shared = l }))
}

func action(t testing.TB, c *cluster.Cluster, name string) sdk.Handler {
	t.Helper()
	return lab.Action(t, automation.Actions(c), name)
}

func missing(testing.TB) sdktest.World {
	return sdktest.World{Params: map[string]any{"name": "no-such-thing"}}
}

// as is JSON for a comparison.
func as(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	lab.Must(t, err)
	return string(text)
}

// scheduled is a world with the CronJob report, of every new year.
func scheduled(suspended bool, params map[string]any) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		namespace := shared.Namespace(t)
		template := lab.Template("report", "report:1")
		template.Spec.RestartPolicy = corev1.RestartPolicyNever
		_, err := shared.Kube.BatchV1().CronJobs(namespace).Create(t.Context(), &batchv1.CronJob{
			ObjectMeta: metav1.ObjectMeta{Name: "report"},
			Spec: batchv1.CronJobSpec{
				Schedule: "0 0 1 1 *", Suspend: &suspended,
				JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: template}},
			},
		}, metav1.CreateOptions{})
		lab.Must(t, err)
		given := map[string]any{"name": "report", "namespace": namespace}
		maps.Copy(given, params)
		return sdktest.World{Params: given, Probe: func() string {
			cron, err := shared.Kube.BatchV1().CronJobs(namespace).Get(context.WithoutCancel(t.Context()), "report", metav1.GetOptions{})
			lab.Must(t, err)
			return as(t, map[string]any{"spec": cron.Spec, "annotations": cron.Annotations})
		}}
	}
}

// setSuspended changes the CronJob as somebody else does.
func setSuspended(t *testing.T, world sdktest.World, to bool) {
	t.Helper()
	patch := fmt.Sprintf(`{"spec":{"suspend":%t}}`, to)
	_, err := shared.Kube.BatchV1().CronJobs(world.Params["namespace"].(string)).Patch(t.Context(), "report", types.MergePatchType,
		[]byte(patch), metav1.PatchOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
}

func TestCronJobSuspendKeepsTheContract(t *testing.T) {
	t.Parallel()
	resume := map[string]any{"suspend": false}
	sdktest.Run(t, action(t, shared.Connect(t), "cronjob_suspend"),
		sdktest.Case{Name: "suspend", World: scheduled(false, nil)},
		sdktest.Case{Name: "suspend what is suspended", World: scheduled(true, nil)},
		sdktest.Case{Name: "resume", World: scheduled(true, resume)},
		sdktest.Case{Name: "resume what is not suspended", World: scheduled(false, resume)},
		sdktest.Case{Name: "nothing", World: missing, Fails: sdk.Permanent})
}

// Jobs that run are named, and left alone; without a deadline, missed times are caught up.
func TestCronJobSuspendNamesWhatRuns(t *testing.T) {
	t.Parallel()
	handler, world := action(t, shared.Connect(t), "cronjob_suspend"), scheduled(false, nil)(t)
	namespace := world.Params["namespace"].(string)
	start(t, namespace)
	preview, err := handler.Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if len(preview.Warnings) != 1 || preview.Warnings[0] != "The Job report-1 is running, and goes on." ||
		!strings.Contains(preview.Changes[0].Diff, "-  suspend: false\n+  suspend: true\n") {
		t.Errorf("the plan is %+v", preview)
	}
	outputs, err := handler.Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
	lab.Must(t, err)
	if want := `{"suspended":true,"changed":true,"running":["report-1"]}`; string(outputs) != want {
		t.Errorf("got %s, want %s", outputs, want)
	}
	world.Params["suspend"] = false
	preview, err = handler.Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if len(preview.Warnings) != 1 || !strings.Contains(preview.Warnings[0], "starts a Job at once") {
		t.Errorf("the plan is %+v", preview)
	}
}

// start makes a Job of the CronJob that does not end by itself.
func start(t *testing.T, namespace string) {
	t.Helper()
	crons := shared.Kube.BatchV1().CronJobs(namespace)
	cron, err := crons.Get(t.Context(), "report", metav1.GetOptions{})
	lab.Must(t, err)
	spec := *cron.Spec.JobTemplate.Spec.DeepCopy()
	spec.Suspend = new(true)
	job, err := shared.Kube.BatchV1().Jobs(namespace).Create(t.Context(), &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Name: "report-1", OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(cron, batchv1.SchemeGroupVersion.WithKind("CronJob"))},
		},
		Spec: spec,
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	lab.Eventually(t, "the CronJob says that its Job runs", func(ctx context.Context) error {
		cron, err := crons.Get(ctx, "report", metav1.GetOptions{})
		if err != nil {
			return err
		}
		cron.Status.Active = []corev1.ObjectReference{{APIVersion: "batch/v1", Kind: "Job", Namespace: namespace, Name: job.Name, UID: job.UID}}
		_, err = crons.UpdateStatus(ctx, cron, metav1.UpdateOptions{})
		return err
	})
}

func TestUndoLeavesWhatSomebodyElseSuspended(t *testing.T) {
	t.Parallel()
	handler, host, world := action(t, shared.Connect(t), "cronjob_suspend"), &sdktest.Host{}, scheduled(false, nil)(t)
	req := lab.Request(t, world.Params)
	_, err := handler.Apply(t.Context(), req, host)
	lab.Must(t, err)
	req.Before = host.StateBefore()
	setSuspended(t, world, false)
	setSuspended(t, world, true)
	lab.Fails(t, handler.Undo(t.Context(), req, host), sdk.Conflict, "somebody-else set it anew")
	if state := world.Probe(); !strings.Contains(state, `"suspend":true`) {
		t.Errorf("it is %s", state)
	}
}

func TestPlanSaysWhatIsNotAllowed(t *testing.T) {
	t.Parallel()
	shared.Allow(t, "looker", rbacv1.PolicyRule{
		APIGroups: []string{"batch", "autoscaling"}, Resources: []string{"cronjobs", "horizontalpodautoscalers"}, Verbs: []string{"get"},
	})
	c := shared.ConnectAs(t, "looker")
	for name, kind := range map[string]string{"cronjob_suspend": "CronJob", "hpa_suspend": "HorizontalPodAutoscaler"} {
		preview, err := action(t, c, name).Plan(t.Context(), lab.Request(t, map[string]any{"name": "web", "namespace": "shop"}))
		lab.Must(t, err)
		if want := "You may not change the " + kind + " web in shop."; len(preview.Blockers) != 1 || preview.Blockers[0] != want {
			t.Errorf("%s: the blockers are %q, want %q", name, preview.Blockers, want)
		}
	}
}

// scaled is a world with the autoscaler web, which may have a behavior.
func scaled(behavior *autoscalingv2.HorizontalPodAutoscalerBehavior, params map[string]any) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		namespace := shared.Namespace(t)
		_, err := shared.Kube.AutoscalingV2().HorizontalPodAutoscalers(namespace).Create(t.Context(), &autoscalingv2.HorizontalPodAutoscaler{
			ObjectMeta: metav1.ObjectMeta{Name: "web"},
			Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
				ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"},
				MinReplicas:    new(int32(2)), MaxReplicas: 6, Behavior: behavior,
				Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{
					Name:   corev1.ResourceMemory,
					Target: autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: new(resource.MustParse("100Mi"))},
				}}},
			},
		}, metav1.CreateOptions{})
		lab.Must(t, err)
		given := map[string]any{"name": "web", "namespace": namespace}
		maps.Copy(given, params)
		return sdktest.World{Params: given, Probe: func() string {
			hpa := autoscaler(t, namespace)
			return as(t, map[string]any{"spec": hpa.Spec, "annotations": hpa.Annotations})
		}}
	}
}

func autoscaler(t testing.TB, namespace string) *autoscalingv2.HorizontalPodAutoscaler {
	t.Helper()
	hpa, err := shared.Kube.AutoscalingV2().HorizontalPodAutoscalers(namespace).Get(context.WithoutCancel(t.Context()), "web", metav1.GetOptions{})
	lab.Must(t, err)
	return hpa
}

// careful scales down by the slowest of its policies, and up as the server chooses.
func careful() *autoscalingv2.HorizontalPodAutoscalerBehavior {
	return &autoscalingv2.HorizontalPodAutoscalerBehavior{ScaleDown: &autoscalingv2.HPAScalingRules{
		StabilizationWindowSeconds: new(int32(60)), SelectPolicy: new(autoscalingv2.MinChangePolicySelect),
		Policies: []autoscalingv2.HPAScalingPolicy{{Type: autoscalingv2.PodsScalingPolicy, Value: 1, PeriodSeconds: 30}},
	}}
}

func TestAutoscalerSuspendKeepsTheContract(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	suspended := func(t testing.TB) sdktest.World {
		world := scaled(nil, nil)(t)
		_, err := action(t, c, "hpa_suspend").Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
		lab.Must(t, err)
		world.Params["suspend"] = "none"
		return world
	}
	sdktest.Run(t, action(t, c, "hpa_suspend"),
		sdktest.Case{Name: "one without behavior", World: scaled(nil, nil)},
		sdktest.Case{Name: "one with behavior", World: scaled(careful(), nil)},
		sdktest.Case{Name: "only down", World: scaled(careful(), map[string]any{"suspend": "down"})},
		sdktest.Case{Name: "resume", World: suspended},
		sdktest.Case{Name: "resume what gatebook did not suspend", World: scaled(careful(), map[string]any{"suspend": "none"})},
		sdktest.Case{Name: "nothing", World: missing, Fails: sdk.Permanent})
}
