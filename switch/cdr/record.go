package cdr

import (
	"time"

	"tandem/switch/call"
)

// Record is what is kept of a call: its summary when it began, then when it
// ended. Held and Muted are not kept.
type Record struct {
	call.Summary
	Updated time.Time // when the record was last written
}
