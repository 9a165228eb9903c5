package call

import "context"

// keysAhead is how many keys wait for a slow reader; more are lost.
const keysAhead = 32

type digits struct{ reader chan byte }

func (d *digits) press(key byte) {
	if d.reader == nil {
		return
	}
	select {
	case d.reader <- key:
	default:
	}
}

func (d *digits) stop() {
	if d.reader != nil {
		close(d.reader)
		d.reader = nil
	}
}

// Digits returns the keys the party presses from now on: 0-9 * # A-D. The channel is
// closed when the context or the call ends, or when Digits is called again. Keys
// pressed while nobody reads are lost.
func (c *Call) Digits(ctx context.Context) <-chan byte {
	keys := make(chan byte, keysAhead)
	err := c.do(ctx, func(s *state) {
		s.digits.stop()
		if s.life.over {
			close(keys)
			return
		}
		s.digits.reader = keys
	})
	if err != nil {
		close(keys)
		return keys
	}
	context.AfterFunc(ctx, func() {
		_ = c.ask(func(s *state) {
			if s.digits.reader == keys {
				s.digits.stop()
			}
		})
	})
	return keys
}
