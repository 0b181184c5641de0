package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"

	"github.com/gatebook/gatebook/plugins/sdk"
)

type cluster struct {
	Address string `json:"address" default:"here" doc:"Where it is."`
}

func TestAPluginConfiguresItsConnection(t *testing.T) {
	t.Parallel()
	var at cluster
	served, err := sdk.Plugin[cluster]{
		Name: "shop", Version: "1.2.0", Summary: "A shop",
		Configure: func(_ context.Context, config cluster) error { at = config; return nil },
		Actions: []sdk.Declaration{sdk.Action[struct{}, cluster]{
			Name: "where", Summary: "Say where it is", Effect: sdk.Read,
			Apply: func(context.Context, *sdk.Call[struct{}]) (cluster, error) { return at, nil },
		}},
	}.Served()
	if err != nil {
		t.Fatal(err)
	}
	for config, want := range map[string]string{`{}`: `{"address":"here"}`, `{"address":"there"}`: `{"address":"there"}`} {
		if err := served.Configure(t.Context(), json.RawMessage(config)); err != nil {
			t.Fatal(err)
		}
		where, ok := served.Handler("where")
		if !ok {
			t.Fatal("the action is not served")
		}
		if got, err := where.Apply(t.Context(), sdk.Request{}, nil); err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v", config, got, err)
		}
	}
	err = served.Configure(t.Context(), json.RawMessage(`{"adress":"there"}`))
	if got, ok := errors.AsType[*sdk.Error](err); !ok || got.Field != "adress" {
		t.Errorf("got %v, want that the field is not known", err)
	}
	if _, ok := served.Handler("whence"); ok {
		t.Error("an action that is not declared is served")
	}
	if _, ok := served.Description.Connection.Property("address"); !ok || len(served.Description.Actions) != 1 {
		t.Errorf("got %+v", served.Description)
	}
}

// What runbooks and locks cannot name must not be served.
func TestNamesAndVersionsAreThoseThatALockCanHold(t *testing.T) {
	t.Parallel()
	served := func(name, version string) error {
		_, err := sdk.Plugin[struct{}]{Name: name, Version: version, Summary: "A shop", Actions: []sdk.Declaration{
			sdk.Action[struct{}, struct{}]{
				Name: "go", Summary: "Go", Effect: sdk.Read,
				Apply: func(context.Context, *sdk.Call[struct{}]) (struct{}, error) { return struct{}{}, nil },
			},
		}}.Served()
		return err
	}
	for name, good := range map[string]bool{
		"shop": true, "s": true, "s3-shop": true, strings.Repeat("a", 63): true,
		"": false, "shop-": false, "-shop": false, "3shop": false, "shop_a": false, "shop.a": false, "shop\n": false, strings.Repeat("a", 64): false,
	} {
		if err := served(name, "1.2.0"); (err == nil) != good || err != nil && !strings.Contains(err.Error(), "the name must be lower case") {
			t.Errorf("name %q: got %v", name, err)
		}
	}
	for version, good := range map[string]bool{
		"1.2.0": true, "0.0.0": true, "1.2.0-rc.1": true, "1.2.0-0a.x-y+001.b": true, "1.0.0+a-b.7": true, "1.0.0--": true,
		"": false, "1.2": false, "v1.2.0": false, "01.2.0": false, "1.02.0": false, "1.2.00": false, "1.0.0+a+b": false,
		"1.0.0-": false, "1.0.0+": false, "1.0.0-01": false, "1.0.0-a..b": false, "1.0.0-a_b": false, "1.2.0 ": false, "18446744073709551616.0.0": false,
	} {
		if err := served("shop", version); (err == nil) != good || err != nil && !strings.Contains(err.Error(), "must be SemVer") {
			t.Errorf("version %q: got %v", version, err)
		}
		if _, err := semver.StrictNewVersion(version); (err == nil) != good {
			t.Errorf("version %q: engines say %v", version, err)
		}
	}
}

func TestAPluginThatContradictsItselfIsRefused(t *testing.T) {
	t.Parallel()
	action := func(name string) sdk.Declaration {
		return sdk.Action[struct{}, struct{}]{
			Name: name, Summary: "Go", Effect: sdk.Read,
			Apply: func(context.Context, *sdk.Call[struct{}]) (struct{}, error) { return struct{}{}, nil },
		}
	}
	good := sdk.Plugin[struct{}]{Name: "shop", Version: "1.2.0", Summary: "A shop", Actions: []sdk.Declaration{action("go")}}
	for want, spoil := range map[string]func(*sdk.Plugin[struct{}]){
		"the name must be lower case":         func(p *sdk.Plugin[struct{}]) { p.Name = "Shop" },
		`the version "1.2" must be SemVer`:    func(p *sdk.Plugin[struct{}]) { p.Version = "1.2" },
		"one line without a full stop":        func(p *sdk.Plugin[struct{}]) { p.Summary = "A shop." },
		"there are no actions":                func(p *sdk.Plugin[struct{}]) { p.Actions = nil },
		`two actions are called "go"`:         func(p *sdk.Plugin[struct{}]) { p.Actions = append(p.Actions, action("go")) },
		"must have no dot":                    func(p *sdk.Plugin[struct{}]) { p.Actions = []sdk.Declaration{action("shop.go")} },
		`action "Go": the name must be lower`: func(p *sdk.Plugin[struct{}]) { p.Actions = []sdk.Declaration{action("Go")} },
	} {
		spoilt := good
		spoil(&spoilt)
		if _, err := spoilt.Served(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestAPluginSaysWhatItReached(t *testing.T) {
	t.Parallel()
	broken := errors.New("nobody says")
	several := sdk.Target{ID: "account:1", Also: []string{"address:10.0.0.1"}, Title: "one"}
	kindless := sdk.Target{ID: "acct-1", Also: []string{"address:10.0.0.1"}, Title: "one"}
	twins := sdk.Target{ID: "account:1", Also: []string{"address:10.0.0.1", "address:10.0.0.2"}, Title: "one"}
	for name, c := range map[string]struct {
		say  func(context.Context) (sdk.Target, error)
		want sdk.Target
		says string
	}{
		"what it is":   {func(context.Context) (sdk.Target, error) { return sdk.Target{ID: "1", Title: "one"}, nil }, sdk.Target{ID: "1", Title: "one"}, ""},
		"cannot tell":  {nil, sdk.Target{}, ""},
		"says nothing": {func(context.Context) (sdk.Target, error) { return sdk.Target{Title: "one"}, nil }, sdk.Target{Title: "one"}, "no id or no title"},
		"has several names": {
			func(context.Context) (sdk.Target, error) { return several, nil }, several, "",
		},
		"has a name of no kind": {
			func(context.Context) (sdk.Target, error) { return kindless, nil }, kindless, `one is not KIND:VALUE: "acct-1"`,
		},
		"has two names of a kind": {
			func(context.Context) (sdk.Target, error) { return twins, nil }, twins, "two names of the kind address",
		},
		"fails": {func(context.Context) (sdk.Target, error) { return sdk.Target{}, broken }, sdk.Target{}, "nobody says"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			served, err := sdk.Plugin[struct{}]{
				Name: "shop", Version: "1.2.0", Summary: "A shop", Target: c.say, Actions: []sdk.Declaration{sdk.Action[struct{}, struct{}]{
					Name: "look", Summary: "Look", Effect: sdk.Read,
					Apply: func(context.Context, *sdk.Call[struct{}]) (struct{}, error) { return struct{}{}, nil },
				}},
			}.Served()
			if err != nil {
				t.Fatal(err)
			}
			got, err := served.Target(t.Context())
			if !reflect.DeepEqual(got, c.want) || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}
