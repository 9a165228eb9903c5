package sipua

import (
	"fmt"
	"strconv"

	"tandem/switch/call"
)

// answer is what a request gets besides the headers every answer has. The
// helpers that check, authenticate and register return one; nil means go on.
type answer struct {
	code    int           // 100-699; 0 with silent
	reason  string        // the status line's phrase; "": the code's own
	headers []call.Header // WWW-Authenticate, Contact, Allow, Retry-After …, safe to write
	err     error         // what was wrong, for the log
	silent  bool          // say nothing at all: an ACK, or a scanner
}

// silence drops a request without an answer.
func silence(err error) *answer { return &answer{silent: true, err: err} }

// answerOf is an answer with the code's own phrase, and an error for the log.
func answerOf(code int, err error, headers ...call.Header) *answer {
	return &answer{code: code, err: err, headers: headers}
}

// Error makes an answer an error, so that it can be logged as one.
func (a *answer) Error() string {
	if a.silent {
		return fmt.Sprintf("no answer: %v", a.err)
	}
	return fmt.Sprintf("%d %s: %v", a.code, a.phrase(), a.err)
}

// Unwrap returns the error behind the answer.
func (a *answer) Unwrap() error { return a.err }

// phrase is the reason phrase of the status line, without anything that could end the line.
func (a *answer) phrase() string {
	if a.reason == "" {
		return statusText(a.code)
	}
	return clean(a.reason)
}

// phrases are the reason phrases of RFC 3261 §21 and its extensions.
var phrases = map[int]string{
	100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
	199: "Early Dialog Terminated", 200: "OK", 202: "Accepted", 204: "No Notification",
	300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily", 305: "Use Proxy", 380: "Alternative Service",
	400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
	405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout",
	410: "Gone", 412: "Conditional Request Failed", 413: "Request Entity Too Large", 414: "Request-URI Too Long",
	415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 417: "Unknown Resource-Priority",
	420: "Bad Extension", 421: "Extension Required", 422: "Session Interval Too Small", 423: "Interval Too Brief",
	424: "Bad Location Information", 428: "Use Identity Header", 429: "Provide Referrer Identity", 430: "Flow Failed",
	433: "Anonymity Disallowed", 436: "Bad Identity Info", 437: "Unsupported Credential", 438: "Invalid Identity Header",
	439: "First Hop Lacks Outbound Support", 440: "Max-Breadth Exceeded", 469: "Bad Info Package", 470: "Consent Needed",
	480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 483: "Too Many Hops",
	484: "Address Incomplete", 485: "Ambiguous", 486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here",
	489: "Bad Event", 491: "Request Pending", 493: "Undecipherable", 494: "Security Agreement Required",
	500: "Server Internal Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
	504: "Server Time-out", 505: "Version Not Supported", 513: "Message Too Large", 555: "Push Notification Service Not Supported",
	580: "Precondition Failure", 600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere",
	606: "Not Acceptable", 607: "Unwanted", 608: "Rejected",
}

// statusText is the reason phrase of a status code; a code nobody has defined gets that of its class.
func statusText(code int) string {
	if p, ok := phrases[code]; ok {
		return p
	}
	switch code / 100 {
	case 1:
		return "Session Progress"
	case 2:
		return "OK"
	case 3:
		return "Multiple Choices"
	case 4:
		return "Bad Request"
	case 5:
		return "Server Internal Error"
	}
	return "Busy Everywhere"
}

// refused is the answer a refusal asks for. Its error goes to the log and never to the wire.
func refused(r *call.Refusal) *answer {
	a := &answer{code: heard(r.Code), reason: r.Reason, err: r.Err}
	if a.code != r.Code {
		a.reason = "" // it belonged to the other code
	}
	if r.Text != "" {
		a.headers = append(a.headers, call.Header{Name: "Reason", Value: reasonValue("SIP", a.code, r.Text)})
	}
	if r.Retry > 0 {
		a.headers = append(a.headers, retryAfter(r.Retry))
	}
	return a
}

// retryAfter is RFC 3261 §20.33.
func retryAfter(seconds int) call.Header {
	return call.Header{Name: "Retry-After", Value: strconv.Itoa(max(seconds, 1))}
}

// heard maps the final code of a child call to what the caller hears. A B2BUA
// is the far side's UAC: what was wrong between it and the far side (RFC 7092
// §3.1) is not the caller's mistake. What says something about the callee passes.
//
// 503 passes without Retry-After, which makes a UAC take it as a 500 (RFC 3261
// §21.5.4): the same as a proxy's 500 for a 503 (§16.7 step 6).
func heard(code int) int {
	if mapped, ok := farCodes[code]; ok {
		return mapped
	}
	switch {
	case code >= 300 && code < 400:
		return 480 // a redirection nobody followed; its contacts stay hidden
	case code >= 400 && code < 500, code < 300, code > 699:
		return 500
	case code >= 500 && code < 600:
		return 502
	}
	return 603 // RFC 3261 §8.1.3.2 would say 600, which claims every phone was busy
}

// farCodes are the codes that have an answer of their own. What is not listed
// goes by its class, see heard.
var farCodes = map[int]int{
	401: 403, 407: 403, // our credentials there were missing or wrong: RFC 3398 §8.2.6.1 has both as "call rejected"
	402: 402, 403: 403, 404: 404, 408: 408, 410: 410, 480: 480, 484: 484, 485: 485, 486: 486, 487: 487,
	482: 482, 483: 483, // the call went in a circle: the caller's hop counts too
	406: 488, 415: 488, 488: 488, 580: 488, 606: 606, // no media both can take
	413: 413, 433: 433, 428: 428, 436: 436, 437: 437, 438: 438,
	500: 500, 503: 503, 504: 504,
	600: 600, 603: 603, 604: 604, 607: 607, 608: 608,
}
