package media

// Fault is what is wrong with a stream, as far as its packets tell.
type Fault uint8

// What can be wrong; Faults is how many there are.
const (
	FaultNone        Fault = iota // nothing
	FaultNoPackets                // nothing came within two seconds of the answer
	FaultElsewhere                // packets come, but only from addresses that nobody named
	FaultPrivate                  // nothing came, and the SDP names a private address: NAT without help
	FaultPayloadType              // packets come, but in an encoding that was not agreed on
	FaultSilence                  // packets came and have stopped for longer than the configured time
	Faults
)

var faultNames = [Faults]string{"none", "no_packets", "elsewhere", "private_address", "payload_type", "silence"}

// String is the fault as a metric label.
func (f Fault) String() string { return faultNames[f] }
