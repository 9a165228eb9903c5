package rest

import (
	"net/http"
	"strings"
)

// base is the canonical prefix of the API (1.1).
const base = "/restcomm/2012-04-24"

// aliases are the other prefixes, equal in every respect; a longer one stands before its own prefix.
var aliases = [][]string{
	{"restcomm", "2012-04-24"}, {"restcomm", "20120424"}, {"api", "2012-04-24"}, {"2012-04-24"}, {"20120424"},
}

// canonical brings a path below one of the bases into the form of the routes: no
// empty segments, no format suffixes. Without a suffix, format is what Accept asks for (1.2).
func canonical(path, accept string) (below string, f format, ok bool) {
	segments := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	rest, ok := cutBase(segments)
	if !ok {
		return "", formatXML, false
	}
	f = formatXML
	if strings.Contains(strings.ToLower(accept), "json") {
		f = formatJSON
	}
	var b strings.Builder
	for _, s := range rest {
		if name, cut := strings.CutSuffix(s, ".json"); cut {
			s, f = name, formatJSON
		} else if name, cut := strings.CutSuffix(s, ".xml"); cut {
			s, f = name, formatXML
		}
		b.WriteString("/" + s)
	}
	return b.String(), f, true
}

func cutBase(segments []string) ([]string, bool) {
next:
	for _, a := range aliases {
		if len(segments) < len(a) {
			continue
		}
		for i := range a {
			if segments[i] != a[i] {
				continue next
			}
		}
		return segments[len(a):], true
	}
	return nil, false
}

// preflight answers for pages of the allowed origins (1.12); true: nothing is left to do.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	h := w.Header()
	if len(s.cfg.CORSOrigins) > 0 {
		h.Add("Vary", "Origin")
	}
	for _, o := range s.cfg.CORSOrigins {
		if origin == "" || !strings.EqualFold(o, origin) {
			continue
		}
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Allow-Headers", "origin, content-type, accept, authorization")
		h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS, HEAD")
		h.Set("Access-Control-Max-Age", "1209600")
	}
	if r.Method != http.MethodOptions {
		return false
	}
	h.Set("Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS")
	w.WriteHeader(http.StatusNoContent)
	return true
}
