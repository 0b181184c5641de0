package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/dnswire"
	"github.com/gatebook/gatebook/steps/internal/probe"
)

// DNSWaitInput is what dns.wait is given.
type DNSWaitInput struct {
	Name    string          `json:"name" required:"true" minLength:"1" maxLength:"254" example:"web.example.com" doc:"Name to look up, whole: no search domain is added and no hosts file is read."`
	Type    string          `json:"type" default:"A" enum:"A,AAAA,CNAME,TXT,SRV,MX,NS" doc:"Type of the records."`
	Values  []string        `json:"values" minItems:"1" example:"[\"192.0.2.10\"]" doc:"Values that must be there; without them any record will do. An MX is written \"10 mail.example.com\", an SRV \"10 5 443 web.example.com\" (priority, weight, port, target)."`
	Exact   bool            `json:"exact" doc:"No other values may be there."`
	Absent  bool            `json:"absent" doc:"There must be no record of the type."`
	Servers []string        `json:"servers" example:"[\"192.0.2.53\"]" doc:"DNS servers to ask, with :port where it is not 53; all of them must give what is expected. Without them, the first of the system's that answers."`
	Within  schema.Duration `json:"within" default:"5m" doc:"How long to ask again until it is so. With 0s the first failure ends it."`
	probe.Polling
}

// DNSWaitOutput is what dns.wait returns.
type DNSWaitOutput struct {
	Values  []string        `json:"values" required:"true" doc:"Values of the records, sorted, as the last server gave them."`
	TTL     int64           `json:"ttl" required:"true" unit:"seconds" doc:"Shortest time for which a resolver may keep one of them; 0 without records."`
	Latency schema.Duration `json:"latency" required:"true" doc:"Time that the last round of questions took."`
}

func dnsWait(o Options) sdk.Action[DNSWaitInput, DNSWaitOutput] {
	return sdk.Action[DNSWaitInput, DNSWaitOutput]{
		Name:    "dns.wait",
		Summary: "Wait until a name in the DNS has, or has no longer, certain records",
		Description: `Asks the DNS servers themselves, over UDP and for long answers over TCP, past every cache of this machine, until all of
them give what is expected. A record that is not there yet is transient, as is a server that does not answer, or that
only refers to others and so cannot say what is not there; a server that refuses is *denied*.

After a switch of records, wait at the authoritative servers first, and then for the old TTL.`,
		Effect:     sdk.Read,
		Idempotent: true,
		InPlan:     true,
		Rules: []schema.Rule{
			{Expr: "!(has(self.absent) && self.absent && has(self.values))", Message: "Records that are absent have no values."},
			{Expr: "!(has(self.exact) && self.exact) || has(self.values)", Message: "Give the values that must be there and no other."},
		},
		Examples: []schema.Example{
			{Title: "The new address, at both authoritative servers", With: map[string]any{
				"name": "web.example.com", "values": []any{"192.0.2.10"}, "exact": true, "servers": []any{"192.0.2.53", "198.51.100.53"},
			}},
			{Title: "A challenge that is gone", With: map[string]any{"name": "_acme-challenge.example.com", "type": "TXT", "absent": true}},
		},
		Plan: func(_ context.Context, call *sdk.Call[DNSWaitInput]) (sdk.Preview, error) {
			if !call.Knows("name", "type", "values", "exact", "absent") {
				return sdk.Preview{Summary: "would wait for records that are not known yet"}, nil
			}
			return sdk.Preview{Summary: fmt.Sprintf("would wait until %s %s", call.Input.Name, call.Input.wish())}, nil
		},
		Apply: o.waitDNS,
	}
}

func (o Options) waitDNS(ctx context.Context, call *sdk.Call[DNSWaitInput]) (DNSWaitOutput, error) {
	in := call.Input
	servers, system := in.Servers, false
	if len(servers) == 0 {
		var err error
		if servers, err = dnswire.SystemServers(); err != nil {
			return DNSWaitOutput{}, err
		}
		system = true
	}
	for i, value := range in.Values {
		in.Values[i] = dnswire.Canonical(in.Type, value)
	}
	resolver := dnswire.Resolver{Dial: o.dial}
	polling, within := in.For(call.Request, in.Within)
	return probe.Until(ctx, call.Host, polling, within, func(ctx context.Context) (DNSWaitOutput, error) {
		start := time.Now()
		var output DNSWaitOutput
		for i, server := range servers {
			records, err := resolver.Lookup(ctx, dnswire.Address(server), in.Name, in.Type)
			if err != nil && system && i < len(servers)-1 && ctx.Err() == nil {
				continue // as a resolver does, on to the next
			}
			if err != nil {
				return DNSWaitOutput{}, err
			}
			if err := in.check(server, records.Values); err != nil {
				return DNSWaitOutput{}, err
			}
			output = DNSWaitOutput{Values: records.Values, TTL: records.TTL}
			if system {
				break
			}
		}
		output.Latency = probe.Latency(start)
		return output, nil
	})
}

// wish says what is waited for, to follow the name.
func (in DNSWaitInput) wish() string {
	switch {
	case in.Absent:
		return "has no " + in.Type + " record"
	case in.Exact:
		return fmt.Sprintf("has the %s records %s and no other", in.Type, strings.Join(in.Values, ", "))
	case len(in.Values) > 0:
		return fmt.Sprintf("has the %s records %s", in.Type, strings.Join(in.Values, ", "))
	default:
		return "has a record of type " + in.Type
	}
}

func (in DNSWaitInput) check(server string, values []string) error {
	isIn := func(list []string) func(string) bool {
		return func(value string) bool { return slices.Contains(list, value) }
	}
	missing := slices.DeleteFunc(slices.Clone(in.Values), isIn(values))
	other := slices.DeleteFunc(slices.Clone(values), isIn(in.Values))
	switch {
	case in.Absent && len(values) == 0:
		return nil
	case in.Absent:
		return sdk.Errorf(sdk.Transient, "at %s, %s still has the %s records %s", server, in.Name, in.Type, strings.Join(values, ", "))
	case len(values) == 0:
		return sdk.Errorf(sdk.Transient, "at %s, %s has no %s record", server, in.Name, in.Type)
	case len(missing) > 0:
		return sdk.Errorf(sdk.Transient, "at %s, %s has the %s records %s, but not %s", server, in.Name, in.Type,
			strings.Join(values, ", "), strings.Join(missing, ", "))
	case in.Exact && len(other) > 0:
		return sdk.Errorf(sdk.Transient, "at %s, %s also has the %s records %s", server, in.Name, in.Type, strings.Join(other, ", "))
	default:
		return nil
	}
}
