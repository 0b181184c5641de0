package compose_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/swarm"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/plugins/swarm/internal/compose"
)

// fill draws a value: each field of each struct of the API, whatever a later version adds to it.
func fill(t *rapid.T, value reflect.Value) {
	if address, is := reflect.TypeAssert[*netip.Addr](value.Addr()); is {
		*address = netip.AddrFrom4([4]byte{10, 0, 0, rapid.Byte().Draw(t, "address")})
		return
	}
	switch value.Kind() {
	case reflect.Struct:
		for _, field := range value.Fields() {
			fill(t, field)
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "there") {
			value.Set(reflect.New(value.Type().Elem()))
			fill(t, value.Elem())
		}
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), rapid.IntRange(0, 2).Draw(t, "items"), 2))
		for i := range value.Len() {
			fill(t, value.Index(i))
		}
	case reflect.Map:
		value.Set(reflect.MakeMap(value.Type()))
		for range rapid.IntRange(0, 2).Draw(t, "entries") {
			value.SetMapIndex(reflect.ValueOf(drawText(t)), reflect.ValueOf(drawText(t)))
		}
	case reflect.String:
		value.SetString(drawText(t))
	case reflect.Bool:
		value.SetBool(rapid.Bool().Draw(t, "flag"))
	case reflect.Float32:
		value.SetFloat(float64(rapid.IntRange(0, 10).Draw(t, "ratio")) / 10)
	default:
		number := rapid.IntRange(0, 2048).Draw(t, "number")
		if value.CanUint() {
			value.SetUint(uint64(number) % 200)
		} else {
			value.SetInt(int64(number))
		}
	}
}

// drawText draws what the words of the compose file, and what is masked, could mistake.
func drawText(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "a", "b", "A=1", "A", "PASSWORD=x", "PASSWORD=***", "***", "token", "--token", "http://u:p@h", "10.0.0.1 db", "db:10.0.0.1", "tcp", "password=x", "x (before)", "\n- a"}).Draw(t, "text")
}

// beyond is more than any number that [fill] draws.
const beyond = 100_000

// change is one that makes another service.
type change struct {
	path string
	do   func()
}

// changesOf are all single changes of a value.
func changesOf(path string, value reflect.Value) (all []change) {
	add := func(do func()) { all = append(all, change{path, do}) }
	if address, is := reflect.TypeAssert[*netip.Addr](value.Addr()); is {
		add(func() { *address = netip.MustParseAddr("192.0.2.1") })
		return all
	}
	switch value.Kind() {
	case reflect.Struct:
		for i := range value.NumField() {
			all = append(all, changesOf(path+"."+value.Type().Field(i).Name, value.Field(i))...)
		}
	case reflect.Pointer:
		if !value.IsNil() {
			return changesOf(path, value.Elem())
		}
		if of := value.Type().Elem(); of.Kind() != reflect.Struct || of.NumField() == 0 {
			add(func() {
				value.Set(reflect.New(of))
				for _, inner := range changesOf(path, value.Elem()) {
					inner.do()
				}
			})
		}
	case reflect.Slice:
		for i := range value.Len() {
			all = append(all, changesOf(fmt.Sprintf("%s[%d]", path, i), value.Index(i))...)
		}
		add(func() { value.Set(reflect.Append(value, reflect.Zero(value.Type().Elem()))) })
	case reflect.Map:
		for _, key := range value.MapKeys() {
			add(func() { value.SetMapIndex(key, reflect.ValueOf(value.MapIndex(key).String()+"x")) })
			add(func() { value.SetMapIndex(key, reflect.Value{}) })
		}
		add(func() {
			if value.IsNil() {
				value.Set(reflect.MakeMap(value.Type()))
			}
			value.SetMapIndex(reflect.ValueOf("new"), reflect.ValueOf(""))
		})
	case reflect.String:
		add(func() { value.SetString(value.String() + "x") })
	case reflect.Bool:
		add(func() { value.SetBool(!value.Bool()) })
	case reflect.Float32:
		add(func() { value.SetFloat(value.Float() + 1.5) })
	default:
		add(func() {
			if value.CanUint() {
				value.SetUint(value.Uint() + beyond)
			} else {
				value.SetInt(value.Int() + beyond)
			}
		})
	}
	return all
}

// few says how many of the changes of a spec are made: one of so many.
const few = 10

// sent is a spec as an engine gets it.
func sent(t interface{ Fatal(...any) }, spec swarm.ServiceSpec) (out swarm.ServiceSpec) {
	encoded, err := json.Marshal(spec)
	if err == nil {
		err = json.Unmarshal(encoded, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A diff never hides a change: whatever field is changed, to whatever it was not, is seen.
func TestADiffHidesNoChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var drawn swarm.ServiceSpec
		fill(t, reflect.ValueOf(&drawn).Elem())
		was := sent(t, drawn)
		is := sent(t, drawn)
		number := len(changesOf("", reflect.ValueOf(&is).Elem()))
		for i := rapid.IntRange(0, few).Draw(t, "first"); i < number; i += few {
			is := sent(t, drawn)
			one := changesOf("", reflect.ValueOf(&is).Elem())[i]
			one.do()
			if alike(was, is) {
				t.Fatalf("%s: they are alike: %+v", one.path, is)
			}
			if compose.Diff("web", was, is) == "" || len(compose.Changed(was, is)) == 0 {
				t.Fatalf("%s: the change is hidden: %q, %v", one.path, compose.Diff("web", was, is), compose.Changed(was, is))
			}
		}
	})
}

// empty gives everything that is absent as something empty instead, where that means the same.
func empty(value reflect.Value) {
	switch value.Kind() {
	case reflect.Struct:
		if value.Type() == reflect.TypeFor[netip.Addr]() {
			return
		}
		for _, field := range value.Fields() {
			empty(field)
		}
	case reflect.Pointer:
		of := value.Type().Elem()
		means := of == reflect.TypeFor[swarm.UpdateConfig]() || of.Kind() != reflect.Struct || of.NumField() == 0 || strings.HasSuffix(of.Name(), "Job")
		if value.IsNil() && means {
			return
		}
		if value.IsNil() {
			value.Set(reflect.New(of))
		}
		empty(value.Elem())
	case reflect.Slice:
		if value.IsNil() {
			value.Set(reflect.MakeSlice(value.Type(), 0, 0))
		}
	case reflect.Map:
		if value.IsNil() {
			value.Set(reflect.MakeMap(value.Type()))
		}
	}
}

// What is empty is absent, so that the engine's answer is not taken for a change.
func TestEmptyIsAbsent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var was swarm.ServiceSpec
		fill(t, reflect.ValueOf(&was).Elem())
		was = sent(t, was)
		was.Mode = swarm.ServiceMode{Replicated: &swarm.ReplicatedService{}}
		is := sent(t, was)
		mode := is.Mode
		empty(reflect.ValueOf(&is).Elem())
		is.Mode = mode
		if !alike(was, is) {
			t.Fatal("they are not alike")
		}
		if said := compose.Diff("web", was, is); said != "" || len(compose.Changed(was, is)) > 0 {
			t.Fatalf("there is a change: %s", said)
		}
	})
}

// What is compared is foreign: no two services make it stumble, and what it says of them agrees.
func FuzzTwoServices(f *testing.F) {
	one, err := json.Marshal(web())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(one, one)
	f.Add([]byte(`{"Mode":{"Global":{}}}`), []byte(`{"TaskTemplate":{"ContainerSpec":{"Env":["A","A=b"],"Secrets":[null]},"Networks":[{}]}}`))
	f.Fuzz(func(t *testing.T, one, other []byte) {
		var was, is swarm.ServiceSpec
		if json.Unmarshal(one, &was) != nil || json.Unmarshal(other, &is) != nil {
			t.Skip()
		}
		alike := alike(was, is)
		diff, changed := compose.Diff("web", was, is), compose.Changed(was, is)
		if alike != (diff == "") || alike != (len(changed) == 0) {
			t.Errorf("alike: %t, diff: %q, changed: %v", alike, diff, changed)
		}
	})
}
