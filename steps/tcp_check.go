package steps

import (
	"bytes"
	"context"
	"io"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/probe"
)

// maxBanner is how much of what a server says first is looked at.
const maxBanner = 4096

// TCPCheckInput is what tcp.check is given.
type TCPCheckInput struct {
	Address string `json:"address" required:"true" pattern:":[0-9]+$" example:"db.example.com:5432" doc:"Host and port to connect to."`
	Send    string `json:"send" takessecrets:"true" example:"PING\r\n" doc:"Text to send once connected, such as a question that changes nothing."`
	Expect  string `json:"expect" example:"^220 " doc:"Regular expression (RE2) that what the server says must have a match of, within its first 4096 bytes."`
	probe.Checking
}

// TCPCheckOutput is what tcp.check returns.
type TCPCheckOutput struct {
	Latency schema.Duration `json:"latency" required:"true" doc:"Time until the connection stood."`
	Remote  string          `json:"remote" required:"true" doc:"Address that was connected to, with the IP address that the name led to."`
	Banner  string          `json:"banner" required:"true" doc:"What the server said until it matched; empty where nothing was expected."`
}

func tcpCheck(o Options) sdk.Action[TCPCheckInput, TCPCheckOutput] {
	return sdk.Action[TCPCheckInput, TCPCheckOutput]{
		Name:    "tcp.check",
		Summary: "Connect to a TCP port, and read what it says",
		Description: `Opens a connection and closes it. With ` + "`expect`" + ` it also reads what the server says until that matches, if asked
after sending ` + "`send`" + `. With ` + "`within`" + ` it tries again until the check succeeds.

A refused connection, a name that does not resolve and a server that says something else are transient errors.`,
		Effect:     sdk.Read,
		Idempotent: true,
		InPlan:     true,
		Examples: []schema.Example{
			{Title: "Wait until a database listens", With: map[string]any{"address": "db.example.com:5432", "within": "1m"}},
			{Title: "Ask a Redis server", With: map[string]any{"address": "127.0.0.1:6379", "send": "PING\r\n", "expect": `^\+PONG`}},
		},
		Plan: func(_ context.Context, call *sdk.Call[TCPCheckInput]) (sdk.Preview, error) {
			_, err := compilePattern("expect", call.Input.Expect)
			if !call.Knows("address") {
				return sdk.Preview{Summary: "would connect to an address that is not known yet"}, err
			}
			return sdk.Preview{Summary: "would connect to " + call.Input.Address}, err
		},
		Apply: o.checkTCP,
	}
}

func (o Options) checkTCP(ctx context.Context, call *sdk.Call[TCPCheckInput]) (TCPCheckOutput, error) {
	in := call.Input
	if call.InPlan && in.Send != "" {
		return TCPCheckOutput{}, sdk.ErrUnsupported // only its author knows that it changes nothing
	}
	pattern, err := compilePattern("expect", in.Expect)
	if err != nil {
		return TCPCheckOutput{}, err
	}
	polling, within := in.For(call.Request, in.Within)
	return probe.Until(ctx, call.Host, polling, within, func(ctx context.Context) (TCPCheckOutput, error) {
		start := time.Now()
		conn, err := o.dial(ctx, "tcp", in.Address)
		if err != nil {
			return TCPCheckOutput{}, sdk.Errorf(sdk.Transient, "connecting to %s: %w", in.Address, probe.Reason(ctx, err))
		}
		output := TCPCheckOutput{Latency: probe.Latency(start), Remote: conn.RemoteAddr().String()}
		// Closing is what wakes a read when the context ends.
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		defer func() {
			stop()
			_ = conn.Close()
		}()
		output.Banner, err = banner(ctx, conn, in.Send, pattern)
		return output, err
	})
}

// banner sends, and reads until pattern matches.
func banner(ctx context.Context, conn net.Conn, send string, pattern *regexp.Regexp) (string, error) {
	if _, err := io.WriteString(conn, send); err != nil {
		return "", sdk.Errorf(sdk.Transient, "sending: %w", probe.Reason(ctx, err))
	}
	if pattern == nil {
		return "", nil
	}
	var said bytes.Buffer
	chunk := make([]byte, 512)
	for said.Len() < maxBanner {
		n, err := conn.Read(chunk)
		said.Write(chunk[:n])
		if pattern.Match(said.Bytes()) {
			return strings.ToValidUTF8(said.String(), "\uFFFD"), nil
		}
		if err != nil {
			return "", sdk.Errorf(sdk.Transient, "the server said %q, which has no match of %s: %w", said.String(), pattern, probe.Reason(ctx, err))
		}
	}
	return "", sdk.Errorf(sdk.Transient, "the first %d bytes that the server said have no match of %s", maxBanner, pattern)
}
