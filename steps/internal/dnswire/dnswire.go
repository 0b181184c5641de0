// Package dnswire asks DNS servers. The standard library's resolver hides what a wait
// must see: which server said what, a CNAME as such, the TTL, and whether a name or only
// a type is missing. So a question is put on the wire here. It leaves out waiting, and
// what the records should be. Floor 2, as a part of steps.
package dnswire

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

// payload is how large an answer over UDP may be, as DNS Flag Day 2020 advises.
const payload = 1232

// Records is what a server gave for one name and type.
type Records struct {
	Values []string // sorted
	TTL    int64    // in seconds, the shortest
}

// Resolver asks servers over connections that Dial makes.
type Resolver struct {
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// typeOf is the number of a type, by its name.
func typeOf(name string) dnsmessage.Type {
	return map[string]dnsmessage.Type{
		"A": dnsmessage.TypeA, "AAAA": dnsmessage.TypeAAAA, "CNAME": dnsmessage.TypeCNAME, "TXT": dnsmessage.TypeTXT,
		"SRV": dnsmessage.TypeSRV, "MX": dnsmessage.TypeMX, "NS": dnsmessage.TypeNS,
	}[name]
}

// Lookup asks one server, named with its port, for the records of a type. None is no
// error where the server can know that; a referral to other servers does not say it.
func (r Resolver) Lookup(ctx context.Context, server, name, kind string) (Records, error) {
	question, err := newQuestion(name, typeOf(kind))
	if err != nil {
		return Records{}, err
	}
	answer, err := r.ask(ctx, "udp", server, question)
	if err == nil && answer.Truncated {
		answer, err = r.ask(ctx, "tcp", server, question)
	}
	if err != nil {
		return Records{}, sdk.Errorf(sdk.Transient, "asking %s: %w", server, probe.Reason(ctx, err))
	}
	switch answer.RCode {
	case dnsmessage.RCodeSuccess, dnsmessage.RCodeNameError:
		found := recordsOf(answer, question.Questions[0].Type)
		if len(found.Values) == 0 && !answer.Authoritative && !answer.RecursionAvailable {
			return Records{}, sdk.Errorf(sdk.Transient, "%s does not hold the zone of %s and looks it up nowhere else", server, name)
		}
		return found, nil
	case dnsmessage.RCodeRefused:
		return Records{}, sdk.Errorf(sdk.Denied, "%s refuses to answer for %s", server, name)
	default:
		return Records{}, sdk.Errorf(sdk.Transient, "%s answered with the error %s", server, strings.TrimPrefix(answer.RCode.String(), "RCode"))
	}
}

func newQuestion(name string, kind dnsmessage.Type) (dnsmessage.Message, error) {
	whole, err := dnsmessage.NewName(strings.TrimSuffix(name, ".") + ".")
	if err != nil {
		return dnsmessage.Message{}, sdk.FieldErrorf("name", "%q is not a name in the DNS: %w", name, err)
	}
	var edns dnsmessage.ResourceHeader
	if err := edns.SetEDNS0(payload, dnsmessage.RCodeSuccess, false); err != nil {
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
func (r Resolver) ask(ctx context.Context, network, server string, question dnsmessage.Message) (dnsmessage.Message, error) {
	packed, err := question.Pack()
	if err != nil {
		return dnsmessage.Message{}, err
	}
	conn, err := r.Dial(ctx, network, server)
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
		received, err := read(conn, network)
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

func read(conn net.Conn, network string) ([]byte, error) {
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

// isAnswer reports whether an answer is one to the question. A server that could not read
// the question does not repeat it.
func isAnswer(question, answer dnsmessage.Message) bool {
	if !answer.Response || answer.ID != question.ID {
		return false
	}
	if len(answer.Questions) == 0 {
		return answer.RCode == dnsmessage.RCodeFormatError || answer.RCode == dnsmessage.RCodeNotImplemented
	}
	if len(answer.Questions) != 1 {
		return false
	}
	asked, told := question.Questions[0], answer.Questions[0]
	return asked.Type == told.Type && asked.Class == told.Class && strings.EqualFold(asked.Name.String(), told.Name.String())
}

// recordsOf takes the records of the type; those of a chain of CNAMEs that leads to
// them are not of it.
func recordsOf(answer dnsmessage.Message, kind dnsmessage.Type) Records {
	var found Records
	for _, record := range answer.Answers {
		if record.Header.Type != kind {
			continue
		}
		ttl := int64(record.Header.TTL)
		if len(found.Values) == 0 || ttl < found.TTL {
			found.TTL = ttl
		}
		found.Values = append(found.Values, recordText(record.Body))
	}
	slices.Sort(found.Values)
	found.Values = slices.Compact(found.Values)
	return found
}

func recordText(body dnsmessage.ResourceBody) string {
	name := func(n dnsmessage.Name) string { return Canonical("", n.String()) }
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

// SystemServers reads which DNS servers this machine uses.
func SystemServers() ([]string, error) {
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

// Canonical writes a value of a type as answers are written, so that they compare:
// names are lower-case and without the last dot, addresses in their short form.
func Canonical(kind, value string) string {
	switch kind {
	case "TXT":
		return value
	case "A", "AAAA":
		if address, err := netip.ParseAddr(value); err == nil {
			return address.String()
		}
	}
	return strings.ToLower(strings.TrimSuffix(strings.Join(strings.Fields(value), " "), "."))
}

// Address adds the port of DNS where none is given.
func Address(server string) string {
	if _, _, err := net.SplitHostPort(server); err == nil {
		return server
	}
	return net.JoinHostPort(strings.Trim(server, "[]"), "53")
}
