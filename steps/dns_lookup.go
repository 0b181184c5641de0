package steps

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps/internal/probe"
)

// The standard library's resolver hides what a wait must see: which server said
// what, a CNAME as such, the TTL, and whether a name or only a type is missing. So
// a question is put on the wire here.

// dnsPayload is how large an answer over UDP may be, as DNS Flag Day 2020 advises.
const dnsPayload = 1232

// dnsRecords is what a server gave for one name and type.
type dnsRecords struct {
	values []string // sorted
	ttl    int64
}

// dnsType is the number of a type, by its name.
func dnsType(name string) dnsmessage.Type {
	return map[string]dnsmessage.Type{
		"A": dnsmessage.TypeA, "AAAA": dnsmessage.TypeAAAA, "CNAME": dnsmessage.TypeCNAME, "TXT": dnsmessage.TypeTXT,
		"SRV": dnsmessage.TypeSRV, "MX": dnsmessage.TypeMX, "NS": dnsmessage.TypeNS,
	}[name]
}

// lookup asks one server.
func (o Options) lookup(ctx context.Context, server, name, kind string) (dnsRecords, error) {
	question, err := dnsQuestion(name, dnsType(kind))
	if err != nil {
		return dnsRecords{}, err
	}
	answer, err := o.ask(ctx, "udp", server, question)
	if err == nil && answer.Truncated {
		answer, err = o.ask(ctx, "tcp", server, question)
	}
	if err != nil {
		return dnsRecords{}, sdk.Errorf(sdk.Transient, "asking %s: %w", server, probe.Reason(ctx, err))
	}
	switch answer.RCode {
	case dnsmessage.RCodeSuccess, dnsmessage.RCodeNameError:
		return recordsOf(answer, question.Questions[0].Type), nil
	case dnsmessage.RCodeRefused:
		return dnsRecords{}, sdk.Errorf(sdk.Denied, "%s refuses to answer for %s", server, name)
	default:
		return dnsRecords{}, sdk.Errorf(sdk.Transient, "%s answered with the error %s", server, strings.TrimPrefix(answer.RCode.String(), "RCode"))
	}
}

func dnsQuestion(name string, kind dnsmessage.Type) (dnsmessage.Message, error) {
	whole, err := dnsmessage.NewName(strings.TrimSuffix(name, ".") + ".")
	if err != nil {
		return dnsmessage.Message{}, sdk.FieldErrorf("name", "%q is not a name in the DNS: %w", name, err)
	}
	var edns dnsmessage.ResourceHeader
	if err := edns.SetEDNS0(dnsPayload, dnsmessage.RCodeSuccess, false); err != nil {
		return dnsmessage.Message{}, err
	}
	question := dnsmessage.Message{
		Header:      dnsmessage.Header{ID: uint16(rand.Uint32()), RecursionDesired: true},
		Questions:   []dnsmessage.Question{{Name: whole, Type: kind, Class: dnsmessage.ClassINET}},
		Additionals: []dnsmessage.Resource{{Header: edns, Body: &dnsmessage.OPTResource{}}},
	}
	if _, err := question.Pack(); err != nil { // a label may be too long
		return dnsmessage.Message{}, sdk.FieldErrorf("name", "%q is not a name in the DNS: %w", name, err)
	}
	return question, nil
}

// ask sends a question and reads until its answer comes.
func (o Options) ask(ctx context.Context, network, server string, question dnsmessage.Message) (dnsmessage.Message, error) {
	packed, err := question.Pack()
	if err != nil {
		return dnsmessage.Message{}, err
	}
	conn, err := o.dial(ctx, network, server)
	if err != nil {
		return dnsmessage.Message{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() {
		stop()
		_ = conn.Close()
	}()
	if network == "tcp" {
		packed = append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...)
	}
	if _, err := conn.Write(packed); err != nil {
		return dnsmessage.Message{}, err
	}
	for {
		received, err := readDNS(conn, network)
		if err != nil {
			return dnsmessage.Message{}, err
		}
		var answer dnsmessage.Message
		err = answer.Unpack(received)
		if err == nil && isAnswer(question, answer) {
			return answer, nil
		}
		if network == "tcp" {
			return dnsmessage.Message{}, errors.New("the answer does not fit the question")
		}
		// Over UDP anybody can send; wait for the one that was asked.
	}
}

func readDNS(conn net.Conn, network string) ([]byte, error) {
	if network != "tcp" {
		packet := make([]byte, 1<<16)
		n, err := conn.Read(packet)
		return packet[:n], err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	packet := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(conn, packet)
	return packet, err
}

func isAnswer(question, answer dnsmessage.Message) bool {
	if !answer.Response || answer.ID != question.ID || len(answer.Questions) != 1 {
		return false
	}
	asked, told := question.Questions[0], answer.Questions[0]
	return asked.Type == told.Type && asked.Class == told.Class && strings.EqualFold(asked.Name.String(), told.Name.String())
}

// recordsOf takes the records of the type; those of a chain of CNAMEs that leads to
// them are not of it.
func recordsOf(answer dnsmessage.Message, kind dnsmessage.Type) dnsRecords {
	var found dnsRecords
	for _, record := range answer.Answers {
		if record.Header.Type != kind {
			continue
		}
		ttl := int64(record.Header.TTL)
		if len(found.values) == 0 || ttl < found.ttl {
			found.ttl = ttl
		}
		found.values = append(found.values, recordText(record.Body))
	}
	slices.Sort(found.values)
	found.values = slices.Compact(found.values)
	return found
}

func recordText(body dnsmessage.ResourceBody) string {
	name := func(n dnsmessage.Name) string { return canonicalRecord("", n.String()) }
	switch r := body.(type) {
	case *dnsmessage.AResource:
		return netip.AddrFrom4(r.A).String()
	case *dnsmessage.AAAAResource:
		return netip.AddrFrom16(r.AAAA).String()
	case *dnsmessage.CNAMEResource:
		return name(r.CNAME)
	case *dnsmessage.NSResource:
		return name(r.NS)
	case *dnsmessage.TXTResource:
		return strings.Join(r.TXT, "")
	case *dnsmessage.MXResource:
		return fmt.Sprintf("%d %s", r.Pref, name(r.MX))
	case *dnsmessage.SRVResource:
		return fmt.Sprintf("%d %d %d %s", r.Priority, r.Weight, r.Port, name(r.Target))
	default:
		return ""
	}
}

// resolvConf is where Unix systems name their DNS servers.
const resolvConf = "/etc/resolv.conf"

// systemServers reads which DNS servers this machine uses.
func systemServers() ([]string, error) {
	file, err := os.Open(resolvConf)
	if err != nil {
		return nil, sdk.FieldErrorf("servers", "name a server, since this machine's cannot be found: %w", err)
	}
	defer func() { _ = file.Close() }()
	return parseServers(file)
}

func parseServers(config io.Reader) ([]string, error) {
	var servers []string
	lines := bufio.NewScanner(config)
	for lines.Scan() {
		if words := strings.Fields(lines.Text()); len(words) > 1 && words[0] == "nameserver" {
			servers = append(servers, words[1])
		}
	}
	if lines.Err() != nil || len(servers) == 0 {
		return nil, sdk.FieldErrorf("servers", "name a server, since %s names none", resolvConf)
	}
	return servers, nil
}
