package siptest

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// sdp is an offer or answer of PCMU, PCMA and telephone-event for the call's media.
func (c *Call) sdp(direction string) string {
	a := c.media.Addr()
	family := "IP4"
	if a.Addr().Is6() {
		family = "IP6"
	}
	return fmt.Sprintf("v=0\r\no=- %d %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\nm=audio %d RTP/AVP 0 8 101\r\n"+
		"a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=%s\r\n",
		a.Port(), c.version.Add(1), family, a.Addr(), family, a.Addr(), a.Port(), direction)
}

// connect sends the call's media to where an SDP says; p.mu is held.
func (c *Call) connect(sdp string) {
	if to, ok := audioAddr(sdp); ok && c.media != nil {
		c.media.connect(to)
	}
}

// audioAddr is the address of the first audio line that is not refused.
func audioAddr(sdp string) (netip.AddrPort, bool) {
	var addr netip.Addr
	port := 0
	inMedia := false
	for line := range strings.SplitSeq(sdp, "\n") {
		f := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "c=") && len(f) == 3 && (!inMedia || port != 0):
			addr, _ = netip.ParseAddr(f[2])
		case strings.HasPrefix(line, "m="):
			if port != 0 {
				return netip.AddrPortFrom(addr, uint16(port)), addr.IsValid()
			}
			inMedia = true
			if strings.HasPrefix(line, "m=audio") && len(f) > 3 {
				port, _ = strconv.Atoi(f[1])
			}
		}
	}
	return netip.AddrPortFrom(addr, uint16(port)), addr.IsValid() && port > 0 && port < 1<<16
}
