package transport

import (
	"errors"
	"net/netip"
)

var (
	// ErrClosed is a flow whose connection is gone.
	ErrClosed = errors.New("flow is closed")
	// ErrFull is a flow that takes no more bytes at the moment; the message is lost.
	ErrFull = errors.New("flow takes no more bytes")
	// ErrTooLong is a message that does not fit a datagram.
	ErrTooLong = errors.New("message does not fit a datagram")
)

// Flow is a way to one peer (RFC 5626 §1.2 for streams): over UDP a local address of ours
// and a remote one, over a stream network one connection. It is a small
// value that can be compared; two UDP flows are equal when both addresses are. The
// zero Flow leads nowhere.
type Flow struct {
	via    link
	remote netip.AddrPort
}

// link is what a flow runs over: a local UDP address or a connection.
type link interface {
	id() uint64
	network() Network
	local() netip.AddrPort
	contact() netip.AddrPort
	send(b []byte, to netip.AddrPort) error
}

// IsZero reports whether the flow leads nowhere.
func (f Flow) IsZero() bool { return f.via == nil }

// ID names a connection; no other connection ever gets it, in later runs of the process either. 0 for UDP.
func (f Flow) ID() uint64 {
	if f.via == nil {
		return 0
	}
	return f.via.id()
}

// Network is how the flow travels; 0 for the zero Flow.
func (f Flow) Network() Network {
	if f.via == nil {
		return 0
	}
	return f.via.network()
}

// Reliable reports whether the flow's network resends what is lost.
func (f Flow) Reliable() bool { return f.Network().Reliable() }

// Local is our address at this end.
func (f Flow) Local() netip.AddrPort {
	if f.via == nil {
		return netip.AddrPort{}
	}
	return f.via.local()
}

// Contact is the address to name in Via and Contact: a listening one, as others see it.
func (f Flow) Contact() netip.AddrPort {
	if f.via == nil {
		return netip.AddrPort{}
	}
	return f.via.contact()
}

// Remote is the peer's address.
func (f Flow) Remote() netip.AddrPort { return f.remote }

// Send sends one message or hands it to the connection's queue. It never blocks and does not keep b. An error
// says that the message is lost: ErrClosed, ErrFull, ErrTooLong or the kernel's own.
func (f Flow) Send(b []byte) error {
	if f.via == nil {
		return ErrClosed
	}
	return f.via.send(b, f.remote)
}

// String is "udp:192.0.2.1:5060": network and remote address.
func (f Flow) String() string { return Listen{f.Network(), f.remote}.String() }
