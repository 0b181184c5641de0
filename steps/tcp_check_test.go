package steps

import (
	"bufio"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// listen serves each connection with talk and returns the address.
func listen(t *testing.T, talk func(net.Conn)) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				defer func() { _ = conn.Close() }()
				talk(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

func TestTCPCheck(t *testing.T) {
	t.Parallel()
	silent := func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
	mail := func(conn net.Conn) { _, _ = io.WriteString(conn, "220 mail.example.com ESMTP\r\n") }
	echo := func(conn net.Conn) {
		line, _ := bufio.NewReader(conn).ReadString('\n')
		_, _ = io.WriteString(conn, "+PO")
		_, _ = io.WriteString(conn, "NG "+line)
	}
	flood := func(conn net.Conn) { _, _ = io.WriteString(conn, strings.Repeat("x", 2*maxBanner)) }
	tests := []struct {
		name   string
		server func(net.Conn)
		with   params
		want   failure
		banner string
	}{
		{name: "a server that says nothing", server: silent},
		{name: "a greeting", server: mail, with: params{"expect": "^220 "}, banner: "220 mail.example.com ESMTP\r\n"},
		{name: "another greeting", server: mail, with: params{"expect": "^SSH-"}, want: failure{sdk.Transient, "", `said "220 mail.example.com ESMTP\r\n", which has no match of ^SSH-`}},
		{name: "a question, answered in parts", server: echo, with: params{"send": "PING\r\n", "expect": `^\+PONG PING`}, banner: "+PONG PING\r\n"},
		{name: "a server that should speak and does not", server: silent, with: params{"expect": ".", "timeout": "20ms"}, want: failure{sdk.Transient, "", "no answer within 20ms"}},
		{name: "a server that does not stop", server: flood, with: params{"expect": "^y"}, want: failure{sdk.Transient, "", "the first 4096 bytes"}},
		{name: "a faulty pattern", server: silent, with: params{"expect": "("}, want: failure{sdk.Permanent, "expect", "missing closing )"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			with := params{"address": listen(t, tt.server)}
			maps.Copy(with, tt.with)
			got, err := apply(t, tcpCheck(Options{}), with)
			if tt.want.class != "" {
				tt.want.check(t, err)
			} else if err != nil || got.Banner != tt.banner || got.Remote != with["address"] || got.Latency <= 0 {
				t.Errorf("%+v, %v; want the banner %q", got, err, tt.banner)
			}
		})
	}
}

func TestTCPCheckOfAClosedPort(t *testing.T) {
	t.Parallel()
	address := closedPort
	_, told, err := applyTold(t.Context(), t, tcpCheck(Options{}), params{"address": address, "within": "300ms", "interval": "10ms"})
	failure{sdk.Transient, "", "connecting to " + address}.check(t, err)
	if !strings.Contains(progressOf(told), "not yet: connecting to "+address) {
		t.Errorf("it told %q", progressOf(told))
	}
}

func TestTCPCheckIsCancelledAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	address := listen(t, func(conn net.Conn) {
		cancel()
		_, _ = io.Copy(io.Discard, conn)
	})
	_, _, err := applyTold(ctx, t, tcpCheck(Options{}), params{"address": address, "expect": ".", "timeout": "1h"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the check ended with %v", err)
	}
}
