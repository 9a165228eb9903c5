package sipua

import (
	"strings"

	"tandem/switch/transport"
)

// incoming is a request on its way through the table of checks, with what one
// pass over its headers has found.
type incoming struct {
	m *transport.Message
	f *fields

	contacts int    // Contact headers
	twice    string // a header that stands twice and may not
	encoding string // Content-Encoding
	accepts  accept
}

// accept is what the Accept headers say about SDP.
type accept uint8

const (
	acceptsAll   accept = iota // no Accept header
	acceptsOther               // some types, not SDP
	acceptsSDP
)

// survey makes the pass.
func (q *incoming) survey() {
	var seen uint32
	for l := linesOf(q.m); l.next(); {
		switch n := lookUp(l.name); n {
		case notWatched:
		case watchedContact:
			q.contacts++
		case watchedAccept:
			q.accepts = max(q.accepts, accepted(l.value))
		default:
			if n == watchedEncoding {
				q.encoding = l.value
			}
			if seen&(1<<n) != 0 && q.twice == "" {
				q.twice = l.name
			}
			seen |= 1 << n
		}
	}
}

// accepted tells what one Accept value says about SDP.
func accepted(value string) accept {
	given := acceptsAll
	for value != "" {
		var v string
		v, value = cutList(value)
		v, _, _ = strings.Cut(v, ";")
		switch v = trim(v); {
		case strings.EqualFold(v, "application/sdp"), strings.EqualFold(v, "application/*"), v == "*/*":
			return acceptsSDP
		}
		given = acceptsOther
	}
	return given
}

// watched are headers the survey looks for. All but the first three stand at
// most once, besides those the index counts (transport.Message.Duplicate).
var watched = [...]struct {
	name    string
	compact byte
}{
	notWatched:      {},
	watchedContact:  {"Contact", 'm'},
	watchedAccept:   {"Accept", 0},
	watchedEncoding: {"Content-Encoding", 'e'},
	4:               {"Content-Type", 'c'},
	5:               {"Date", 0},
	6:               {"User-Agent", 0},
	7:               {"Min-Expires", 0},
	8:               {"MIME-Version", 0},
	9:               {"Timestamp", 0},
	10:              {"Organization", 0},
	11:              {"Event", 'o'},
	12:              {"Content-Disposition", 0},
	13:              {"Session-Expires", 'x'},
	14:              {"Subject", 's'},
	15:              {"Server", 0},
	16:              {"Reply-To", 0},
	17:              {"Refer-To", 'r'},
	18:              {"Referred-By", 'b'},
}

const (
	notWatched = iota
	watchedContact
	watchedAccept
	watchedEncoding
)

// watchedByLength finds the rows for a name's length; one comparison settles most names.
var watchedByLength = func() (rows [24][]int) {
	for i := 1; i < len(watched); i++ {
		n := len(watched[i].name)
		rows[n] = append(rows[n], i)
		if watched[i].compact != 0 {
			rows[1] = append(rows[1], i)
		}
	}
	return rows
}()

// lookUp is the row of a header's name, in any case, long or compact.
func lookUp(name string) int {
	if len(name) >= len(watchedByLength) {
		return notWatched
	}
	for _, i := range watchedByLength[len(name)] {
		if len(name) == 1 && name[0]|0x20 == watched[i].compact || len(name) > 1 && strings.EqualFold(name, watched[i].name) {
			return i
		}
	}
	return notWatched
}
