package offer

import (
	"strconv"
	"strings"

	"tandem/media/codec"
)

// find returns the format that has the number.
func find(list []Format, payloadType uint8) *Format {
	for i := range list {
		if list[i].PayloadType == payloadType {
			return &list[i]
		}
	}
	return nil
}

// numbered splits "<payload type> <rest>" and finds its format: nil for a number the m= line does not list, which some
// phones write and which harms nobody.
func (m *Media) numbered(value string) (f *Format, rest, problem string) {
	number, rest, _ := strings.Cut(value, " ")
	pt, err := strconv.ParseUint(number, 10, 8)
	if err != nil || pt > 127 {
		return nil, "", "payload type is not a number up to 127"
	}
	return find(m.Formats, uint8(pt)), strings.TrimSpace(rest), ""
}

// rtpmap reads "<payload type> <name>/<clock rate>[/<channels>]" (RFC 8866 §6.6).
func (m *Media) rtpmap(value string) string {
	f, rest, problem := m.numbered(value)
	if f == nil {
		return problem
	}
	name, rest, _ := strings.Cut(rest, "/")
	rate, channels, more := strings.Cut(rest, "/")
	clock, err := strconv.ParseUint(rate, 10, 24)
	if !isToken(name) || err != nil || clock == 0 {
		return "not of the form a=rtpmap:<payload type> <name>/<clock rate>"
	}
	count := uint64(1)
	if more && channels != "" {
		if count, err = strconv.ParseUint(channels, 10, 8); err != nil || count == 0 {
			return "number of channels is not a number up to 255"
		}
	}
	f.Name, f.ClockRate, f.Channels = name, int(clock), int(count)
	if c, ok := codec.Lookup(name, f.ClockRate, f.Channels); ok && c.Name == name {
		f.Name = c.Name
	} else {
		f.Name = strings.Clone(name)
	}
	return ""
}

// fmtp reads "<payload type> <parameters>", which are kept as they are (RFC 8866 §6.15).
func (m *Media) fmtp(value string) string {
	f, rest, problem := m.numbered(value)
	if f != nil {
		f.Fmtp = intern(rest)
	}
	return problem
}

// settle gives a static number without rtpmap its encoding (RFC 3551 §6).
func (f *Format) settle() {
	if f.Name != "" {
		return
	}
	if c, ok := codec.Static(f.PayloadType); ok {
		f.Name, f.ClockRate, f.Channels = c.Name, c.ClockRate, c.Channels
	}
}

// rtcp reads "<port> [IN IP4 <address>]" (RFC 3605 §2.1).
func (m *Media) rtcp(value string) string {
	port, rest, _ := strings.Cut(value, " ")
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "port is not a number up to 65535"
	}
	m.RTCPPort = uint16(n)
	if i := strings.LastIndexByte(rest, ' '); i >= 0 {
		if a := address(rest[i+1:]); !a.IsUnspecified() && !a.IsMulticast() {
			m.RTCPAddr = a
		}
	}
	return ""
}

// isToken is RFC 8866 §9's token, less strict: visible ASCII without the signs that separate.
func isToken(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]`, s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}

// intern copies s, and for what stands in nearly every description it costs nothing.
func intern(s string) string {
	switch s {
	case "":
		return ""
	case "audio":
		return "audio"
	case "RTP/AVP":
		return "RTP/AVP"
	case "0-15":
		return "0-15"
	case "0-16":
		return "0-16"
	}
	return strings.Clone(s)
}
