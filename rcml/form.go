package rcml

import (
	"strings"
	"time"

	"tandem/switch/call"
)

// apiVersion is what every request says (rcml.md 1.3).
const apiVersion = "2012-04-24"

// Form are request parameters in the order they are sent.
type Form [][2]string

// add appends a parameter that has a value.
func (f *Form) add(name, value string) {
	if value != "" {
		*f = append(*f, [2]string{name, value})
	}
}

// Get is the first value of a parameter.
func (f Form) Get(name string) string {
	for _, kv := range f {
		if kv[0] == name {
			return kv[1]
		}
	}
	return ""
}

// standard are the parameters of every request on a call.
func (e *Engine) standard(sum call.Summary, party call.Party) Form {
	f := make(Form, 0, 24)
	f.add("CallSid", string(sum.ID))
	f.add("InstanceId", e.cfg.InstanceID)
	f.add("AccountSid", sum.Account)
	f.add("From", sum.From)
	f.add("To", sum.To)
	f.add("CallStatus", sum.Status.Plain().String())
	f.add("ApiVersion", apiVersion)
	f.add("Direction", sum.Direction.String())
	f.add("CallerName", e.unknown(sum.CallerName))
	f.add("ForwardedFrom", e.unknown(sum.ForwardedFrom))
	f.add("CallTimestamp", sum.Created.Format("2006-01-02T15:04:05.000-07:00"))
	f.add("ParentCallSid", string(sum.Parent))
	f.add("PhoneNumberSid", sum.NumberSID)
	if e.profile.Copies {
		f.add("Called", sum.To)
		f.add("Caller", sum.From)
	}
	if party.Inbound {
		f.headers("SipHeader_", party.Headers)
		if e.cfg.SIPParams {
			f.add("SipCallId", sum.SIPCallID)
		}
	}
	return f
}

// unknown is what stands for a value that is not known.
func (e *Engine) unknown(value string) string {
	if value == "" && e.profile.NullUnknown {
		return "null"
	}
	return value
}

// headers adds the X- headers and Diversion under a prefix. A header that stands several times is one parameter: a
// parameter must not be sent twice, or no validator accepts the signature.
func (f *Form) headers(prefix string, list []call.Header) {
	first := len(*f)
	for _, h := range list {
		if !isCustom(h.Name) && !strings.EqualFold(h.Name, "Diversion") {
			continue
		}
		if i := (*f)[first:].index(prefix + h.Name); i >= 0 {
			(*f)[first+i][1] += ", " + h.Value
			continue
		}
		f.add(prefix+h.Name, h.Value)
	}
}

func (f Form) index(name string) int {
	for i, kv := range f {
		if strings.EqualFold(kv[0], name) {
			return i
		}
	}
	return -1
}

func isCustom(name string) bool { return len(name) > 2 && strings.EqualFold(name[:2], "X-") }

// seconds is a duration in whole seconds.
func seconds(d time.Duration) int { return int(d / time.Second) }
