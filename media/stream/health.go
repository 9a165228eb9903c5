package stream

import (
	"tandem/media"
	"tandem/media/engine"
)

// health is what is known of a stream since the last agreement.
type health struct {
	strangers uint32 // packets from elsewhere
	foreign   uint32 // packets in an encoding nobody agreed on
}

// observe begins to watch after an agreement, or on a new worker.
func (s *Stream) observe() {
	if s.formats == nil || s.early {
		s.w.Disarm(&s.timer)
		return
	}
	s.health, s.good = health{}, 0
	s.w.Arm(&s.timer, engine.Answered, s.answered)
}

// answered looks two seconds after an answer whether the party can be heard.
func (s *Stream) answered() {
	fault := media.FaultNone
	switch h := &s.health; {
	case s.good > 0 || s.deaf:
	case h.foreign > 0:
		fault = media.FaultPayloadType
	case h.strangers > 0:
		fault = media.FaultElsewhere
	case s.latch.private:
		fault = media.FaultPrivate
	default:
		fault = media.FaultNoPackets
	}
	s.name(fault)
	s.lull()
}

// silent looks at the end of each of the configured spans whether anything came in it.
func (s *Stream) silent() {
	switch {
	case s.good > 0:
		s.name(media.FaultNone)
	case !s.deaf && s.counts.Fault == media.FaultNone:
		s.name(media.FaultSilence)
	}
	s.lull()
}

func (s *Stream) lull() {
	s.good = 0
	s.w.Arm(&s.timer, engine.Silent, s.silent)
}

func (s *Stream) name(f media.Fault) {
	s.counts.Fault = f
	if f != media.FaultNone {
		s.w.Count.Faults[f]++
		s.tell(Event{Kind: Fault, Fault: f})
	}
}
