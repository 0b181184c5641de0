// Package prometheus reads what Prometheus and its kin answer to a query. It leaves out
// asking. Floor 2, as a part of steps.
package prometheus

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

// MaxBody bounds what is read of an answer; a query for a gate gives a handful of
// series.
const MaxBody = 16 << 20

// Result is what a query gave.
type Result struct {
	Type     string // scalar or vector
	Values   []Sample
	Warnings []string
}

// Sample is one series at one time.
type Sample struct {
	Labels map[string]string `json:"labels" required:"true" doc:"Labels of the series; empty for a scalar."`
	Value  *float64          `json:"value,omitempty" doc:"The number; left out where it is NaN or infinite, which JSON cannot say."`
	Text   string            `json:"text" required:"true" doc:"The number as the server wrote it, such as NaN or +Inf."`
	Time   time.Time         `json:"time" required:"true" doc:"Time of the sample."`
}

// document is what /api/v1/query answers.
type document struct {
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

// point is [seconds since 1970, "number"].
type point struct {
	seconds float64
	text    string
}

// UnmarshalJSON reads the pair.
func (p *point) UnmarshalJSON(data []byte) error {
	pair := []any{&p.seconds, &p.text}
	return json.Unmarshal(data, &pair)
}

func (p point) sample(labels map[string]string) (Sample, error) {
	number, err := strconv.ParseFloat(p.text, 64)
	if err != nil {
		return Sample{}, fmt.Errorf("the sample %q is not a number", p.text)
	}
	if math.Abs(p.seconds) > maxSeconds {
		return Sample{}, fmt.Errorf("the sample's time %v is out of reach", p.seconds)
	}
	whole, part := math.Modf(p.seconds)
	sample := Sample{
		Labels: labels, Text: p.text,
		Time: time.Unix(int64(whole), int64(math.Round(part*1000))*int64(time.Millisecond)).UTC(),
	}
	if !math.IsNaN(number) && !math.IsInf(number, 0) {
		sample.Value = &number
	}
	return sample, nil
}

// Read reads an answer. Its errors name the parameters of prometheus.query.
func Read(answer web.Answer) (Result, error) {
	var read document
	err := json.Unmarshal([]byte(answer.Body), &read)
	switch {
	case answer.Truncated:
		return Result{}, sdk.FieldErrorf("query", "the answer is larger than %d bytes; ask for fewer series", MaxBody)
	case err == nil && read.Status == "error":
		return Result{}, failure(answer.Status, read)
	case answer.Status != http.StatusOK:
		return Result{}, web.CheckStatus("Prometheus", answer.Status, []web.StatusRange{{From: http.StatusOK, To: http.StatusOK}}, sdk.Permanent)
	case err != nil || read.Status != "success":
		return Result{}, sdk.FieldErrorf("url", "the server does not answer as Prometheus does")
	}
	values, err := samples(read.Data.ResultType, read.Data.Result)
	return Result{Type: read.Data.ResultType, Values: values, Warnings: append(read.Warnings, read.Infos...)}, err
}

// failure gives the server's words, with the class of its kind of error.
func failure(status int, read document) error {
	class := web.StatusClass(status, sdk.Permanent)
	switch read.ErrorType {
	case "bad_data", "execution":
		return sdk.FieldErrorf("query", "Prometheus: %s", read.Error)
	case "timeout", "canceled", "unavailable", "internal":
		class = sdk.Transient
	}
	return sdk.Errorf(class, "Prometheus: %s: %s", read.ErrorType, read.Error)
}

func samples(kind string, result json.RawMessage) ([]Sample, error) {
	type series struct {
		Labels    map[string]string `json:"metric"`
		Point     *point            `json:"value"`
		Histogram json.RawMessage   `json:"histogram"`
	}
	var all []series
	var err error
	switch kind {
	case "scalar":
		var only point
		err = json.Unmarshal(result, &only)
		all = []series{{Labels: map[string]string{}, Point: &only}}
	case "vector":
		err = json.Unmarshal(result, &all)
	default:
		return nil, sdk.FieldErrorf("query", "the query gives a %s, not a scalar or an instant vector", kind)
	}
	if err != nil {
		return nil, sdk.Errorf(sdk.Permanent, "the result cannot be read: %w", err)
	}
	found := make([]Sample, 0, len(all))
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
