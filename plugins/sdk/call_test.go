package sdk_test

import (
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestAParameterIsKnownWithAllItsParts(t *testing.T) {
	t.Parallel()
	request := sdk.Request{Unknown: []string{"command[1]", "env.TOKEN", "text"}}
	for name, want := range map[string]bool{
		"command": false, "env": false, "text": false, "text2": true, "tex": true, "cwd": true, "comma": true,
	} {
		if got := request.Knows(name); got != want {
			t.Errorf("%s is known: %t, want %t", name, got, want)
		}
	}
	if request.Knows("cwd", "text") {
		t.Error("of several parameters one is not known, and they are said to be")
	}
}
