package calltest

import (
	"context"
	"strings"
	"sync"

	"tandem/switch/call"
)

// Inviter hands out legs. Its zero value places legs that do nothing until the test steers them.
type Inviter struct {
	// Script, if not nil, is called for every new leg, in a goroutine of its own.
	Script func(l *Leg)
	// Prepare, if not nil, is called before the switch gets the leg.
	Prepare func(l *Leg)
	// Fail, if not nil, decides which legs cannot be placed.
	Fail func(o call.Outgoing) error

	mu   sync.Mutex
	legs []*Leg
}

// Invite returns a new leg.
func (i *Inviter) Invite(_ context.Context, o call.Outgoing) (call.Leg, error) {
	if i.Fail != nil {
		if err := i.Fail(o); err != nil {
			return nil, err
		}
	}
	l := NewOutbound(o)
	if i.Prepare != nil {
		i.Prepare(l)
	}
	i.mu.Lock()
	i.legs = append(i.legs, l)
	i.mu.Unlock()
	if i.Script != nil {
		go i.Script(l)
	}
	return l, nil
}

// Legs are all legs placed so far, in order.
func (i *Inviter) Legs() []*Leg {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]*Leg(nil), i.legs...)
}

// Leg is the leg to a user, or nil.
func (i *Inviter) Leg(user string) *Leg {
	for _, l := range i.Legs() {
		if l.party.To.User == user {
			return l
		}
	}
	return nil
}

// User is the user part of a SIP URI.
func User(uri string) string {
	_, rest, ok := strings.Cut(uri, ":")
	if !ok {
		rest = uri
	}
	user, _, _ := strings.Cut(rest, "@")
	return user
}

// Dialer resolves every target to one SIP URI at example.net, except those it is told otherwise.
type Dialer struct {
	Contacts map[string][]call.Outgoing // by Target.Value
	Refuse   map[string]error           // by Target.Value
}

// Resolve looks the target up.
func (d *Dialer) Resolve(_ context.Context, _ string, t call.Target) ([]call.Outgoing, error) {
	if err := d.Refuse[t.Value]; err != nil {
		return nil, err
	}
	if outs, ok := d.Contacts[t.Value]; ok {
		return outs, nil
	}
	to := t.Value
	if t.Kind != call.TargetSIP {
		to = "sip:" + t.Value + "@example.net"
	}
	return []call.Outgoing{{To: to}}, nil
}
