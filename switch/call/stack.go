package call

// roomy gives a new goroutine the stack that a call's loop or plan comes to need,
// in one step while there is next to nothing on it. Growing by doubling on the
// way down copies every frame twice.
//
//go:noinline
func roomy() {
	var room [stackRoom]byte
	use(&room)
}

const stackRoom = 5 << 10 // with what the runtime adds, a stack of 8 KiB

//go:noinline
func use(*[stackRoom]byte) {}
