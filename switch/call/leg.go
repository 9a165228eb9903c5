package call

import (
	"context"

	"tandem/media"
	"tandem/media/offer"
)

// Leg is a call's SIP side: one dialog and its stream. The call's loop is the
// only reader of Events; every other method may be called from any goroutine
// and does not block on the network unless it takes a context.
type Leg interface {
	// ID is the SIP Call-ID, for logs and records.
	ID() string
	// Party says who is on the other end and what the INVITE said. It never changes.
	Party() Party
	// Media is the party's audio: always there, silent until offer and answer agree.
	Media() media.Stream
	// Formats is what the party can take: what it offered, or, once answered, what was agreed.
	Formats() []offer.Format
	// Events is closed behind the Ended event, which always comes.
	Events() <-chan Event

	// Stamp sets headers that every later message of ours on this leg carries.
	Stamp(h []Header)

	// Ring sends 180 on an unanswered inbound leg.
	Ring(ctx context.Context) error
	// Progress sends 183 with SDP, restricted to formats (nil: all we can take): early media.
	Progress(ctx context.Context, formats []offer.Format) error
	// Answer sends 200 with SDP restricted to formats (nil: our own choice) and
	// returns when the ACK is in, or with the reason why it never came.
	Answer(ctx context.Context, formats []offer.Format) error
	// Refuse sends the final answer of an unanswered inbound leg.
	Refuse(r *Refusal) error
	// Hangup ends the leg the way its state asks for: CANCEL, BYE or a refusal. Ended follows on Events.
	Hangup(c Cause)

	// Reinvite offers the party the direction (hold: SendOnly or Inactive; resume: SendRecv) and
	// returns when the party has agreed; a glare (491) is retried as RFC 3261 §14.1 says.
	Reinvite(ctx context.Context, d offer.Direction) error
	// Info sends an INFO inside the dialog.
	Info(ctx context.Context, contentType string, body []byte) error
}

// Inviter places outbound legs. Invite returns as soon as the leg exists: what
// becomes of it comes as its events. The error is a *Refusal where the far side would have sent one.
type Inviter interface {
	Invite(ctx context.Context, o Outgoing) (Leg, error)
}

// Outgoing is all an Inviter needs to know to place one leg.
type Outgoing struct {
	To                 string         // request URI: sip:user@host:port;params
	User               string         // who was dialled, for Party.To; "": the user part of To
	Path               Path           // how to reach it when the URI alone does not say (a registered contact)
	From               Identity       // goes into From; the host part is ours
	Formats            []offer.Format // what to offer, in order; nil: everything we know
	Beside             Leg            // the leg it will be bridged with: same shard, same media worker
	Headers            []Header       // checked by the caller of Invite: no CR, LF or NUL gets through anyway
	MaxForwards        int            // 0: 70
	Username, Password string         // for a 401 or 407
	Local              bool           // To is a number of ours: its own plan runs, no INVITE leaves (an Inviter never sees this)
}

// Path reaches a registered contact: the flow it registered over, or for UDP the address its REGISTER came from.
type Path struct {
	Flow   uint64 // transport's flow ID; 0: none
	Source string // "udp:192.0.2.1:5060": network and remote address; "": resolve the URI
	Local  string // our own listening address that it registered to
}

// Identity is a name and number as it stands in From and To.
type Identity struct {
	User    string
	Display string
}

// Party is what an INVITE said about who calls and whom; for an outbound leg, what we said.
type Party struct {
	Inbound     bool
	From, To    Identity // To is the dialled user
	Account     string   // AC… of the authenticated client or trunk; "" for none
	Client      string   // login of the authenticated client; "" for none
	Source      string   // "udp:192.0.2.1:5060"
	SIPCallID   string
	UserAgent   string
	MaxForwards int
	Headers     []Header // X-… and Diversion of the INVITE, as received
	Diverted    string   // user part of the first Diversion
}

// Header is one SIP header.
type Header struct{ Name, Value string }

// Event is something that happened on a leg, in the order it happened.
type Event struct {
	Kind      EventKind
	Code      int             // Ringing: 180, 183 …; Ended: the final status where there was one
	Early     bool            // Ringing: early media may flow
	Digit     byte            // Digit: 0-9 * # A-D
	Direction offer.Direction // Held: what the party now wants, seen from the party
	Cause     Cause           // Ended
	Confirmed bool            // Ended: an inbound leg had been answered, and that acknowledged
	Headers   []Header        // Answered, Ended: X-… headers of the last answer
	Body      []byte          // Info
	Type      string          // Info: content type
}

// EventKind tells the events of a leg apart.
type EventKind uint8

// The kinds of events.
const (
	Ringing  EventKind = iota + 1 // outbound: a provisional answer above 100
	Answered                      // outbound: the 2xx is in and ACKed
	Digit                         // a key, by whatever way it came
	Held                          // the party changed its direction by re-INVITE or UPDATE; already answered
	Info                          // an INFO that is no digit; already answered
	Ended                         // the leg is over; always the last event
)
