package stream_test

import (
	"testing"
	"time"
)

// FuzzPackets throws what it likes at a bridged stream's ports; a good packet must still pass behind it.
func FuzzPackets(f *testing.F) {
	for _, s := range []string{
		"", "\x80\x00\x00\x01\x00\x00\x00\x01\x00\x00\x12\x34hello", "\x80\x65\x00\x02\x00\x00\x00\x02\x00\x00\x12\x34\x05\x0a\x00\xa0",
		"\x81\xc8\x00\x06aaaabbbbccccddddeeeeffff", "\xbf\xff\xff\xff", "\x80\xc9\x00\x01aaaa",
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	b := newBed(f, nil)
	x, y := couple(f, b, g711(), g711())
	f.Fuzz(func(t *testing.T, raw []byte, control bool) {
		x.t, y.t = t, t
		if len(raw) > 1400 {
			return
		}
		rtp, ctrl := x.stream.Local()
		from, to := x.rtp, rtp
		if control {
			from, to = x.rtcp, ctrl
		}
		if _, err := from.WriteToUDPAddrPort(raw, to); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(patience); ; {
			x.send(0, "sound as before")
			if k, ok := y.readWithin(5 * time.Millisecond); ok && string(k.Payload) == "sound as before" {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("nothing passes after %q", raw)
			}
		}
	})
}
