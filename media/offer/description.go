package offer

import (
	"net/netip"
	"strings"
	"time"
)

// Description is what the switch reads of an SDP body: its m= lines, with everything the session level says already applied to them.
type Description struct {
	Media []Media
}

// Media is one m= line and what stands under it.
type Media struct {
	Kind     string // audio, video, image …
	Port     uint16 // 0: refused or switched off
	Protocol string // RTP/AVP …
	Numbers  string // the format list as it stands in the line
	Line     int    // where the m= line stands, counted from 1

	// The rest is read for RTP audio alone.

	Formats   []Format // in the order of Numbers; a dynamic number without rtpmap has no Name
	Host      string   // of c=, as written
	Addr      netip.Addr
	Direction Direction // as the writer sees it; c= with 0.0.0.0 takes receiving away (RFC 3264 §8.4)
	RTCPPort  uint16    // of a=rtcp (RFC 3605); 0: not named
	RTCPAddr  netip.Addr
	Mux       bool // a=rtcp-mux (RFC 5761)
	Ptime     time.Duration
	MaxPtime  time.Duration
}

// Audio reports whether the line is sound over RTP that can be taken: not refused, not encrypted.
func (m *Media) Audio() bool { return m.Kind == "audio" && m.Port != 0 && m.plain() }

// plain reports whether the profile is one we speak (RFC 3551, RFC 4585).
func (m *Media) plain() bool {
	return strings.EqualFold(m.Protocol, "RTP/AVP") || strings.EqualFold(m.Protocol, "RTP/AVPF")
}

// held reports the old way to ask for silence: c=IN IP4 0.0.0.0, or a name below .invalid where IPv6 has no such address
// (RFC 3264 §8.4, RFC 6157 §3.2).
func (m *Media) held() bool {
	return m.Addr.IsValid() && m.Addr.IsUnspecified() || strings.HasSuffix(m.Host, ".invalid")
}

// remote is where its writer wants RTP and RTCP; both are zero when it wants none.
func (m *Media) remote() (rtp, rtcp netip.AddrPort) {
	if m.held() || !m.Addr.IsValid() || m.Port == 0 {
		return rtp, rtcp
	}
	rtp = netip.AddrPortFrom(m.Addr, m.Port)
	switch {
	case m.Mux:
		rtcp = rtp
	case m.RTCPPort != 0 && m.RTCPAddr.IsValid() && m.RTCPAddr.Is4() == m.Addr.Is4():
		rtcp = netip.AddrPortFrom(m.RTCPAddr, m.RTCPPort)
	case m.RTCPPort != 0:
		rtcp = netip.AddrPortFrom(m.Addr, m.RTCPPort)
	case m.Port < 65535:
		rtcp = netip.AddrPortFrom(m.Addr, m.Port+1) // RFC 3550 §11
	}
	return rtp, rtcp
}
