package replacing

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// What a volume is to hold and is not there does not come by itself; all else that keeps a
// pod from starting may take some minutes, and then it starts.
func TestOnlyWhatIsMissingIsWrong(t *testing.T) {
	t.Parallel()
	for _, use := range []struct {
		reason, message string
		wrong           bool
	}{
		{"FailedMount", `MountVolume.SetUp failed for volume "conf" : configmap "web" not found`, true},
		{"FailedMount", `MountVolume.SetUp failed for volume "conf" : references non-existent config key: web.yaml`, true},
		{"FailedMount", `MountVolume.SetUp failed for volume "token" : secret "web" not found`, true},
		{"FailedMount", `MountVolume.SetUp failed for volume "conf" : failed to sync configmap cache: timed out waiting for the condition`, false},
		{"FailedMount", `Unable to attach or mount volumes: unmounted volumes=[data]: timed out waiting for the condition`, false},
		{"FailedMount", `MountVolume.MountDevice failed for volume "data" : driver name disk.example.com not found in the list of registered CSI drivers`, false},
		{"FailedAttachVolume", `Multi-Attach error for volume "data" Volume is already exclusively attached to one node and can't be attached to another`, false},
		{"FailedCreatePodSandBox", `Failed to create pod sandbox: plugin type="calico" failed (add): secret "x" not found`, false},
	} {
		if got := isWrong(corev1.Event{Reason: use.reason, Message: use.message}); got != use.wrong {
			t.Errorf("%s: %s: got %t, want %t", use.reason, use.message, got, use.wrong)
		}
	}
}
