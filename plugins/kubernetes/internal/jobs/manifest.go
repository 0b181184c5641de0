package jobs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Manifest is what the Job shall be: that of a CronJob, or one of its own.
type Manifest struct {
	Name      string `json:"name" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" maxLength:"52" example:"migrate" doc:"How the Job's name begins; without it, as that of the CronJob, or with gatebook. What follows is made from the step's key."`
	Namespace string `json:"namespace" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"shop" doc:"Namespace of the Job; without it, the connection's."`
	CronJob   string `json:"cronJob" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"52" example:"nightly-report" doc:"Runs the Job of this CronJob, now, as kubectl create job --from does. Nothing of its pods can then be given here."`

	Image          string               `json:"image" minLength:"1" example:"registry.example.com/shop/migrate:1.2.0" doc:"Image of the container."`
	Command        []string             `json:"command" nosecret:"true" minItems:"1" example:"[\"/app/migrate\",\"up\"]" doc:"The program and its arguments, instead of those that the image names."`
	Args           []string             `json:"args" nosecret:"true" minItems:"1" doc:"Arguments of the program that the image names, or behind those of command."`
	Env            map[string]string    `json:"env" nosecret:"true" doc:"Variables of the program. All who may read the Job can read them, so that no secret may stand here: use secretEnv."`
	SecretEnv      map[string]SecretKey `json:"secretEnv" doc:"Variables whose values are in Secrets of the namespace."`
	ServiceAccount string               `json:"serviceAccount" pattern:"^([a-z0-9]([-.a-z0-9]*[a-z0-9])?)?$" maxLength:"253" doc:"Service account of the pod; without it, default."`
	Requests       map[string]string    `json:"requests" doc:"What the container is sure to get: cpu, memory and the like, as 500m or 256Mi."`
	Limits         map[string]string    `json:"limits" doc:"What the container gets at most."`
	Labels         map[string]string    `json:"labels" nosecret:"true" doc:"Labels of the pod."`
	Annotations    map[string]string    `json:"annotations" nosecret:"true" doc:"Annotations of the pod."`

	BackoffLimit   *int32           `json:"backoffLimit" min:"0" max:"1000" unit:"times" doc:"How often a pod that failed is tried anew; without it, as often as the CronJob says, or else 6 times."`
	ActiveDeadline *schema.Duration `json:"activeDeadline" min:"1s" example:"20m" doc:"How long the Job may run before Kubernetes ends it, with all its tries; without it, as long as the CronJob says, or else for ever."`
	TTL            *schema.Duration `json:"ttl" min:"1m" example:"24h" doc:"How long Kubernetes keeps the Job after its end, so that it can be seen how it ended; without it, as long as the CronJob says, or else until somebody deletes it."`
}

// SecretKey is where a value is kept that is not shown.
type SecretKey struct {
	Secret string `json:"secret" required:"true" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"db" doc:"Name of the Secret."`
	Key    string `json:"key" required:"true" pattern:"^[-._a-zA-Z0-9]+$" maxLength:"253" example:"password" doc:"Name of the value in it."`
}

// manifestFields are the parameters that a [Manifest] is made of.
func manifestFields() []string {
	return []string{
		"name", "namespace", "cronJob", "image", "command", "args", "env", "secretEnv", "serviceAccount", "requests",
		"limits", "labels", "annotations", "backoffLimit", "activeDeadline", "ttl",
	}
}

func (m Manifest) valid() error {
	ofPods := m.Image != "" || len(m.Command)+len(m.Args)+len(m.Env)+len(m.SecretEnv)+len(m.Requests)+len(m.Limits) > 0 ||
		m.ServiceAccount != "" || len(m.Labels)+len(m.Annotations) > 0
	switch {
	case m.CronJob != "" && ofPods:
		return sdk.FieldErrorf("cronJob", "says what runs, so that nothing else may say it")
	case m.CronJob == "" && m.Image == "":
		return sdk.FieldErrorf("image", "is required, or cronJob instead")
	default:
		return nil
	}
}

// named is the Job's name, always the same for a step's key.
func (m Manifest) named(key string) string {
	begin := m.Name
	if begin == "" {
		begin = "gatebook"
		if m.CronJob != "" {
			begin = m.CronJob
		}
	}
	// A CronJob's name has at most 52 letters too, so that this makes 63.
	return own.Name(begin, key)
}

// build makes the content of the Job.
func (j jobs) build(ctx context.Context, m Manifest) (map[string]any, error) {
	job := &batchv1.Job{}
	if m.CronJob != "" {
		from, err := j.fromCronJob(ctx, m)
		if err != nil {
			return nil, err
		}
		job = from
	} else {
		template, err := m.template()
		if err != nil {
			return nil, err
		}
		job.Spec.Template = template
	}
	metav1.SetMetaDataLabel(&job.ObjectMeta, "app.kubernetes.io/managed-by", cluster.Manager)
	if m.BackoffLimit != nil {
		job.Spec.BackoffLimit = m.BackoffLimit
	}
	if m.ActiveDeadline != nil {
		job.Spec.ActiveDeadlineSeconds = new(int64(m.ActiveDeadline.Std() / time.Second))
	}
	if m.TTL != nil {
		job.Spec.TTLSecondsAfterFinished = new(int32(m.TTL.Std() / time.Second))
	}
	return runtime.DefaultUnstructuredConverter.ToUnstructured(job)
}

// typed reads a Job as the API has it.
func typed(found *unstructured.Unstructured) (*batchv1.Job, error) {
	job := &batchv1.Job{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(found.Object, job); err != nil {
		return nil, fmt.Errorf("the Job %s/%s: %w", found.GetNamespace(), found.GetName(), err)
	}
	return job, nil
}

// fromCronJob is the Job that the CronJob would make now. It is the CronJob's own, but
// not controlled by it, as kubectl has it.
func (j jobs) fromCronJob(ctx context.Context, m Manifest) (*batchv1.Job, error) {
	cron, err := j.Kube.BatchV1().CronJobs(m.Namespace).Get(ctx, m.CronJob, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, sdk.FieldErrorf("cronJob", "there is no CronJob %s/%s", m.Namespace, m.CronJob)
	case err != nil:
		return nil, cluster.FaultIn(ctx, err, "read the CronJob %s/%s", m.Namespace, m.CronJob)
	}
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Labels: maps.Clone(cron.Spec.JobTemplate.Labels), Annotations: maps.Clone(cron.Spec.JobTemplate.Annotations),
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: batchv1.SchemeGroupVersion.String(), Kind: "CronJob", Name: cron.Name, UID: cron.UID,
			}},
		},
		Spec: *cron.Spec.JobTemplate.Spec.DeepCopy(),
	}
	metav1.SetMetaDataAnnotation(&job.ObjectMeta, "cronjob.kubernetes.io/instantiate", "manual")
	return job, nil
}

// template is that of the pod. It is not restarted, so that each try leaves a pod with
// its log.
func (m Manifest) template() (corev1.PodTemplateSpec, error) {
	requests, err := quantities("requests", m.Requests)
	if err != nil {
		return corev1.PodTemplateSpec{}, err
	}
	limits, err := quantities("limits", m.Limits)
	if err != nil {
		return corev1.PodTemplateSpec{}, err
	}
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: m.Labels, Annotations: m.Annotations},
		Spec: corev1.PodSpec{
			RestartPolicy:      corev1.RestartPolicyNever,
			ServiceAccountName: m.ServiceAccount,
			Containers: []corev1.Container{{
				Name: "main", Image: m.Image, Command: m.Command, Args: m.Args, Env: m.env(),
				Resources: corev1.ResourceRequirements{Requests: requests, Limits: limits},
			}},
		},
	}, nil
}

func (m Manifest) env() []corev1.EnvVar {
	var env []corev1.EnvVar
	for _, name := range slices.Sorted(maps.Keys(m.Env)) {
		env = append(env, corev1.EnvVar{Name: name, Value: m.Env[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(m.SecretEnv)) {
		from := m.SecretEnv[name]
		env = append(env, corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: from.Secret}, Key: from.Key,
		}}})
	}
	return env
}

func quantities(field string, texts map[string]string) (corev1.ResourceList, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	list := corev1.ResourceList{}
	for name, text := range texts {
		quantity, err := resource.ParseQuantity(text)
		if err != nil {
			return nil, sdk.FieldErrorf(field+"."+name, "%q is no quantity, as 500m or 256Mi", text)
		}
		list[corev1.ResourceName(name)] = quantity
	}
	return list, nil
}
