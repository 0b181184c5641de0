package dnswire

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestSystemServers(t *testing.T) {
	t.Parallel()
	got, err := parseServers(strings.NewReader("# mine\nsearch example.com\nnameserver 192.0.2.53\n nameserver fe80::1%eth0 # two\n"))
	if err != nil || !slices.Equal(got, []string{"192.0.2.53", "fe80::1%eth0"}) {
		t.Errorf("servers %q, %v", got, err)
	}
	_, err = parseServers(strings.NewReader("options edns0\n"))
	if err == nil {
		t.Fatal("a file without servers is no error")
	}
	if is := sdk.AsError(err); is.Field != "servers" || !strings.Contains(is.Message, "names none") {
		t.Errorf("a file without servers gives %v", err)
	}
	for server, want := range map[string]string{
		"192.0.2.53": "192.0.2.53:53", "192.0.2.53:5353": "192.0.2.53:5353", "2001:db8::1": "[2001:db8::1]:53", "[2001:db8::1]": "[2001:db8::1]:53",
	} {
		if got := Address(server); got != want {
			t.Errorf("%s is asked at %s, want %s", server, got, want)
		}
	}
}
