// Package dingtalk knows what is peculiar to the robots of DingTalk: signed addresses,
// and errors in answers whose status is 200. It leaves out sending. Floor 2, as a part of
// steps.
package dingtalk

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Sign adds to a robot's address the signature that it asks for: an HMAC over the
// time in milliseconds and the secret, which is good for an hour.
func Sign(address, secret string, now time.Time) (string, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return "", sdk.FieldErrorf("url", "this is not an address such as https://host/path")
	}
	timestamp := strconv.FormatInt(now.UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "\n" + secret))
	query := parsed.Query()
	query.Set("timestamp", timestamp)
	query.Set("sign", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	parsed.RawQuery = query.Encode()
	return parsed.String(), nil
}

// The codes for what is no fault of the message, from its documentation of
// robot error codes.
const (
	refused = 310000 // key word, signature or IP address does not fit
	tooFast = 130101
	busy    = -1
)

// Check reads the error that DingTalk sends with the status 200.
func Check(body string) error {
	var result struct {
		Code    *int   `json:"errcode"`
		Message string `json:"errmsg"`
	}
	if err := json.Unmarshal([]byte(body), &result); err != nil || result.Code == nil {
		return sdk.Errorf(sdk.Permanent, "the webhook does not answer as DingTalk does")
	}
	class := sdk.Permanent
	switch *result.Code {
	case 0:
		return nil
	case refused:
		class = sdk.Denied
	case tooFast, busy:
		class = sdk.Transient
	}
	return sdk.Errorf(class, "DingTalk answered %d: %s", *result.Code, result.Message)
}
