package stacks_test

import (
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// Of a list of volumes all is kept where one is another, so that it is kept in the swarm where any of them has a
// password.
func TestNoPasswordOfAVolumeIsOnTheDisk(t *testing.T) {
	t.Parallel()
	name := stack(t)
	text := `version: "3.8"
services:
  web:
    image: demo:v1
    healthcheck: {disable: true}
    deploy: {replicas: 0}
    volumes: ["share:/share", "/srv:/e"]
volumes:
  share: {driver_opts: {type: cifs, o: "username=u,password=hunter2"}, labels: {c.token: hunter3}}
`
	byDocker(t, name, text)
	before := state(t, name)
	req, host := request(t, map[string]any{"stack": name, "compose": strings.ReplaceAll(text, "/srv:/e", "/srv:/f")}), &sdktest.Host{}
	applied(t, req, host)
	if disk := string(host.StateBefore()); strings.Contains(disk, "hunter") || !strings.Contains(disk, `"vault":true`) {
		t.Errorf("on the disk is %s", disk)
	}
	must(t, deploy(t).Undo(t.Context(), undone(req, host), host))
	if after := state(t, name); after != before {
		t.Errorf("after undo the stack is %s, and it was %s", after, before)
	}
}

// What is no secret is kept on gatebook's disk, though gatebook has marked the service with a label.
func TestWhatIsNoSecretIsNotKeptInTheSwarm(t *testing.T) {
	t.Parallel()
	name := stack(t)
	applied(t, request(t, map[string]any{"stack": name, "compose": one}), &sdktest.Host{})
	req, host := request(t, map[string]any{"stack": name, "compose": strings.ReplaceAll(one, "LEVEL: info", "LEVEL: debug")}), &sdktest.Host{}
	req.Key = "another-step-0-do"
	applied(t, req, host)
	if disk := string(host.StateBefore()); strings.Contains(disk, `"vault":true`) || !strings.Contains(disk, "=info") || strings.Contains(disk, "hunter") {
		t.Errorf("on the disk is %s", disk)
	}
}
