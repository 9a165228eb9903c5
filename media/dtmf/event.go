package dtmf

// keys are the events of RFC 4733 §3.2 that are keys, by number.
const keys = "0123456789*#ABCD"

// longest is the duration at which a sender goes on in a new segment (RFC 4733 §2.5.1.3).
const longest = 0xffff

// Events follows one stream's telephone-event packets.
type Events struct {
	timestamp uint32
	code      uint8
	any, over bool
}

// Packet looks at one payload (RFC 4733 §2.3) and returns the key, if the packet
// is the first one of a press. Events that are no keys (flash, tones) and bytes
// that are no event return false.
func (e *Events) Packet(payload []byte, timestamp uint32) (key byte, pressed bool) {
	if len(payload) < 4 {
		return 0, false
	}
	code, end := payload[0], payload[1]&0x80 != 0
	if e.any {
		switch ahead := timestamp - e.timestamp; {
		case ahead == 0:
			e.over = e.over || end
			return 0, false
		case int32(ahead) < 0:
			return 0, false // a packet of an earlier press came late
		case ahead == longest && code == e.code && !e.over:
			e.timestamp, e.over = timestamp, end // the same press goes on
			return 0, false
		}
	}
	*e = Events{timestamp: timestamp, code: code, any: true, over: end}
	if int(code) >= len(keys) {
		return 0, false
	}
	return keys[code], true
}

// Reset forgets what was heard: the numbers of another source begin.
func (e *Events) Reset() { *e = Events{} }
