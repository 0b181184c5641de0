package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// StatusRange is one or several HTTP status codes: 204, "2xx" or "200-204".
type StatusRange struct {
	From, To int
}

// statusPattern is what the text of a [StatusRange] looks like.
const statusPattern = `^([1-5]xx|[1-5][0-9][0-9](-[1-5][0-9][0-9])?)$`

// JSONSchema says that a range is a number or text.
func (StatusRange) JSONSchema() *schema.Schema {
	return &schema.Schema{AnyOf: []*schema.Schema{
		{Type: schema.TypeInteger, Minimum: new(float64(100)), Maximum: new(float64(599))},
		{Type: schema.TypeString, Pattern: statusPattern},
	}}
}

// UnmarshalJSON reads a number or text.
func (r *StatusRange) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) != nil {
		text = string(data)
	}
	if class, ok := strings.CutSuffix(text, "xx"); ok {
		text = class + "00-" + class + "99"
	}
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	var err error
	if r.From, err = strconv.Atoi(from); err == nil {
		r.To, err = strconv.Atoi(to)
	}
	if err != nil || r.From < 100 || r.From > r.To || r.To > 599 {
		return fmt.Errorf("%s is not a status such as 204, 2xx or 200-204", data)
	}
	return nil
}

// MarshalJSON writes what UnmarshalJSON reads.
func (r StatusRange) MarshalJSON() ([]byte, error) {
	if r.From == r.To {
		return json.Marshal(r.From)
	}
	return json.Marshal(r.String())
}

// String returns the range as a runbook says it.
func (r StatusRange) String() string {
	switch {
	case r.From == r.To:
		return strconv.Itoa(r.From)
	case r.From%100 == 0 && r.To == r.From+99:
		return strconv.Itoa(r.From/100) + "xx"
	default:
		return fmt.Sprintf("%d-%d", r.From, r.To)
	}
}

// CheckStatus returns nil where the status is one of those expected. The class of
// the error follows the status, as RFC 9110 says what a client can do about it;
// other is the class of those that say nothing.
func CheckStatus(where string, status int, expected []StatusRange, other sdk.Class) error {
	names := make([]string, len(expected))
	for i, r := range expected {
		if r.From <= status && status <= r.To {
			return nil
		}
		names[i] = r.String()
	}
	return sdk.Errorf(StatusClass(status, other), "%s answered %d %s, not %s",
		where, status, http.StatusText(status), strings.Join(names, " or "))
}

// StatusClass is the class of the error that a status is; other is that of those that
// say nothing.
func StatusClass(status int, other sdk.Class) sdk.Class {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return sdk.Denied
	case status == http.StatusConflict, status == http.StatusPreconditionFailed:
		return sdk.Conflict
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly,
		status == http.StatusTooManyRequests,
		status >= http.StatusInternalServerError && status != http.StatusNotImplemented:
		return sdk.Transient
	default:
		return other
	}
}
