package setting

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"
)

// Replace is a value of a change that takes the place of what is there, as a whole.
type Replace struct{ Value any }

// Guarded is a JSON patch that the server refuses where the object is another one, where
// what it shall be was changed since it was read, or one of the fields themselves. What
// its controller writes into its status does not matter: of a busy object, that is
// changed between any look and the change after it.
//
// The change is one as for [Patch], and may name an item of a list by its name.
func Guarded(live Object, change map[string]any) ([]byte, error) {
	text, err := json.Marshal(live.DeepCopyObject())
	if err != nil {
		return nil, err
	}
	var read map[string]any
	if err := json.Unmarshal(text, &read); err != nil {
		return nil, err
	}
	p := patch{{"test", "/metadata/uid", live.GetUID()}}
	if generation := live.GetGeneration(); generation != 0 { // not all kinds count it
		p = append(p, operation{"test", "/metadata/generation", generation})
	}
	if err := p.add("", read, change); err != nil {
		return nil, err
	}
	return json.Marshal(p)
}

// patch is a JSON patch.
type patch []operation

type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// add adds what makes of a value another one. A test of null is met by what is not there.
func (p *patch) add(path string, live, change any) error {
	switch to := change.(type) {
	case map[string]any:
		inner, is := live.(map[string]any)
		if !is {
			*p = append(*p, operation{"test", path, nil}, operation{"add", path, to})
			return nil
		}
		escaped := strings.NewReplacer("~", "~0", "/", "~1") // as a JSON pointer has it
		for _, key := range slices.Sorted(maps.Keys(to)) {
			if err := p.add(path+"/"+escaped.Replace(key), inner[key], to[key]); err != nil {
				return err
			}
		}
	case []map[string]any:
		items, _ := live.([]any)
		for _, item := range to {
			i := slices.IndexFunc(items, func(one any) bool {
				fields, is := one.(map[string]any)
				return is && fields["name"] == item["name"]
			})
			if i < 0 {
				return fmt.Errorf("%s has no item %v", path, item["name"])
			}
			if err := p.add(fmt.Sprintf("%s/%d", path, i), items[i], item); err != nil {
				return err
			}
		}
	case Replace: // the generation guards it
		*p = append(*p, operation{"add", path, to.Value})
	case nil:
		*p = append(*p, operation{"test", path, live})
		if live != nil {
			*p = append(*p, operation{"remove", path, nil})
		}
	default:
		*p = append(*p, operation{"test", path, live}, operation{"add", path, to})
	}
	return nil
}

// Met makes of the answer to a [Guarded] patch whose tests failed the API's conflict. A
// server that finds the object itself invalid names its kind.
func Met(err error, live Object, resource runtimeschema.GroupResource) error {
	status, is := errors.AsType[*apierrors.StatusError](err)
	if !is || status.Status().Code != http.StatusUnprocessableEntity {
		return err
	}
	if details := status.Status().Details; details != nil && details.Kind != "" {
		return err
	}
	return apierrors.NewConflict(resource, live.GetName(), errors.New("it was changed since it was read"))
}
