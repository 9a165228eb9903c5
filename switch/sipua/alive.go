package sipua

import (
	"tandem/media"
	"tandem/switch/call"
	"tandem/switch/transport"
)

// A party can vanish without a BYE: its power fails, its network goes, its NAT
// forgets. A leg that is up and heard no RTP for Config.KeepAlive asks the party
// by an OPTIONS within the dialog whether it is still there, and ends when nobody
// answers or the party knows no such dialog (RFC 3261 §12.2.1.2). A party on hold sends
// no RTP either, but answers.

// pulse is a Leg as its keep-alive timer knows it.
type pulse Leg

// watch starts the timer, when the leg comes up and whenever the party was heard.
func (l *Leg) watch() {
	if every := l.s.u.cfg.KeepAlive; every > 0 && l.state == up {
		l.pulseEntry.Owner = (*pulse)(l)
		l.s.wheel.Set(&l.pulseEntry, l.s.now+every)
	}
}

func (p *pulse) fire() {
	l := (*Leg)(p)
	if st := l.audio.opened(); st != nil {
		st.Count(func(c media.Stats) { l.s.post(func() { l.listened(c.Received) }) })
		return
	}
	l.ping("")
}

// listened takes how many RTP packets have come so far.
func (l *Leg) listened(received uint64) {
	switch {
	case l.state != up:
	case received != l.received:
		l.received = received
		l.watch()
	default:
		l.ping("")
	}
}

func (l *Leg) ping(auth string) {
	s, d := l.s, &l.dlg
	l.mend()
	d.localSeq++
	branch := s.newBranch()
	b := l.appendRequest(s.buf[:0], d, "OPTIONS", branch, d.localSeq)
	b = append(b, auth...)
	b = appendHeader(b, "Accept", typeSDP)
	b = appendBody(b, "", nil)
	s.buf = b
	s.request(d.flow, "OPTIONS", branch, b, func(code int, m *transport.Message) {
		line, again := l.challenged("OPTIONS", auth, code, m)
		switch {
		case l.state != up:
		case m == nil && code == 408 && l.rebound():
			l.ping(auth)
		case m == nil || code == 408 || code == 481:
			l.hangup(call.Cause{By: call.ByFailure, Code: 408, Text: "The party is gone"})
		case again:
			l.ping(line)
		default:
			l.watch()
		}
	})
}
