package steps

import (
	"encoding/binary"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// udpPayload is what fits into an answer over UDP.
const udpPayload = 1232

// zone answers a question.
type zone func(question dnsmessage.Question, network string) (dnsmessage.RCode, []dnsmessage.ResourceBody)

// unreadable is a name whose question the server cannot read, so that it does not repeat it.
const unreadable = "unreadable."

// listenTwice listens on one port over UDP and TCP. The one that UDP gets may be taken
// for TCP, by any connection of the machine; then another is tried.
func listenTwice(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	config := new(net.ListenConfig)
	for attempt := 1; ; attempt++ {
		packets, err := config.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		streams, err := config.Listen(t.Context(), "tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, streams
		}
		_ = packets.Close()
		if attempt == 100 {
			t.Fatal(err)
		}
	}
}

// serveDNS starts a DNS server on loopback, over UDP and TCP, and returns its
// address. An answer that is too long for UDP it cuts off, as servers do.
func serveDNS(t *testing.T, z zone) string {
	t.Helper()
	packets, streams := listenTwice(t)
	t.Cleanup(func() {
		_ = packets.Close()
		_ = streams.Close()
	})
	go func() {
		for buffer := make([]byte, 1<<16); ; {
			n, from, err := packets.ReadFrom(buffer)
			if err != nil {
				return // closed
			}
			_, _ = packets.WriteTo([]byte("not DNS"), from) // as anybody may send
			_, _ = packets.WriteTo(z.answer(t, buffer[:n], "udp"), from)
		}
	}()
	go func() {
		for {
			conn, err := streams.Accept()
			if err != nil {
				return // closed
			}
			var size [2]byte
			_, _ = io.ReadFull(conn, size[:])
			question := make([]byte, binary.BigEndian.Uint16(size[:]))
			_, _ = io.ReadFull(conn, question)
			answer := z.answer(t, question, "tcp")
			_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
			_ = conn.Close()
		}
	}()
	return packets.LocalAddr().String()
}

func (z zone) answer(t *testing.T, packed []byte, network string) []byte {
	var asked dnsmessage.Message
	if err := asked.Unpack(packed); err != nil || len(asked.Questions) != 1 {
		t.Errorf("the question cannot be read: %v", err)
		return nil
	}
	question := asked.Questions[0]
	code, bodies := z(question, network)
	answer := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: asked.ID, Response: true, RCode: code, Authoritative: true},
		Questions: asked.Questions,
	}
	switch question.Name.String() {
	case unreadable:
		answer.Questions = nil
	case "resolved.":
		answer.Authoritative, answer.RecursionAvailable = false, true
	case "elsewhere.", "elsewhere.gone.":
		answer.Authoritative = false
	}
	for i, body := range bodies {
		header := dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: uint32(300 - i)}
		answer.Answers = append(answer.Answers, dnsmessage.Resource{Header: header, Body: body})
	}
	whole, err := answer.Pack()
	if err == nil && network == "udp" && len(whole) > udpPayload {
		answer.Answers, answer.Truncated = nil, true
		whole, err = answer.Pack()
	}
	if err != nil {
		t.Errorf("the answer cannot be written: %v", err)
	}
	return whole
}

func testZone(question dnsmessage.Question, _ string) (dnsmessage.RCode, []dnsmessage.ResourceBody) {
	name := dnsmessage.MustNewName
	records := map[string][]dnsmessage.ResourceBody{
		"web. A": {
			&dnsmessage.CNAMEResource{CNAME: name("lb.example.com.")},
			&dnsmessage.AResource{A: [4]byte{192, 0, 2, 11}}, &dnsmessage.AResource{A: [4]byte{192, 0, 2, 10}},
		},
		"web. AAAA":  {&dnsmessage.AAAAResource{AAAA: [16]byte{0x20, 0x01, 0x0d, 0xb8, 15: 1}}},
		"web. CNAME": {&dnsmessage.CNAMEResource{CNAME: name("LB.example.com.")}},
		"web. TXT":   {&dnsmessage.TXTResource{TXT: []string{"v=spf1 ", "-all"}}},
		"web. MX":    {&dnsmessage.MXResource{Pref: 10, MX: name("mail.example.com.")}},
		"web. NS":    {&dnsmessage.NSResource{NS: name("ns1.example.com.")}},
		"web. SRV":   {&dnsmessage.SRVResource{Priority: 10, Weight: 5, Port: 443, Target: name("a.example.com.")}},
	}
	for range 60 {
		records["long. TXT"] = append(records["long. TXT"], &dnsmessage.TXTResource{TXT: []string{strings.Repeat("x", 50)}})
	}
	records["long. TXT"] = append(records["long. TXT"], &dnsmessage.TXTResource{TXT: []string{"the end"}})
	switch question.Name.String() {
	case "refused.":
		return dnsmessage.RCodeRefused, nil
	case "broken.":
		return dnsmessage.RCodeServerFailure, nil
	case unreadable:
		return dnsmessage.RCodeFormatError, nil
	case "gone.", "resolved.", "elsewhere.gone.":
		return dnsmessage.RCodeNameError, nil
	}
	kind := strings.TrimPrefix(question.Type.String(), "Type")
	return dnsmessage.RCodeSuccess, records[question.Name.String()+" "+kind]
}

func TestDNSWait(t *testing.T) {
	t.Parallel()
	server := serveDNS(t, testZone)
	list := func(values ...any) []any { return values }
	tests := []struct {
		name  string
		with  params
		want  failure
		found []string
	}{
		{name: "any record will do", with: params{"name": "web"}, found: []string{"192.0.2.10", "192.0.2.11"}},
		{name: "IPv6, however it is written", with: params{"name": "web.", "type": "AAAA", "values": list("2001:db8:0:0::1")}, found: []string{"2001:db8::1"}},
		{name: "a CNAME is a record of its own", with: params{"name": "web", "type": "CNAME", "values": list("lb.EXAMPLE.com.")}, found: []string{"lb.example.com"}},
		{name: "the parts of a TXT are one", with: params{"name": "web", "type": "TXT", "values": list("v=spf1 -all")}, found: []string{"v=spf1 -all"}},
		{name: "MX", with: params{"name": "web", "type": "MX", "values": list("10  mail.example.com")}, found: []string{"10 mail.example.com"}},
		{name: "NS", with: params{"name": "web", "type": "NS"}, found: []string{"ns1.example.com"}},
		{name: "SRV", with: params{"name": "web", "type": "SRV", "values": list("10 5 443 a.example.com")}, found: []string{"10 5 443 a.example.com"}},
		{name: "a value among others", with: params{"name": "web", "values": list("192.0.2.11")}, found: []string{"192.0.2.10", "192.0.2.11"}},
		{name: "a value that must be alone", with: params{"name": "web", "values": list("192.0.2.11"), "exact": true}, want: failure{sdk.Transient, "", "also has the A records 192.0.2.10"}},
		{name: "a value that is missing", with: params{"name": "web", "values": list("192.0.2.11", "192.0.2.12")}, want: failure{sdk.Transient, "", "but not 192.0.2.12"}},
		{name: "a long answer comes over TCP", with: params{"name": "long", "type": "TXT", "values": list("the end")}, found: []string{"the end", strings.Repeat("x", 50)}},
		{name: "a name without the type", with: params{"name": "web.other"}, want: failure{sdk.Transient, "", "has no A record"}},
		{name: "a name that is not there", with: params{"name": "gone"}, want: failure{sdk.Transient, "", "has no A record"}},
		{name: "absence", with: params{"name": "gone", "absent": true}, found: []string{}},
		{name: "absence that a resolver found", with: params{"name": "resolved", "absent": true}, found: []string{}},
		{name: "a referral is not absence", with: params{"name": "elsewhere", "absent": true}, want: failure{sdk.Transient, "", "does not hold the zone of elsewhere"}},
		{name: "nor is a name missing that the server does not hold", with: params{"name": "elsewhere.gone", "absent": true}, want: failure{sdk.Transient, "", "does not hold the zone"}},
		{name: "a server that cannot read the question", with: params{"name": "unreadable", "timeout": "1h"}, want: failure{sdk.Transient, "", "FormatError"}},
		{name: "no absence", with: params{"name": "web", "absent": true}, want: failure{sdk.Transient, "", "still has the A records"}},
		{name: "a server that refuses", with: params{"name": "refused", "within": "1h"}, want: failure{sdk.Denied, "", "refuses to answer for refused"}},
		{name: "a server that fails is not absence", with: params{"name": "broken", "absent": true}, want: failure{sdk.Transient, "", "ServerFailure"}},
		{name: "no name at all", with: params{"name": strings.Repeat("x", 250) + "...."}, want: failure{sdk.Permanent, "name", "not a name in the DNS"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			with := params{"servers": list(server), "within": "0s"}
			maps.Copy(with, tt.with)
			got, err := apply(t, dnsWait(Options{}), with)
			if tt.want.class != "" {
				tt.want.check(t, err)
			} else if err != nil || !slices.Equal(got.Values, tt.found) || (got.TTL > 0) != (len(tt.found) > 0) {
				t.Errorf("%+v, %v; want %q", got, err, tt.found)
			}
		})
	}
}

func TestDNSWaitUntilAllServersAgree(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	slow := serveDNS(t, func(question dnsmessage.Question, network string) (dnsmessage.RCode, []dnsmessage.ResourceBody) {
		if asked.Add(1) < 3 {
			return dnsmessage.RCodeNameError, nil
		}
		return testZone(question, network)
	})
	_, told, err := applyTold(t.Context(), t, dnsWait(Options{}), params{
		"name": "web", "servers": []any{serveDNS(t, testZone), slow}, "interval": "10ms",
	})
	if err != nil || asked.Load() != 3 || !strings.Contains(progressOf(told), "at "+slow+", web has no A record") {
		t.Errorf("asked %d times, told %q, error %v", asked.Load(), progressOf(told), err)
	}
}
