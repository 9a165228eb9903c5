package sipua

import (
	"strings"
	"testing"
)

// crlf writes a message with line ends as the wire has them.
func crlf(lines ...string) string { return strings.Join(lines, "\r\n") }

// torture are messages in the spirit of RFC 4475, written from its
// descriptions: what each section tests, with this table's answer. Code -1
// means that nothing can be answered.
var torture = []struct {
	section, name string
	raw           string
	code          int
}{
	{"3.1.1.1", "short tortuous INVITE: folding, odd spacing, empty and unknown headers", crlf(
		"INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0",
		"TO :",
		" sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n",
		"from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>",
		"  ;",
		"  tag = 98asjd8",
		"MaX-fOrWaRdS: 0068",
		"Call-ID: wsinv.ndaksdj@192.0.2.1",
		"Content-Length   : 4",
		"cseq: 0009",
		"  INVITE",
		"Via  : SIP  /   2.0",
		" /UDP",
		"    192.0.2.2;branch=390skdjuw",
		"s :",
		"NewFangledHeader:   newfangled value",
		" continued newfangled value",
		"UnknownHeaderWithUnusualValue: ;;,,;;,;",
		"Content-Type: application/sdp",
		"Route:",
		" <sip:services.example.com;lr;unknownwith=value;unknown-no-value>",
		"v:  SIP  / 2.0  / TCP     spindle.example.com   ;",
		"  branch  =   z9hG4bK9ikj8  ,",
		" SIP  /    2.0   / UDP  192.168.255.111   ; branch=",
		" z9hG4bK30239",
		"m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =",
		"      newvalue ;",
		"  secondparam ; q = 0.33",
		"", "v=0\n"), 0},
	{"3.1.1.3", "escaped characters in URIs", request("INVITE",
		"=INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0", "To: sip:%75se%72@example.com"), 0},
	{"3.1.1.4", "escaped NULs stay escaped", request("REGISTER", "To: sip:null-%00-null@example.com"), 0},
	{"3.1.1.6", "no space between display name and bracket", request("OPTIONS", "From: caller<sip:caller@example.com>;tag=323"), 0},
	{"3.1.1.9", "semicolon in the user part", request("OPTIONS", "=OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0"), 0},
	{"3.1.1.10", "several transports in Via", request("OPTIONS", "+Via: SIP/2.0/SCTP t2;branch=z9hG4bK2", "+Via: SIP/2.0/UNKNOWN t5"), 0},
	{"3.1.2.1", "extraneous separators in a header parameter", request("INVITE", "Contact: <sip:caller@example.com>;;,;,,;"), 400},
	{"3.1.2.2", "Content-Length larger than the message", request("INVITE", sdpType, "body:v=0", "length:9999"), 400},
	{"3.1.2.3", "negative Content-Length", strings.Replace(request("INVITE"), "Content-Length: 0", "Content-Length: -999", 1), 400},
	{"3.1.2.4", "values out of range", request("REGISTER", "CSeq: 36893488147419103232 REGISTER", "Max-Forwards: 300"), 400},
	{"3.1.2.6", "unterminated quote in To", request("INVITE", "To: \"Mr. J. User <sip:j.user@example.com>"), 400},
	{"3.1.2.7", "Request-URI in angle brackets", request("INVITE", "=INVITE <sip:user@example.com> SIP/2.0"), 400},
	{"3.1.2.8", "white space in the Request-URI", request("INVITE", "=INVITE sip:user@example.com; lr SIP/2.0"), 400},
	{"3.1.2.9", "several spaces in the request line", request("INVITE", "=INVITE  sip:user@example.com  SIP/2.0"), 400},
	{"3.1.2.10", "trailing space in the request line", request("OPTIONS", "=OPTIONS sip:remote-target@example.com SIP/2.0  "), 400},
	{"3.1.2.11", "escaped headers in the Request-URI", request("INVITE", "=INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0"), 400},
	{"3.1.2.14", "spaces within an address", request("OPTIONS", "To: \"Watson, Thomas\" < sip:t.watson@example.org >"), 0},
	{"3.1.2.15", "unquoted display name that is no token", request("OPTIONS", "From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43"), 400},
	{"3.1.2.16", "unknown protocol version", request("OPTIONS", "=OPTIONS sip:t.watson@example.org SIP/7.0"), 505},
	{"3.1.2.17", "start line and CSeq differ", request("OPTIONS", "CSeq: 8 INVITE"), 400},
	{"3.1.2.18", "the same with an unknown method", request("NEWMETHOD", "CSeq: 8 INVITE"), 400},
	{"3.3.1", "missing required headers", "INVITE sip:user@example.com SIP/2.0\r\nCSeq: 193942 INVITE\r\nVia: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj\r\nContent-Length: 0\r\n\r\n", -1},
	{"3.3.2", "unknown scheme in the Request-URI", request("OPTIONS", "=OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0"), 416},
	{"3.3.3", "known but untypical scheme in the Request-URI", request("OPTIONS", "=OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"), 416},
	{"3.3.4", "unknown scheme in To", request("REGISTER", "To: <isbn:2983792873>"), 0},
	{"3.3.5", "Require and Proxy-Require", request("OPTIONS", "Require: nothingSupportsThis", "Proxy-Require: noProxiesSupportThis"), 420},
	{"3.3.6", "unknown Content-Type", request("INVITE", "Content-Type: application/unknownformat", "body:<audio/>"), 415},
	{"3.3.8", "single headers that stand twice", request("INVITE", "+CSeq: 59 INVITE", "+Call-ID: twice", "+Max-Forwards: 5"), 400},
	{"3.3.9", "two Content-Length", request("OPTIONS", "+Content-Length: 13"), 400},
	{"3.3.11", "Max-Forwards 0 where it has arrived", request("OPTIONS", "Max-Forwards: 0"), 0},
	{"3.3.15", "Accept without SDP", request("INVITE", "Accept: text/nobodyKnowsThis"), 406},
}

func TestTorture(t *testing.T) {
	for _, row := range torture {
		t.Run(row.section+" "+row.name, func(t *testing.T) {
			a, ok := checked(row.raw)
			got := -1
			switch {
			case a != nil:
				got = a.code
			case ok:
				got = 0
			}
			if got != row.code {
				t.Errorf("got %d (%v), want %d", got, a, row.code)
			}
		})
	}
}
