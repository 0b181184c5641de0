package steps

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps/internal/web"
)

// prometheusAnswer is what /api/v1/query answers.
type prometheusAnswer struct {
	Status    string   `json:"status"`
	ErrorType string   `json:"errorType"`
	Error     string   `json:"error"`
	Warnings  []string `json:"warnings"`
	Infos     []string `json:"infos"`
	Data      struct {
		ResultType string          `json:"resultType"`
		Result     json.RawMessage `json:"result"`
	} `json:"data"`
}

// maxSeconds is in the year 5138, well within what a time in JSON can say.
const maxSeconds = 1e11

// prometheusPoint is [seconds since 1970, "number"].
type prometheusPoint struct {
	seconds float64
	text    string
}

// UnmarshalJSON reads the pair.
func (p *prometheusPoint) UnmarshalJSON(data []byte) error {
	pair := []any{&p.seconds, &p.text}
	return json.Unmarshal(data, &pair)
}

func (p prometheusPoint) sample(labels map[string]string) (PrometheusSample, error) {
	number, err := strconv.ParseFloat(p.text, 64)
	if err != nil {
		return PrometheusSample{}, fmt.Errorf("the sample %q is not a number", p.text)
	}
	if math.Abs(p.seconds) > maxSeconds {
		return PrometheusSample{}, fmt.Errorf("the sample's time %v is out of reach", p.seconds)
	}
	whole, part := math.Modf(p.seconds)
	sample := PrometheusSample{
		Labels: labels, Text: p.text,
		Time: time.Unix(int64(whole), int64(math.Round(part*1000))*int64(time.Millisecond)).UTC(),
	}
	if !math.IsNaN(number) && !math.IsInf(number, 0) {
		sample.Value = &number
	}
	return sample, nil
}

func readPrometheus(answer web.Answer) (PrometheusQueryOutput, error) {
	var read prometheusAnswer
	err := json.Unmarshal([]byte(answer.Body), &read)
	switch {
	case answer.Truncated:
		return PrometheusQueryOutput{}, sdk.FieldErrorf("query", "the answer is larger than %d bytes; ask for fewer series", maxPrometheusBody)
	case err == nil && read.Status == "error":
		return PrometheusQueryOutput{}, prometheusError(answer.Status, read)
	case answer.Status != http.StatusOK:
		return PrometheusQueryOutput{}, web.CheckStatus("Prometheus", answer.Status, []web.StatusRange{{From: http.StatusOK, To: http.StatusOK}}, sdk.Permanent)
	case err != nil || read.Status != "success":
		return PrometheusQueryOutput{}, sdk.FieldErrorf("url", "the server does not answer as Prometheus does")
	}
	output := PrometheusQueryOutput{
		ResultType: read.Data.ResultType, Warnings: append(read.Warnings, read.Infos...),
	}
	output.Values, err = samples(read.Data.ResultType, read.Data.Result)
	return output, err
}

// prometheusError gives the server's words, with the class of its kind of error.
func prometheusError(status int, read prometheusAnswer) error {
	class := web.StatusClass(status, sdk.Permanent)
	switch read.ErrorType {
	case "bad_data", "execution":
		failure := sdk.FieldErrorf("query", "Prometheus: %s", read.Error)
		return failure
	case "timeout", "canceled", "unavailable", "internal":
		class = sdk.Transient
	}
	return sdk.Errorf(class, "Prometheus: %s: %s", read.ErrorType, read.Error)
}

func samples(kind string, result json.RawMessage) ([]PrometheusSample, error) {
	type series struct {
		Labels    map[string]string `json:"metric"`
		Point     *prometheusPoint  `json:"value"`
		Histogram json.RawMessage   `json:"histogram"`
	}
	var all []series
	var err error
	switch kind {
	case "scalar":
		var point prometheusPoint
		err = json.Unmarshal(result, &point)
		all = []series{{Labels: map[string]string{}, Point: &point}}
	case "vector":
		err = json.Unmarshal(result, &all)
	default:
		return nil, sdk.FieldErrorf("query", "the query gives a %s, not a scalar or an instant vector", kind)
	}
	if err != nil {
		return nil, sdk.Errorf(sdk.Permanent, "the result cannot be read: %w", err)
	}
	found := make([]PrometheusSample, 0, len(all))
	for _, one := range all {
		if one.Point == nil {
			return nil, sdk.FieldErrorf("query", "the query gives a native histogram; take a number of it, with histogram_quantile for example")
		}
		sample, err := one.Point.sample(one.Labels)
		if err != nil {
			return nil, sdk.Errorf(sdk.Permanent, "%w", err)
		}
		found = append(found, sample)
	}
	return found, nil
}
