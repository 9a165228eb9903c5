package offer

import (
	"net/netip"
	"time"

	"tandem/media/codec"
)

// Local is our side of a negotiation.
type Local struct {
	Addr       netip.Addr // what we write into o= and c=
	Port       int        // of RTP
	RTCPPort   int        // 0 or Port+1: the usual one, not written
	Session    uint64     // of o=, unique for the party; below 2^63 for the sake of those who read it signed
	Signalling netip.Addr // IP the party signals from, to judge private addresses; zero: unknown
}

// Pair is one agreed format: as the party described it, and its payload type number each way.
type Pair struct {
	Format
	Send    uint8 // in packets to the party: the number in its description
	Receive uint8 // in packets from the party: the number in ours
}

// Agreed is what an offer and its answer came to.
type Agreed struct {
	Remote     netip.AddrPort // zero: the party wants nothing sent (0.0.0.0, port 0)
	RemoteRTCP netip.AddrPort // zero: nowhere
	Mux        bool           // RTCP comes and goes on the RTP port
	Private    bool           // Remote is an address its own network alone can reach: see Private
	Formats    []Pair         // in the order of the answer; empty until something is agreed
	Direction  Direction      // ours: whether we send to the party and hear it
	Wanted     Direction      // what the party itself asked for, as it sees it, whatever we asked for
	Ptime      time.Duration  // how much sound the party wants in a packet: 20 ms unless it says otherwise
}

// Codec is the format sound is sent in: the first agreed one that is sound.
func (a *Agreed) Codec() (Pair, bool) {
	for _, p := range a.Formats {
		if p.Sound() {
			return p, true
		}
	}
	return Pair{}, false
}

// Negotiation is the state of offer and answer with one party over the life of a dialog. It is not safe for concurrent use: it
// belongs to whoever owns the dialog.
//
// An offer or answer that is refused with an error leaves what was agreed before as it was (RFC 3264 §8).
type Negotiation struct {
	local   Local
	version uint64 // of o=
	body    uint64 // hash of what we last wrote below o=
	lines   []line // the m= lines of the session, in their order (RFC 3264 §8: it never changes)
	audio   int    // the one of lines that is ours
	ours    []Format
	theirs  *Description // the offer of the party that Answer answers
	offered *proposal    // the offer of ours that ReceiveAnswer completes
	agreed  Agreed
}

// line is what has to be repeated of an m= line, whatever became of it.
type line struct{ kind, protocol, numbers string }

// proposal is an offer of ours.
type proposal struct {
	formats   []Format
	direction Direction
}

// New begins a negotiation.
func New(local Local) *Negotiation {
	return &Negotiation{local: local, agreed: Agreed{Direction: Inactive, Wanted: Inactive}}
}

// Place gives the negotiation its side, when an offer had to be judged before ports were opened for it: before that, Local needs an Addr
// of the right family and Signalling alone.
func (n *Negotiation) Place(local Local) { n.local = local }

// Agreed is the last agreement; before the first it has no formats and is inactive.
func (n *Negotiation) Agreed() Agreed { return n.agreed }

// Offered is what the party can take, in its order and with its numbers: the formats of its offer until they are answered, then what
// was agreed. To be asked once the party has described itself; nil before.
func (n *Negotiation) Offered() []Format {
	if len(n.agreed.Formats) > 0 {
		list := make([]Format, len(n.agreed.Formats))
		for i, p := range n.agreed.Formats {
			list[i] = p.Format
		}
		return list
	}
	if n.theirs == nil {
		return nil
	}
	var list []Format
	for i := range n.theirs.Media {
		m := &n.theirs.Media[i]
		if n.usable(m) != nil {
			continue
		}
		for _, f := range m.Formats {
			if f.Name != "" {
				list = append(list, f)
			}
		}
		break
	}
	return list
}

// usable says why a line of the party's cannot carry our audio.
func (n *Negotiation) usable(m *Media) error {
	switch {
	case m.Kind != "audio" || m.Port == 0:
		return ErrNoAudio
	case !m.plain():
		return ErrProfile
	case m.held():
		return nil
	case !m.Addr.IsValid() || m.Addr.IsMulticast() || m.Addr.Is4() != n.local.Addr.Unmap().Is4():
		return ErrAddress
	}
	return nil
}

// agree notes what m, the party's audio line, and we have come to.
func (n *Negotiation) agree(m *Media, pairs []Pair, d Direction) {
	n.agreed = Agreed{Formats: pairs, Direction: d, Wanted: m.Direction, Mux: m.Mux, Ptime: packetTime(m.Ptime, m.MaxPtime)}
	n.agreed.Remote, n.agreed.RemoteRTCP = m.remote()
	n.agreed.Private = Private(n.agreed.Remote.Addr(), n.local.Signalling)
}

func packetTime(ptime, maximum time.Duration) time.Duration {
	if ptime == 0 {
		ptime = 20 * time.Millisecond // RFC 3551 §4.2
	}
	if maximum != 0 {
		ptime = min(ptime, maximum)
	}
	return ptime
}

// remember keeps a number's meaning for the life of the dialog (RFC 3264 §8.3.2). Only a party that breaks that rule itself in
// an offer, whose numbers our answer has to take, changes one.
func (n *Negotiation) remember(f Format) {
	if old := find(n.ours, f.PayloadType); old != nil {
		*old = f
		return
	}
	n.ours = append(n.ours, f)
}

// known finds an encoding among what we wrote before: the one with the same parameters first, then any.
func (n *Negotiation) known(f Format) (Format, bool) { return match(n.ours, f) }

func match(list []Format, f Format) (Format, bool) {
	best := -1
	for i, g := range list {
		if !g.Same(f) {
			continue
		}
		if g.Fmtp == f.Fmtp {
			return g, true
		}
		if best < 0 {
			best = i
		}
	}
	if best < 0 {
		return Format{}, false
	}
	return list[best], true
}

// Default is what an offer names when nobody constrains it: codec.Default with the usual numbers.
func Default() []Format {
	list := make([]Format, len(codec.Default()))
	for i, c := range codec.Default() {
		list[i] = Format{PayloadType: c.PayloadType, Name: c.Name, ClockRate: c.ClockRate, Channels: c.Channels}
		if list[i].Event() {
			list[i].Fmtp = keys
		}
	}
	return list
}

// keys are the events we take: DTMF and hook flash (RFC 4733 §3.2).
const keys = "0-16"
