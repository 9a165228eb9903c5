package stream

import (
	"golang.org/x/sys/unix"

	"tandem/media"
)

// send sends an RTP packet to the party; size is its payload's, in bytes.
func (s *Stream) send(b []byte, size int) {
	var e unix.Errno
	switch {
	case s.connected:
		e = s.rtp.Send(b)
		if e == unix.ECONNREFUSED {
			e = s.rtp.Send(b) // the error was an earlier packet's
		}
	case s.to.IsZero():
		s.drop(media.DropNoPeer)
		return
	default:
		e = s.rtp.SendTo(b, &s.to)
	}
	if e != 0 {
		s.drop(media.DropSend)
		return
	}
	s.sent++
	s.sentBytes += uint64(size)
	s.w.Count.Sent++
}

// sendControl sends an RTCP packet to the party.
func (s *Stream) sendControl(b []byte) {
	var e unix.Errno
	switch {
	case s.mux && s.connected:
		e = s.rtp.Send(b)
	case s.mux && !s.to.IsZero():
		e = s.rtp.SendTo(b, &s.to)
	case !s.mux && !s.toCtrl.IsZero():
		e = s.ctrlSocket().SendTo(b, &s.toCtrl)
	default:
		return
	}
	if e == 0 {
		s.w.Count.SentRTCP++
	}
}
