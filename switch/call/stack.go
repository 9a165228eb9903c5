package call

// A new goroutine is given the stack that it comes to need in one step, while
// there is next to nothing on it. Growing by doubling on the way down copies
// every frame twice, which was 4 % of what a call costs.

// roomForLoop makes the stack 4 KiB. There are two loops a conversation, so what
// a loop calls is kept within that.
//
//go:noinline
func roomForLoop() {
	var room [2 << 10]byte
	use(room[:])
}

// roomForPlan makes the stack 8 KiB: a plan places calls on it.
//
//go:noinline
func roomForPlan() {
	var room [5 << 10]byte
	use(room[:])
}

//go:noinline
func use([]byte) {}
