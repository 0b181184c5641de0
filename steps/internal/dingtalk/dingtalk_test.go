package dingtalk_test

import (
	"testing"
	"time"

	"github.com/gatebook/gatebook/steps/internal/dingtalk"
)

func TestAnAddressIsSigned(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1577262236757)
	got, err := dingtalk.Sign("https://oapi.dingtalk.com/robot/send?access_token=x", "this is secret", now)
	// printf '1577262236757\nthis is secret' | openssl dgst -sha256 -hmac 'this is secret' -binary | base64
	want := "https://oapi.dingtalk.com/robot/send?access_token=x&sign=hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D&timestamp=1577262236757"
	if err != nil || got != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
}
