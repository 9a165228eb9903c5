package stream

import "tandem/media"

// Event is something that happened on a stream.
type Event struct {
	Kind  EventKind
	Digit byte        // Digit: 0-9 * # A-D
	Fault media.Fault // Fault
}

// EventKind tells the events of a stream apart.
type EventKind uint8

// What can happen on a stream.
const (
	Digit EventKind = iota + 1 // a key was pressed (RFC 4733)
	Fault                      // something is wrong with the party's media
)

func (s *Stream) tell(e Event) {
	if s.notify != nil {
		s.notify(e)
	}
}
