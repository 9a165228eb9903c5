package route

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tandem/switch/call"
	"tandem/switch/directory"
	"tandem/switch/registrar"
)

// Contacts is where clients are now; a registrar.Registrar is one.
type Contacts interface {
	Contacts(aor string) []registrar.Binding
}

// Why a target cannot be dialled; each is behind a *call.Refusal.
var (
	ErrNoClient    = errors.New("no such client in the account")
	ErrNotHome     = errors.New("the client is not registered")
	ErrNoTrunk     = errors.New("the number is not ours and there is no trunk")
	ErrBadURI      = errors.New("not a SIP URI that can be called")
	errUnknownKind = errors.New("unknown kind of target")
)

// maxURI is the longest SIP URI a target may be (rcml.md 2.1.5).
const maxURI = 255

// Dialer is a call.Dialer: clients by their registrations, SIP URIs as they
// are, numbers of this switch by their own plan.
type Dialer struct {
	table    Table
	contacts Contacts
	ours     Ours
}

// Ours tells which host and port of a SIP URI mean this switch itself. The
// host is in lower case and without brackets, the port 0 where the URI names none.
type Ours func(host string, port uint16) bool

// NewDialer returns a dialer; ours may be nil.
func NewDialer(t Table, c Contacts, ours Ours) *Dialer {
	return &Dialer{table: t, contacts: c, ours: ours}
}

// Resolve finds a target for a call of the account. The error is a *call.Refusal.
func (d *Dialer) Resolve(_ context.Context, account string, t call.Target) ([]call.Outgoing, error) {
	switch t.Kind {
	case call.TargetClient:
		return d.client(account, t.Value)
	case call.TargetSIP:
		return d.uri(account, t.Value)
	case call.TargetNumber:
		return d.number(Dialled(t.Value))
	}
	return nil, &call.Refusal{Code: 500, Err: errUnknownKind}
}

// client rings all contacts of a client. One of another account is as unknown as one that does not exist.
func (d *Dialer) client(account, login string) ([]call.Outgoing, error) {
	if !neighbour(d.table, account, login) {
		return nil, notFound(fmt.Errorf("%w: %q", ErrNoClient, login))
	}
	bindings := d.contacts.Contacts(login)
	if len(bindings) == 0 {
		return nil, &call.Refusal{Code: 480, Reason: "Temporarily Unavailable", Err: fmt.Errorf("%w: %q", ErrNotHome, login)}
	}
	outs := make([]call.Outgoing, 0, len(bindings))
	for _, b := range bindings {
		outs = append(outs, call.Outgoing{To: b.Contact, User: login, Path: b.Path})
	}
	return outs, nil
}

// number is called here when it belongs to this switch.
func (d *Dialer) number(dialled string) ([]call.Outgoing, error) {
	_, known := d.table.Number(dialled)
	if !known {
		var r directory.Route
		r, known = d.table.RouteOfNumber(dialled)
		known = known && r.Plan != KindPlain // which would only dial it again
	}
	if !known {
		return nil, notFound(fmt.Errorf("%w: %q", ErrNoTrunk, dialled))
	}
	return []call.Outgoing{{To: dialled, Local: true}}, nil
}

func (d *Dialer) uri(account, uri string) ([]call.Outgoing, error) {
	user, host, port, err := split(uri)
	if err != nil {
		return nil, &call.Refusal{Code: 484, Reason: "Address Incomplete", Err: fmt.Errorf("%w: %q", err, uri)}
	}
	if d.ours == nil || !d.ours(host, port) {
		return []call.Outgoing{{To: uri}}, nil
	}
	if neighbour(d.table, account, user) {
		return d.client(account, user)
	}
	return d.number(user)
}

// split returns the user, host and port of a SIP URI, checked as far as a message that carries it needs it.
func split(uri string) (user, host string, port uint16, err error) {
	rest, ok := cutScheme(uri)
	if !ok || len(uri) > maxURI || strings.ContainsFunc(uri, unsafe) {
		return "", "", 0, ErrBadURI
	}
	rest, _, _ = strings.Cut(rest, "?")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, rest = rest[:at], rest[at+1:]
		user, _, _ = strings.Cut(user, ":") // a password is none of our business
	}
	rest, _, _ = strings.Cut(rest, ";")
	if host, port, ok = splitPort(rest); !ok {
		return "", "", 0, ErrBadURI
	}
	return user, strings.ToLower(host), port, nil
}

func cutScheme(uri string) (string, bool) {
	scheme, rest, ok := strings.Cut(uri, ":")
	return rest, ok && (strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips"))
}

// splitPort takes "host", "host:port" and both with an IPv6 address in brackets apart; the port is 0 where there is none.
func splitPort(s string) (host string, port uint16, ok bool) {
	host, digits, named := strings.Cut(s, ":")
	if inner, v6 := strings.CutPrefix(s, "["); v6 {
		var behind string
		if host, behind, ok = strings.Cut(inner, "]"); !ok {
			return "", 0, false
		}
		digits, named = strings.CutPrefix(behind, ":")
		if behind != "" && !named {
			return "", 0, false
		}
	}
	if named {
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || n == 0 {
			return "", 0, false
		}
		port = uint16(n)
	}
	return host, port, host != ""
}

// unsafe are characters that end or split a request line or header.
func unsafe(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' || r == '"' }
