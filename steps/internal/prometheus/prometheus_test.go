package prometheus_test

import (
	"encoding/json"
	"testing"

	"github.com/gatebook/gatebook/steps/internal/prometheus"
	"github.com/gatebook/gatebook/steps/internal/web"
)

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{"instance":"a"},"value":[1435781451.781,"1"]}]}}`))
	f.Add([]byte(`{"status":"success","data":{"resultType":"scalar","result":[1e300,"1"]}}`))
	f.Add([]byte(`{"status":"error","errorType":"bad_data"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := prometheus.Read(web.Answer{Status: 200, Body: string(body)})
		if err != nil {
			return
		}
		if _, err := json.Marshal(got); err != nil || got.Type != "scalar" && got.Type != "vector" {
			t.Errorf("a %q: %v", got.Type, err)
		}
	})
}
