package steps

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestNotifyWebhookWritesTheMessage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		with params
		want any
	}{
		{"generic", params{"title": "Upgrade", "text": "is out"}, params{"title": "Upgrade", "text": "is out", "key": "run-1-step-do"}},
		{"slack", params{"format": "slack", "text": "is out"}, params{"text": "is out"}},
		{"slack with a title", params{"format": "slack", "title": "Upgrade", "text": "is out"}, params{"text": "*Upgrade*\nis out"}},
		{"dingtalk", params{"format": "dingtalk", "text": "is out"}, params{"msgtype": "text", "text": params{"content": "is out"}}},
		{"dingtalk with a title", params{"format": "dingtalk", "title": "Upgrade", "text": "is out"}, params{"msgtype": "markdown", "markdown": params{"title": "Upgrade", "text": "is out"}}},
		{"json", params{"format": "json", "json": []any{1.0, "a"}}, []any{1.0, "a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.with["url"] = serve(t, func(w http.ResponseWriter, r *http.Request) {
				var got any
				if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
				if r.Method != http.MethodPost || r.Header.Get("Idempotency-Key") != "run-1-step-do" || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
					t.Errorf("%s with %v", r.Method, r.Header)
				}
				_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
			})
			got, err := apply(t, notifyWebhook(Options{}), tt.with)
			if err != nil || got.Status != 200 {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestNotifyWebhookFailures(t *testing.T) {
	t.Parallel()
	ding := params{"format": "dingtalk"}
	tests := []struct {
		name   string
		server http.HandlerFunc
		with   params
		want   failure
	}{
		{"a rate limit", says(429, ""), nil, failure{sdk.Transient, "", "429"}},
		{"a webhook that was revoked", says(403, "invalid_token"), nil, failure{sdk.Denied, "", "403"}},
		{"a webhook that is gone", says(404, "no_service"), nil, failure{sdk.Permanent, "", "404"}},
		{"DingTalk's refusal", says(200, `{"errcode":310000,"errmsg":"sign not match"}`), ding, failure{sdk.Denied, "", "310000: sign not match"}},
		{"DingTalk's rate limit", says(200, `{"errcode":130101,"errmsg":"send too fast"}`), ding, failure{sdk.Transient, "", "too fast"}},
		{"DingTalk's other errors", says(200, `{"errcode":40035,"errmsg":"missing text"}`), ding, failure{sdk.Permanent, "", "missing text"}},
		{"not DingTalk", says(200, "ok"), ding, failure{sdk.Permanent, "", "does not answer as DingTalk does"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			with := params{"url": serve(t, tt.server) + "/s3cret", "text": "x"}
			maps.Copy(with, tt.with)
			_, err := apply(t, notifyWebhook(Options{}), with)
			tt.want.check(t, err)
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error shows the address: %v", err)
			}
		})
	}
}

func TestNotifyWebhookHidesItsAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://" + closedPort + "/s3cret?token=s3cret", "http://%zz/s3cret", "http:///s3cret"} {
		action := notifyWebhook(Options{})
		_, told, err := applyTold(t.Context(), t, action, params{"url": address, "text": "x", "format": "dingtalk", "signingSecret": "SECs3cret"})
		if err == nil {
			t.Fatalf("%s is there", address)
		}
		preview, planErr := handlerOf(t, action).Plan(t.Context(), request(t, action, params{"url": address, "text": "x"}))
		plan, _ := json.Marshal(preview)
		if all := err.Error() + progressOf(told) + string(plan); planErr != nil || strings.Contains(all, "s3cret") {
			t.Errorf("%q, %v", all, planErr)
		}
	}
}
