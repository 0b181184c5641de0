package steps

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/dingtalk"
	"github.com/gatebook/gatebook/steps/internal/probe"
	"github.com/gatebook/gatebook/steps/internal/web"
)

// NotifyWebhookInput is what notify.webhook is given.
type NotifyWebhookInput struct {
	URL    string `json:"url" required:"true" secret:"true" pattern:"^https?://" doc:"Address of the webhook. It is never shown, since whoever knows it can post."`
	Format string `json:"format" default:"generic" enum:"slack,dingtalk,generic,json" doc:"How the message is written: for Slack, for DingTalk, as {\"title\", \"text\", \"key\"}, or as json says."`
	Title  string `json:"title" doc:"Heading of the message."`
	Text   string `json:"text" doc:"The message; for Slack in its mrkdwn, for DingTalk in Markdown where there is a title."`
	JSON   any    `json:"json" takessecrets:"true" doc:"The whole body to send, with format json."`
	web.Connection
	SigningSecret string          `json:"signingSecret" secret:"true" doc:"Secret of a DingTalk robot whose security setting is a signature."`
	Timeout       schema.Duration `json:"timeout" default:"10s" doc:"How long sending may take."`
}

// NotifyWebhookOutput is what notify.webhook returns.
type NotifyWebhookOutput struct {
	Status  int             `json:"status" required:"true" doc:"Status code of the answer."`
	Latency schema.Duration `json:"latency" required:"true" doc:"Time that sending took."`
}

func notifyWebhook(o Options) sdk.Action[NotifyWebhookInput, NotifyWebhookOutput] {
	return sdk.Action[NotifyWebhookInput, NotifyWebhookOutput]{
		Name:    "notify.webhook",
		Summary: "Send a message to Slack, DingTalk or another webhook",
		Description: `Sends one message, with the step's key as the header ` + "`Idempotency-Key`" + `. Neither the address nor any secret in it is
ever shown.

A message is sent again when it is not known whether it arrived: twice is better than not at all. Limits on the rate
and a server that is not there are transient, a refused signature or token is *denied*.`,
		Effect:        sdk.Change,
		NothingToUndo: "a message that was sent cannot be taken back",
		Rules: []schema.Rule{
			{Expr: "(has(self.format) && self.format == 'json') == has(self.json)", Message: "Give json with the format json, and with no other."},
			{Expr: "has(self.text) != has(self.json)", Message: "Give either text or json."},
			{Expr: "!has(self.signingSecret) || (has(self.format) && self.format == 'dingtalk')", Message: "Give signingSecret only with the format dingtalk."},
		},
		Examples: []schema.Example{
			{Title: "Slack", With: map[string]any{
				"url": "https://hooks.slack.example.com/services/${{ inputs.token }}", "format": "slack", "text": "*web 1.2.0* is out",
			}},
			{Title: "DingTalk, with a signature", With: map[string]any{
				"url": "https://oapi.dingtalk.example.com/robot/send?access_token=${{ inputs.token }}", "format": "dingtalk",
				"title": "Upgrade", "text": "### web 1.2.0\nis out", "signingSecret": "${{ inputs.token }}",
			}},
			{Title: "Any body", With: map[string]any{
				"url": "https://events.example.com/v1/${{ inputs.token }}", "format": "json", "json": map[string]any{"event": "released"},
			}},
		},
		Plan: func(_ context.Context, call *sdk.Call[NotifyWebhookInput]) (sdk.Preview, error) {
			return sdk.Preview{
				Summary: "would send a message",
				Changes: []sdk.Delta{{Target: "webhook", Kind: "message", Op: "send", Diff: call.Input.diff()}},
			}, nil
		},
		Apply: o.sendWebhook,
		Observe: func(context.Context, *sdk.Call[NotifyWebhookInput]) (sdk.Observed[NotifyWebhookOutput], error) {
			return sdk.Observed[NotifyWebhookOutput]{
				State: sdk.NotDone, Detail: "Whether the message arrived cannot be seen, and sending it twice does no harm.",
			}, nil
		},
	}
}

func (in NotifyWebhookInput) diff() string {
	if in.Text == "" {
		return ""
	}
	return "+" + in.Text
}

func (o Options) sendWebhook(ctx context.Context, call *sdk.Call[NotifyWebhookInput]) (NotifyWebhookOutput, error) {
	in := call.Input
	body, err := json.Marshal(in.body(call.Key))
	if err != nil {
		return NotifyWebhookOutput{}, sdk.FieldErrorf("json", "%w", err)
	}
	exchange := web.Exchange{
		Connection: in.Connection, Method: http.MethodPost, URL: in.URL, ContentType: "application/json; charset=utf-8",
		Body: body, Added: map[string]string{idempotencyHeader: call.Key}, MaxBody: 1 << 16, Where: "sending to the webhook",
		TraceParent: call.TraceParent,
	}
	if in.SigningSecret != "" {
		if exchange.URL, err = dingtalk.Sign(in.URL, in.SigningSecret, time.Now()); err != nil {
			return NotifyWebhookOutput{}, err
		}
	}
	answer, err := probe.Once(ctx, in.Timeout.Std(), func(ctx context.Context) (web.Answer, error) {
		answer, _, err := o.web().Do(ctx, exchange)
		return answer, err
	})
	if ctx.Err() != nil {
		return NotifyWebhookOutput{}, context.Cause(ctx)
	}
	if err != nil {
		return NotifyWebhookOutput{}, err
	}
	if err := web.CheckStatus("the webhook", answer.Status, []web.StatusRange{{From: 200, To: 299}}, sdk.Permanent); err != nil {
		return NotifyWebhookOutput{}, err
	}
	if in.Format == "dingtalk" {
		err = dingtalk.Check(answer.Body)
	}
	return NotifyWebhookOutput{Status: answer.Status, Latency: answer.Latency}, err
}

// body is the message as the receiver wants it.
func (in NotifyWebhookInput) body(key string) any {
	switch in.Format {
	case "json":
		return in.JSON
	case "slack":
		text := in.Text
		if in.Title != "" {
			text = "*" + in.Title + "*\n" + text
		}
		return map[string]any{"text": text}
	case "dingtalk":
		if in.Title != "" {
			return map[string]any{"msgtype": "markdown", "markdown": map[string]any{"title": in.Title, "text": in.Text}}
		}
		return map[string]any{"msgtype": "text", "text": map[string]any{"content": in.Text}}
	default:
		return map[string]any{"title": in.Title, "text": in.Text, "key": key}
	}
}
